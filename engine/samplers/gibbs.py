"""Steps with a Gibbs corrector: after each step some tokens are drawn anew, given all others, at its level.

Drawing a position from its law given the others leaves the law of the whole as it is and pulls a chain that has
strayed back to it. Under absorbing noise the steps are fixed-size subsets, and positions that are revealed already are
drawn anew by their posterior given the other revealed ones, after the last step, too. Under uniform noise they are
Tweedie's, and s / sum s is the law of a position given the others at the noise level of the score. Each correction
costs a call: positions come in random order, one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.samplers.chain import AbsorbingChain, Chain, UniformChain
from engine.samplers.draws import Rows
from engine.samplers.subset import Subset, first_of_each
from engine.samplers.tweedie import UniformTweedie
from engine.theory.grid import Step


@dataclass(frozen=True)
class Gibbs:
    """`corrections` is the number of tokens drawn anew after each step, at most all. `sweeps` is how often all of them
    are after the last step; under absorbing noise only, where the last step leaves no noise behind."""

    corrections: int = 1
    sweeps: int = 0


class AbsorbingGibbs(Gibbs):
    """Revealed tokens by their posterior."""

    def step(self, chain: AbsorbingChain, step: Step) -> None:
        Subset().step(chain, step)
        correct_revealed(chain, int(self.corrections))
        for _ in range(int(self.sweeps) if step.last else 0):
            correct_revealed(chain, len(chain.free[0]))


class UniformGibbs(Gibbs):
    """Free tokens by their law at the level of the step's end."""

    def step(self, chain: UniformChain, step: Step) -> None:
        UniformTweedie().step(chain, step)
        if not step.last:
            correct(chain, step.sigma_s, int(self.corrections))


def correct_revealed(chain: AbsorbingChain, count: int) -> None:
    """Draws `count` revealed tokens of each sample anew by their posterior, one after the other."""
    for row in in_turn(chain, chain.revealed(), count):
        chain.remask(row)
        chain.reveal(row)
        chain.unweighed()


def correct(chain: UniformChain, sigma: float, count: int) -> None:
    """Draws `count` free tokens of each sample anew at level sigma under uniform noise, one after the other."""
    for row in in_turn(chain, chain.movable(), count):
        chain.redraw(row, chain.conditional(row, sigma))


def in_turn(chain: Chain, rows: Rows, count: int) -> Iterator[Rows]:
    """`count` of the rows of each sample in random order: one of each sample at a time."""
    rows = rows.pick(chain.draws.shuffle(rows))
    for turn in range(min(count, len(chain.free[0]))):
        chosen = first_of_each(rows, np.full(rows.size, turn + 1)) & ~first_of_each(rows, np.full(rows.size, turn))
        if chosen.any():
            yield rows.pick(chosen)
