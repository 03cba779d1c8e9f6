"""All texts at once."""

from __future__ import annotations

from sedd_studio.record.chapters.chapter import Shown

CASES: list[dict[str, object]] = [
    {},
    {"level": 0},
    {"level": 169, "chosen": 8},
    {"level": 60, "chosen": 5, "share": 80},
    {"noise": "uniform", "level": 40, "chosen": 2},
    {"world": "rain", "level": 90, "chosen": 7},
    {"world": "rain", "noise": "uniform", "level": 30},
]


def results(made: Shown) -> list[float]:
    choices = made.choices
    return [float(made.figure.probability[choices["share"], choices["level"], choices["chosen"]])]
