"""Learning the score."""

from __future__ import annotations

from sedd_studio.record.chapters.chapter import Shown

CASES: list[dict[str, object]] = [
    {},
    {"start": 1, "level": 40},
    {"noise": "uniform", "batch": 16, "start": 1, "level": 140},
]


def results(made: Shown) -> list[float]:
    figure, at = made.figure, made.choices["level"]
    return [float(figure.loss[1, at]), float(figure.loss[2, at])]
