"""Words that stay."""

from __future__ import annotations

from sedd_studio.record.chapters.chapter import Shown

CASES: list[dict[str, object]] = [
    {},
    {"steps": 0, "way": "redraw"},
    {"lock": 11, "way": "marked", "steps": 2},
]


def results(made: Shown) -> list[float]:
    figure, choices = made.figure, made.choices
    way = ["absorb", "uniform", "redraw", "marked"].index(choices["way"])
    return [float(figure.joint.max() / figure.joint.sum()), float(figure.distance[way, choices["steps"]])]
