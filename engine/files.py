"""Files that are whole or not there. Imports no torch."""

from __future__ import annotations

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
