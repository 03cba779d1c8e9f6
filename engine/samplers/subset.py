"""Fixed-size subsets: each step reveals as many tokens as the schedule expects, at positions drawn beforehand.

The positions come in a random order that does not depend on any token, so the only error is that tokens revealed
together are drawn independently: with as many steps as free positions there is none. The random number of tokens
that a Tweedie step reveals, now none, now three, is gone, and with it a part of the error.
"""

from __future__ import annotations

import numpy as np

from engine.samplers.chain import AbsorbingChain
from engine.samplers.draws import Rows
from engine.theory.grid import Step


class Subset:
    """As many masked positions as the schedule expects, in a random order."""

    def step(self, chain: AbsorbingChain, step: Step) -> None:
        rows = chain.masked()
        rows = rows.pick(chain.draws.order(rows))
        chain.reveal(rows.pick(first_of_each(rows, step.quota(rows.companions()))))


def first_of_each(rows: Rows, count: np.ndarray) -> np.ndarray:
    """Marks the first `count` (R,) rows of each sample; the rows of a sample stand together."""
    _, first, at = np.unique(rows.sample, return_index=True, return_inverse=True)
    chosen: np.ndarray = np.arange(rows.size) - first[at] < count
    return chosen
