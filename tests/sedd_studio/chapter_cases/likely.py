"""How likely."""

from __future__ import annotations

import math

from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.chapters.likely import WORLD

CASES: list[dict[str, object]] = [{}, {"calls": 0, "spoilt": 0}, {"text": -1, "spoilt": 7, "calls": 31}]


def results(made: Shown) -> list[float]:
    figure, spoilt = made.figure, made.choices["spoilt"]
    entropy = -sum(chance * math.log(chance) for chance in WORLD.law)
    text = made.choices["text"]
    return [entropy if text < 0 else -math.log(WORLD.law[text]), float(figure.by_count[spoilt].mean())]
