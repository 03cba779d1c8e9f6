"""The header of a GGUF file, walked with limits: what a library would believe is compared with the file's length.

A header is a number of named values, then the names, shapes and places of tensors; strings and lists say their length.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import BinaryIO

from engine.files import open_regular

MAGIC, VERSIONS = b"GGUF", (2, 3)
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value of each kind."""
STRING, LIST = 8, 9
WHOLE = {4: "<I", 5: "<i", 10: "<Q", 11: "<q"}
MOST_VALUES, MOST_ITEMS, LONGEST_STRING = 10_000, 2**21, 2**20
MOST_DIMENSIONS, LARGEST_SIZE = 4, 2**31
NEEDED = ("block_count", "embedding_length", "attention.head_count")
"""Sizes for which a library would take those of another model where they are missing."""
NUMBERS_A_BYTE = 6
"""Of the most narrow kind of tensor."""


def check_header(path: Path) -> int:
    """How many numbers the weights are; a ValueError or an EOFError unless the header is whole and names no more than
    the file can hold."""
    with open_regular(path) as file:
        return Header(file, path.stat().st_size).check()


class Header:
    """A walk through the header of a file of `size` bytes."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size
        self._items = MOST_ITEMS
        self._blocks = 0
        self._names = set[str]()

    def check(self) -> int:
        if self._file.read(4) != MAGIC or self._number("<I") not in VERSIONS:
            raise ValueError("it is no GGUF file of a version that is known here")
        tensors, values = self._number("<Q"), self._number("<Q")
        if tensors > MOST_VALUES or values > MOST_VALUES:
            raise ValueError("it names more values than can be")
        for _ in range(values):
            name = self._string()
            self._names.add(name.decode(errors="replace").partition(".")[2])
            self._value(name, self._number("<I"))
        if lacking := [name for name in NEEDED if name not in self._names]:
            raise ValueError(f"it does not say its {lacking[0]}")
        if self._blocks > tensors:
            raise ValueError("it describes more layers than it has weights")
        if (count := sum(self._tensor() for _ in range(tensors))) > NUMBERS_A_BYTE * self._size:
            raise ValueError("its weights are cut short")
        return count

    def _tensor(self) -> int:
        """How many numbers a tensor has."""
        self._string()
        dimensions = self._number("<I")
        if dimensions > MOST_DIMENSIONS:
            raise ValueError("a weight has too many dimensions")
        sizes = [self._number("<Q") for _ in range(dimensions)]
        self._number("<I")
        if self._number("<Q") > self._size:
            raise ValueError("its weights are cut short")
        return math.prod(sizes)

    def _value(self, name: bytes, kind: int, level: int = 0) -> None:
        if kind == STRING:
            self._string()
        elif kind == LIST and level < 2:
            self._list(name, level)
        elif kind in WHOLE:
            whole = self._number(WHOLE[kind])
            if abs(whole) > LARGEST_SIZE and kind != 10:
                raise ValueError("a size is beyond reason")
            if name.endswith(b"block_count"):
                self._blocks = max(self._blocks, whole)
        elif kind in SIZES:
            self._bytes(SIZES[kind])
        else:
            raise ValueError("a value is of no kind that is known here")

    def _list(self, name: bytes, level: int) -> None:
        kind, count = self._number("<I"), self._number("<Q")
        self._items -= count
        if self._items < 0:
            raise ValueError("it names more values than can be")
        if kind in SIZES:
            self._skip(count * SIZES[kind])
            return
        for _ in range(count):
            self._value(name, kind, level + 1)

    def _number(self, form: str) -> int:
        return int(struct.unpack(form, self._bytes(struct.calcsize(form)))[0])

    def _string(self) -> bytes:
        length = self._number("<Q")
        if length > LONGEST_STRING:
            raise ValueError("a text is too long")
        return self._bytes(length)

    def _bytes(self, count: int) -> bytes:
        found = self._file.read(count)
        if len(found) < count:
            raise EOFError("it is cut short")
        return found

    def _skip(self, count: int) -> None:
        if self._file.tell() + count > self._size:
            raise EOFError("it is cut short")
        self._file.seek(count, 1)
