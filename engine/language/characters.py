"""Sets of characters: what an item of a regular expression stands for, and how it is spelled in UTF-8."""

from __future__ import annotations

import _sre  # type: ignore[import-not-found]
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from re import _constants as said  # type: ignore[attr-defined] # the names of what Python's parser finds
from re._casefix import _EXTRA_CASES  # type: ignore[import-not-found] # and what it takes for alike
from typing import Any

import numpy as np

Ranges = tuple[tuple[int, int], ...]
"""A set of code points or bytes: ranges from their first to their last, in order, apart from each other."""
EVERYTHING: Ranges = ((0, sys.maxunicode),)


def points_of(kind: Any, value: Any, flags: int) -> Ranges:
    """The code points of an item that stands for one character."""
    if kind is said.ANY:
        return EVERYTHING if flags & re.DOTALL else _others(((10, 10),))
    if kind is said.LITERAL:
        return _cased(((value, value),), flags)
    if kind is said.NOT_LITERAL:
        return _others(_cased(((value, value),), flags))
    found: list[tuple[int, int]] = []
    for part, what in value:
        if part is said.LITERAL:
            found.append((what, what))
        elif part is said.RANGE:
            found.append(what)
        elif part is said.CATEGORY:
            found += _category(what, bool(flags & re.ASCII))
    points = _cased(_joined(found), flags)
    return _others(points) if value[0][0] is said.NEGATE else points


def _joined(ranges: Sequence[tuple[int, int]]) -> Ranges:
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(high, joined[-1][1])
        else:
            joined.append((low, high))
    return tuple(joined)


def _others(ranges: Ranges) -> Ranges:
    """The code points that are not in the ranges."""
    edges = [-1, *(edge for low, high in ranges for edge in (low - 1, high + 1)), sys.maxunicode + 1]
    starts, ends = [edges[0] + 1, *edges[2::2]], [*edges[1:-1:2], edges[-1] - 1]
    return tuple((low, high) for low, high in zip(starts, ends, strict=True) if low <= high)


@cache
def _category(name: Any, ascii_only: bool) -> Ranges:
    """What \\d, \\s, \\w and their opposites stand for: Python is asked about every character."""
    letter = {
        said.CATEGORY_DIGIT: r"\d",
        said.CATEGORY_NOT_DIGIT: r"\D",
        said.CATEGORY_SPACE: r"\s",
        said.CATEGORY_NOT_SPACE: r"\S",
        said.CATEGORY_WORD: r"\w",
        said.CATEGORY_NOT_WORD: r"\W",
    }[name]
    runs = re.finditer(f"{letter}+", _all_characters(), re.ASCII if ascii_only else 0)
    return tuple((run.start(), run.end() - 1) for run in runs)


@cache
def _all_characters() -> str:
    return "".join(map(chr, range(sys.maxunicode + 1)))


@lru_cache(maxsize=64)
def _cased(points: Ranges, flags: int) -> Ranges:
    """With all that Python takes for one of them where case does not matter."""
    if not flags & re.IGNORECASE:
        return points
    lower, alike = _lower(bool(flags & re.ASCII))
    within = np.zeros(sys.maxunicode + 1, np.bool_)
    for low, high in points:
        within[lower[low : high + 1]] = True
    within[alike[within[alike[:, 0]], 1]] = True
    found = np.flatnonzero(within[lower])
    ends = np.flatnonzero(np.diff(found) > 1)
    firsts, lasts = found[np.append(0, ends + 1)], found[np.append(ends, -1)]
    return tuple(zip(firsts.tolist(), lasts.tolist(), strict=True)) if len(found) else ()


@cache
def _lower(ascii_only: bool) -> tuple[np.ndarray, np.ndarray]:
    """Every character as a small one, and pairs (n, 2) of small ones that are alike, such as both that end in sigma."""
    small = _sre.ascii_tolower if ascii_only else _sre.unicode_tolower
    alike = [] if ascii_only else [(point, other) for point in _EXTRA_CASES for other in _EXTRA_CASES[point]]
    return np.array(list(map(small, range(sys.maxunicode + 1)))), np.array(alike, np.int64).reshape(-1, 2)


def spelled(points: Ranges) -> Iterator[Ranges]:
    """UTF-8 of a set of code points: sequences of ranges of bytes, each of which may stand beside every other's."""
    for low, high in points:
        for first, last in ((0, 0x7F), (0x80, 0x7FF), (0x800, 0xD7FF), (0xE000, 0xFFFF), (0x10000, sys.maxunicode)):
            if max(low, first) <= min(high, last):
                yield from _of_one_length(chr(max(low, first)).encode(), chr(min(high, last)).encode())


def _of_one_length(low: bytes, high: bytes) -> Iterator[Ranges]:
    """The sequences from `low` to `high`, which have as many bytes."""
    if len(low) == 1 or low[0] == high[0]:
        rests = [()] if len(low) == 1 else _of_one_length(low[1:], high[1:])
        yield from (((low[0], high[0]), *rest) for rest in rests)
        return
    least, largest = b"\x80" * (len(low) - 1), b"\xbf" * (len(low) - 1)
    first, last = low[0], high[0]
    if low[1:] != least:
        yield from (((first, first), *rest) for rest in _of_one_length(low[1:], largest))
        first += 1
    if high[1:] != largest:
        last -= 1
    if first <= last:
        yield ((first, last), *((0x80, 0xBF),) * len(least))
    if high[1:] != largest:
        yield from (((high[0], high[0]), *rest) for rest in _of_one_length(least, high[1:]))
