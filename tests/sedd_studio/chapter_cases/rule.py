"""The rule of the noise."""

from __future__ import annotations

from sedd_studio.record.chapters.chapter import Shown

CASES: list[dict[str, object]] = [
    {},
    {"level": 0},
    {"entry": 0, "rate": 0},
    {"kind": "uniform", "rate": 20},
    {"kind": "keyboard", "level": 120, "entry": 7},
    {"kind": "keyboard", "entry": 6, "rate": 40},
]


def results(made: Shown) -> list[float]:
    figure, choices = made.figure, made.choices
    row, column = divmod(choices["entry"], len(figure.names))
    diagonal = figure.rule[choices["rate"], column, column]
    return [diagonal, figure.law[choices["rate"], choices["level"], row, column]]
