"""Tau-leaping: the reverse rates at the start of a step, held for its whole length; order 1.

Jumps to different tokens cannot be added up, so a position jumps at most once: with probability 1 - exp(-rate d),
to a token in proportion to its rate (after Campbell et al., arXiv 2205.14987, whose sums suit ordered data).

- absorbing noise: in the time lambda, in which the reveal rate is 1 / lambda.
- uniform noise: in sigma. The last step is a Tweedie step, which leaves no noise.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from engine.samplers.chain import AbsorbingChain, Placed, UniformChain
from engine.samplers.draws import Rows
from engine.samplers.tweedie import AbsorbingTweedie, UniformTweedie
from engine.theory.graphs import reverse_rate
from engine.theory.grid import Step


class AbsorbingTauLeaping:
    """The rate of being revealed held over a step."""

    def step(self, chain: AbsorbingChain, step: Step) -> None:
        if step.last:
            AbsorbingTweedie().step(chain, step)
            return
        rows = chain.masked()
        chance = -math.expm1((step.lambda_s - step.lambda_t) / step.lambda_t)
        chain.reveal(rows.pick(chain.draws.toss(rows, np.full(rows.size, chance))))


class UniformTauLeaping:
    """Rates held over a step, at most one jump a position."""

    def step(self, chain: UniformChain, step: Step) -> None:
        rows = chain.movable()
        if step.last:
            UniformTweedie().step(chain, step)
        elif rows.size:

            def leapt(cut: slice, score: Tensor) -> Placed:
                return leap(chain, rows.pick(cut), score, step.sigma_t - step.sigma_s)

            chain.place_all(chain.scores(rows, step.sigma_t, leapt))


def leap(chain: UniformChain, rows: Rows, score: Tensor, d: float) -> Placed:
    """Which rows jump, and where to, by reverse rates per unit of sigma held over d; from their scores (R, N)."""
    own = chain.own(rows)
    rate = reverse_rate(chain.diffusion.graph, own[None], score[None])[0].scatter(-1, own[:, None], 0.0)
    total = rate.sum(-1, dtype=torch.float64).cpu().numpy()
    moved = chain.draws.toss(rows, -np.expm1(-total * d)) & (total > 0)
    return chain.drawn(rows.pick(moved), rate[torch.from_numpy(moved).to(rate.device)])
