"""A reader of JSON that takes what the standard has and nothing else."""

from __future__ import annotations

import json
from typing import Any


def refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def strict(text: str | bytes) -> Any:
    """The values of a JSON text; a ValueError if it has a NaN or an infinity, which Python takes."""
    return json.loads(text, parse_constant=refused)
