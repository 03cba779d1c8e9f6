"""JSON as the standard has it, which has no word for a number that is not finite; what others wrote is read with
limits. Imports no torch."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from engine.files import read_bounded

DEEPEST = 64
"""Lists in lists."""
LONGEST_NUMBER = 14_000
"""Bits: Python writes no longer one."""
LARGEST_CONFIG = 2**20
"""Bytes of a model's description."""


def to_json(values: Any, indent: int | None = None, ensure_ascii: bool = True, compact: bool = False) -> str:
    """`values` as JSON text, without spaces if `compact`; a number that is not finite, however deep, becomes null."""
    separators = (",", ":") if compact else None
    return json.dumps(finite(values), indent=indent, ensure_ascii=ensure_ascii, allow_nan=False, separators=separators)


def finite(values: Any) -> Any:
    """The same values with None in the place of numbers that are not finite; tuples become lists."""
    if isinstance(values, float):
        return values if math.isfinite(values) else None
    if isinstance(values, dict):
        return {key: finite(value) for key, value in values.items()}
    return [finite(value) for value in values] if isinstance(values, list | tuple) else values


def read_json(path: Path, most: int) -> Any:
    """What the regular file at `path`, of at most `most` bytes, holds; an OSError or a ValueError if it is no JSON.

    A mark of the byte order is passed over, and lists in lists have an end.
    """
    return shallow(json.loads(read_bounded(path, most)))


def entries(path: Path, most: int = LARGEST_CONFIG) -> dict[str, Any]:
    """The named entries of the JSON at `path`; none where it cannot be read, or is no such."""
    try:
        values = read_json(path, most)
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def shallow(values: Any) -> Any:
    """The same values; a ValueError if lists stand in more than `DEEPEST` lists, or a number is too long to be told."""
    level, inner = 0, [values]
    while inner:
        if any(isinstance(value, int) and value.bit_length() > LONGEST_NUMBER for value in inner):
            raise ValueError("a number is too long")
        inner = [each for value in inner for each in _within(value)]
        level += 1
        if level > DEEPEST + 1:
            raise ValueError("it is nested too deeply")
    return values


def _within(value: Any) -> list[Any]:
    """What stands in a list, or the names of a mapping and what is under them."""
    return value if isinstance(value, list) else [*value, *value.values()] if isinstance(value, dict) else []
