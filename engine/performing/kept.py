"""A model beside the loaded one: the last that was opened is kept, and taken again while it is what is asked for."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

M = TypeVar("M")
Stamp = frozenset[tuple[str, int, int, int]]
DESCRIBING = (".json", ".yaml", ".txt", ".jinja")


class Kept(Generic[M]):
    """The last model that `load` made from a folder, a device and a precision."""

    def __init__(self, load: Callable[[Path, str, str], M]) -> None:
        self._load = load
        self._held: tuple[tuple[Path, str, str, Stamp], M] | None = None

    def model(self, folder: Path, device: str, precision: str) -> M:
        """The model in `folder`: the one that is kept if it is on this device, in this precision, and of the files as
        they are now. What `load` raises is raised."""
        asked = (folder, device, precision, stamp(folder))
        if self._held is not None and self._held[0] == asked:
            return self._held[1]
        self._held = None  # its memory is free before another takes more
        model = self._load(folder, device, precision)
        self._held = (asked, model)
        return model


def stamp(folder: Path) -> Stamp:
    """What differs when a file in `folder`, or in a folder in it, was written since: name, inode, size and time of each
    file. Of a model in one file that of the file, and of what describes it beside. Empty where there is nothing."""
    seen = set()
    beside = (folder, *(file for ending in DESCRIBING for file in folder.parent.glob(f"*{ending}")))
    for file in beside if folder.is_file() else (*folder.glob("*"), *folder.glob("*/*")):
        try:
            found = file.stat()
        except OSError:  # gone in the meantime
            continue
        seen.add((str(file), found.st_ino, found.st_size, found.st_mtime_ns))
    return frozenset(seen)


def give_back() -> None:
    """Gives memory that has been freed back to the system. Takes some milliseconds; nothing where that cannot be done.

    The C library of Linux keeps freed memory for later: after another model a program that stays open all day would
    hold tens of megabytes that it does not use. After every run it would be too often: the window, which needs memory
    again at once, drew one frame in a hundred 20 ms later.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # not in every C library
    if trim is not None:
        trim(0)
