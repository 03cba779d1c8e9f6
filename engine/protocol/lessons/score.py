"""The concrete score: how much likelier each text is that differs from a text in one word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.protocol.lessons.lesson import Lesson, Numbers, TextsOfStates
from engine.protocol.lessons.worlds import World
from engine.protocol.noises import Noise


@dataclass(frozen=True)
class ScoreLesson(Lesson):
    """Of every text of a world under a kind of noise."""

    chapter: ClassVar[str] = "score"
    world: World
    noise: Noise = "absorb"


@dataclass(frozen=True, eq=False)
class ScoreFigure(TextsOfStates):
    """At `sigma` (S,): the `probability` (S, T) of each of the `texts` (T, L) of states, the mask after all words, and
    its `score` (S, T, L, N): entry [s, t, i, y] is the chance of the text with state y at place i, over that of the
    text itself; NaN where the text is impossible.

    `known` (S,) is what the scores of a hidden word sum up to, 1 / (e^sigma - 1), whatever the world; `together`
    (S, T, L) is what those of the words do.
    """

    sigma: Numbers
    probability: Numbers
    score: Numbers
    together: Numbers
    known: Numbers
    noise: Noise
