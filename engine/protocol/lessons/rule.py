"""The rule of the noise: rates at which a token becomes another, and what they make of it in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.protocol.lessons.lesson import Figure, Lesson, Numbers, numbers

MOST_TOKENS = 6
FASTEST = 10.0
"""Of all rates."""
RATES = numbers(np.round(0.05 * np.arange(41), 2))
"""What an edited rate is made, (E,)."""

Rates = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class RuleLesson(Lesson):
    """Of `rates`, entry [to][from], between tokens with these `names`, while that of `edited`, a row and a column, is
    made each of `RATES`. What stands on the diagonal of another column is not looked at."""

    chapter: ClassVar[str] = "rule"
    names: tuple[str, ...]
    rates: Rates
    edited: tuple[int, int] = (1, 0)


@dataclass(frozen=True, eq=False)
class RuleFigure(Figure):
    """Row e is for the edited rate number e: `rule` (E, N, N) is Q, whose columns sum up to 0, and `law` (E, S, N, N)
    is exp(sigma Q) at `sigma` (S,): entry [to, from]. `limit` (E, N, N) is what it comes to.

    `mended` (E,) is what was added to the diagonal of the edited column, or to its other entries where the diagonal
    itself is edited, to have it sum up to 0 again.
    """

    names: tuple[str, ...]
    sigma: Numbers
    rule: Numbers
    law: Numbers
    limit: Numbers
    mended: Numbers


def notch_of(rate: float) -> int:
    """The number in `RATES` that stands for a rate, on the diagonal or off it."""
    return min(len(RATES) - 1, round(abs(rate) / 0.05))
