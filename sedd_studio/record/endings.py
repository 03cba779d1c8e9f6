"""How names of files end. A dot in a name is a part of it: "my story v1.2" has no ending that is known here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def ends_in(path: Path, endings: Sequence[str]) -> bool:
    """Whether a name has one of the `endings`, such as ".txt", in capitals or not."""
    return path.suffix.lower() in endings


def with_ending(path: Path, endings: Sequence[str]) -> Path:
    """The path where a file is saved: one that has none of the `endings` gets the first behind its whole name."""
    return path if ends_in(path, endings) else path.with_name(path.name + endings[0])
