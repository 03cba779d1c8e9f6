"""Many at once."""

from __future__ import annotations

import math

from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.chapters.many import row_of

MOST = 3
"""Figures: up to four steps."""
CASES: list[dict[str, object]] = [
    {},
    {"steps": 0},
    {"steps": 2, "sampler": "first-hitting"},
    {"steps": 5},
    {"noise": "uniform", "steps": 2},
]


def results(made: Shown) -> list[float]:
    distance = float(made.figure.distance[row_of(made), made.choices["steps"]])
    return [distance] if math.isfinite(distance) else []
