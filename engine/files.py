"""Files that are whole or not there, and what tells them apart. Imports no torch."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def write_whole(path: Path, content: bytes, sync: bool = True) -> None:
    """Replaces the file at `path` in one go: a reader sees the old content or the new, never a part.

    With `sync` that holds for a power cut, too; it can take a tenth of a second.
    """
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        if sync:
            os.fsync(file.fileno())
    temporary.replace(path)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
