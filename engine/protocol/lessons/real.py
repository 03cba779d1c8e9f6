"""The real thing: what the open model makes of a sentence of one's own, with more and more of it noised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from engine.protocol.lessons.lesson import Figure, Lesson, Numbers
from engine.protocol.noises import Noise
from engine.protocol.option_kinds import SEED
from engine.protocol.tokens import Tokens

MOST_TOKENS = 24
LIKELY = 6
"""Tokens that are told of at each place."""


@dataclass(frozen=True)
class RealLesson(Lesson):
    """Of a `sentence`, whose tokens are noised one after the other in an order that the `seed` decides."""

    chapter: ClassVar[str] = "real"
    of_model: ClassVar[bool] = True
    sentence: str
    seed: Annotated[int, SEED] = 0


@dataclass(frozen=True, eq=False)
class RealFigure(Figure):
    """Of `model`, under its `noise`. The tokens of the sentence are `text` (L,), written as `names` has it. With k + 1
    of `order` (L,) noised, at `sigma` (L,), the text is `reads` (L, L), row k, -1 where it is hidden.

    Of each noised place `likely` (L, L, M) are the likeliest tokens, -1 where there are no more, with their chance
    `law` and concrete `score`, NaN there and elsewhere; `own` (L, L) is the chance of the sentence's own token. Rows
    that are still to come have -1 and NaN alone.

    `price` (S,) is the bound, nats a token, on what is written in so many `steps` (S,), and `half` (S,) of its 95 %
    interval; NaN while it is not known.
    """

    model: str
    noise: Noise
    names: Mapping[int, str]
    text: Tokens
    order: Tokens
    sigma: Numbers
    reads: Tokens
    likely: Tokens
    law: Numbers
    score: Numbers
    own: Numbers
    steps: Tokens
    price: Numbers
    half: Numbers

    @property
    def hides(self) -> bool:
        """Whether noise hides tokens; there alone the price of few steps is known."""
        return bool((self.reads < 0).any())
