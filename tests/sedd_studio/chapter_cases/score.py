"""The concrete score."""

from __future__ import annotations

from sedd_studio.record.chapters.chapter import Shown

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
    text = figure.texts[chosen].tolist()
    if not (changing := figure.changing(text)):
        return []
    place = changing[0]
    state = 1 if text[place] == 0 else 0
    other = [*text[:place], state, *text[place + 1 :]]
    ratio = figure.probability[at, figure.texts.tolist().index(other)] / figure.probability[at, chosen]
    return [ratio] if figure.noise == "uniform" else [ratio, figure.score[at, chosen, place, :2].sum()]
