"""Walking back."""

from __future__ import annotations

from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.chapters.walking import stand_of

MOST = 3
"""Figures: with 23,000 walks."""
CASES: list[dict[str, object]] = [
    {},
    {"go": "jump"},
    {"go": 10},
    {"go": "all"},
    {"factor": 2.0, "go": 1000},
    {"noise": "uniform", "go": "jump"},
]


def results(made: Shown) -> list[float]:
    stand = stand_of(made)
    return [float(made.figure.distance[stand.row])] if stand.ended else []
