"""Precision: what becomes of rare words where draws compare numbers that are too coarse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from engine.protocol import frozen
from engine.protocol.lessons.lesson import Figure, Lesson, Numbers
from engine.protocol.option_kinds import Whole
from engine.protocol.tokens import Tokens

BITS: dict[int, int] = {32: 24, 64: 53}
"""By the size of a number, which multiples of which power of a half stand for a share in [0, 1)."""
STEPS = frozen(np.unique(np.round(2 ** np.arange(0, 12.01, 0.5)).astype(np.int64)))
"""Numbers of steps, (S,)."""
FEWEST_GROUPS, MOST_GROUPS = 8, 16


@dataclass(frozen=True)
class PrecisionLesson(Lesson):
    """Of words in so many `groups`, each as likely as any other, each of twice as many words as the one before."""

    chapter: ClassVar[str] = "precision"
    groups: Annotated[int, Whole(FEWEST_GROUPS, MOST_GROUPS)] = MOST_GROUPS


@dataclass(frozen=True, eq=False)
class PrecisionFigure(Figure):
    """For each of `BITS` (K,) and `steps` (S,): `share` (K, S, G) is how often a word of each group is written, and
    `first` (K, S, G) the chance of one of its words in the first step, over what it should be.

    `sizes` (G,) are the words of each group, `should` (G,) the chance of one of them. `entropy` (K, S) is of what is
    written, nats a word; `exact` is that of the words. `temperature` (K, S) is the one at which right draws would have
    that entropy.
    """

    sizes: Tokens
    should: Numbers
    steps: Tokens
    share: Numbers
    first: Numbers
    entropy: Numbers
    exact: float
    temperature: Numbers
