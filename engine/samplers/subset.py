"""Fixed-size subsets: each step reveals as many tokens as the schedule expects, at positions drawn beforehand.

The positions come in a random order that does not depend on any token, so the only error is that tokens revealed
together are drawn independently: with as many steps as free positions there is none. The random number of tokens
that a Tweedie step reveals, now none, now three, is gone, and with it a part of the error.
"""

from __future__ import annotations

import math

import numpy as np

from engine.samplers.chain import AbsorbingChain
from engine.samplers.draws import Rows
from engine.samplers.grid import Step

GOLDEN = (math.sqrt(5) - 1) / 2


class Subset:
    """As many masked positions as the schedule expects, in a random order."""

    def step(self, chain: AbsorbingChain, step: Step) -> None:
        rows = chain.masked()
        rows = rows.pick(chain.draws.order(rows))
        chain.reveal(rows.pick(first_of_each(rows, quota(rows, step))))


def quota(rows: Rows, step: Step) -> np.ndarray:
    """How many of each sample's masked rows to reveal now, looked up for every row, (R,).

    The expected number is rounded up in some steps and down in others, as a sequence says that is spread evenly over
    the steps: the multiples of the golden ratio modulo 1. Rounded to the nearest, 24 tokens in 64 steps would all wait
    for the seventeenth.
    """
    _, at, masked = np.unique(rows.sample, return_inverse=True, return_counts=True)
    expected = np.round(masked * (1 - step.reveal_chance), 9)  # whole numbers stay whole
    remaining = np.floor(expected + (0.5 + GOLDEN * step.number) % 1)
    counts: np.ndarray = (masked - remaining).astype(np.int64)[at]
    return counts


def first_of_each(rows: Rows, count: np.ndarray) -> np.ndarray:
    """Marks the first `count` (R,) rows of each sample; the rows of a sample stand together."""
    _, first, at = np.unique(rows.sample, return_index=True, return_inverse=True)
    chosen: np.ndarray = np.arange(rows.size) - first[at] < count
    return chosen


def at_least_even_share(masked: int, step: Step) -> int:
    """How many of `masked` tokens to reveal now so that even steps will do for the rest."""
    return math.ceil(masked / step.steps_left)
