"""Tweedie steps with a Gibbs corrector: after each step some tokens are drawn anew, given all others, at its level.

Under uniform noise s / sum s is the law of a position given the others at the noise level of the score, so drawing
from it leaves p_sigma as it is and pulls a chain that has strayed back to it. Each correction costs a call: positions
come in random order, one at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.messages import UserError
from engine.samplers.chain import Chain
from engine.samplers.grid import Step
from engine.samplers.subset import first_of_each
from engine.samplers.tweedie import Tweedie


@dataclass(frozen=True)
class Gibbs:
    """`corrections` is the number of tokens drawn anew after each step, at most all."""

    corrections: int = 1

    def __post_init__(self) -> None:
        if self.corrections < 0:
            raise UserError(f"Corrections must be at least 0 and are {self.corrections}; 1 is a good choice.")

    def step(self, chain: Chain, step: Step) -> None:
        Tweedie().step(chain, step)
        if not step.last:
            correct(chain, step.sigma_s, int(self.corrections))


def correct(chain: Chain, sigma: float, count: int) -> None:
    """Draws `count` free tokens of each sample anew at level sigma, one after the other."""
    rows = chain.movable()
    rows = rows.pick(chain.draws.order(rows))
    for turn in range(min(count, len(chain.free[0]))):
        chosen = first_of_each(rows, np.full(rows.size, turn + 1)) & ~first_of_each(rows, np.full(rows.size, turn))
        if chosen.any():
            row = rows.pick(chosen)
            chain.redraw(row, chain.conditional(row, sigma))
