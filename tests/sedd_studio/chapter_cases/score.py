"""The concrete score."""

from __future__ import annotations

from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.chapters.score import moving_place

CASES: list[dict[str, object]] = [
    {},
    {"level": 0},
    {"level": 90, "chosen": 2},
    {"chosen": 6},
    {"chosen": 0},
    {"noise": "uniform", "chosen": 1},
    {"noise": "uniform", "level": 0},
]


def results(made: Shown) -> list[float]:
    figure, at, chosen = made.figure, made.choices["level"], made.choices["chosen"]
    text, place = figure.texts[chosen].tolist(), moving_place(made)
    if place is None:
        return []
    state = 1 if text[place] == 0 else 0
    other = [*text[:place], state, *text[place + 1 :]]
    ratio = figure.probability[at, figure.texts.tolist().index(other)] / figure.probability[at, chosen]
    return [ratio] if figure.noise == "uniform" else [ratio, figure.score[at, chosen, place, :2].sum()]
