"""JSON as the standard has it, which has no word for a number that is not finite. Imports no torch."""

from __future__ import annotations

import json
import math
from typing import Any


def to_json(values: Any, indent: int | None = None, ensure_ascii: bool = True) -> str:
    """`values` as JSON text; a number that is not finite, however deep, becomes null."""
    return json.dumps(finite(values), indent=indent, ensure_ascii=ensure_ascii, allow_nan=False)


def finite(values: Any) -> Any:
    """The same values with None in the place of numbers that are not finite; tuples become lists."""
    if isinstance(values, float):
        return values if math.isfinite(values) else None
    if isinstance(values, dict):
        return {key: finite(value) for key, value in values.items()}
    return [finite(value) for value in values] if isinstance(values, list | tuple) else values
