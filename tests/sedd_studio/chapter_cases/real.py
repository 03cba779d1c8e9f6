"""The real thing, of the bundled model."""

from __future__ import annotations

import math

from sedd_studio.record.chapters.chapter import Shown

CASES: list[dict[str, object]] = [
    {},
    {"noised": 0},
    {"noised": 9, "place": 0},
    {"sentence": "The end", "seed": 1, "noised": 1},
]


def results(made: Shown) -> list[float]:
    figure, row, place = made.figure, made.choices["noised"], made.choices["place"]
    if place not in figure.order[: row + 1]:
        return []
    chance = float(figure.law[row, place, 0])
    return [chance / math.expm1(figure.sigma[row]), chance / (row + 1)]
