"""How likely: what a model gives a text, the bound above that, its estimates, and what its samplers give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.protocol.lessons.lesson import Figure, Lesson, Numbers, numbers
from engine.protocol.lessons.worlds import World
from engine.protocol.tokens import Tokens

SPOILT = numbers(np.round(np.arange(0, 1.01, 0.1), 2))
"""Shares of a score that know nothing of the world."""
LEVELS = ("world", "model", "bound", "two", "one")
"""What is told of a text: minus the log of its chance in the world, by the model, the bound on that, and by a sampler
that writes in two steps and in one."""
DRAWS = 8
"""Network calls of each estimate."""
MOST_CALLS = 256


@dataclass(frozen=True)
class LikelyLesson(Lesson):
    """Of the clean text number `text` of a world under absorbing noise, or of all its texts on average, where that is
    -1. Estimates are drawn with `seed`."""

    chapter: ClassVar[str] = "likely"
    world: World
    text: int = -1
    seed: int = 0


@dataclass(frozen=True, eq=False)
class LikelyFigure(Figure):
    """In nats of a whole text, for each share of `SPOILT` (E,): `levels` (E, 5) are those of `LEVELS`; `by_count`
    (E, L) is the bound's part of k hidden words, L / k times what they cost, whose mean is the bound.

    After `calls` (C,) calls of the network the estimate of the bound is `mean` (E, C), and half of its 95 % interval is
    `half` (E, C), NaN at first. `chance` is the text's in the world, NaN of all texts.
    """

    words: tuple[str, ...]
    text: tuple[int, ...]
    chance: float
    levels: Numbers
    by_count: Numbers
    calls: Tokens
    mean: Numbers
    half: Numbers
