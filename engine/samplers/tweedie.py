"""Tweedie steps: each position moves by its own true law, if the model's scores are true.

Lou, Meng, Ermon, arXiv 2310.16834, theorem 4.2, in forms that cannot be negative:

- absorbing noise: reveal with probability 1 - lambda_s / lambda_t, then draw from the posterior. The reveal does not
  depend on the network, so the clocks know its step beforehand; steps that reveal nothing cost no call.
- uniform noise: P(y) proportional to [a_s g_y + (1 - a_s) / N] [a_d 1(y = x_i) + (1 - a_d) / N], with g the
  leave-one-out posterior, a_s = e^-sigma_s and a_d = e^-(sigma_t - sigma_s). However small g_{x_i}, a position leaves
  with at most a probability that needs no network: only candidates of that chance are looked at.

What positions do together is approximated: each step draws them independently. Error of order 1 in the step.
"""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from engine.samplers.chain import AbsorbingChain, Placed, UniformChain
from engine.samplers.law import Law
from engine.theory.grid import Step
from engine.theory.uniform_law import noised, seen


class AbsorbingTweedie:
    """Each masked token is revealed by its own chance."""

    def step(self, chain: AbsorbingChain, step: Step) -> None:
        rows = chain.masked()
        chain.reveal(rows.pick(chain.draws.toss(rows, np.full(rows.size, step.reveal_chance))))


class UniformTweedie:
    """Each position moves by its own true law."""

    def step(self, chain: UniformChain, step: Step) -> None:
        rows = chain.movable()
        bound = leaving_bound(step)
        rows = rows.pick(chain.draws.toss(rows, np.full(rows.size, bound)))
        own = chain.own(rows)

        def drawn(cut: slice, law: Law) -> Placed:
            moved = kernel(law.weights, own[cut], step)
            return chain.drawn(rows.pick(cut), thinned(moved, own[cut], bound))

        if rows.size:
            chain.place_all(chain.laws(rows, step.sigma_t, drawn))


def kernel(g: Tensor, own: Tensor, step: Step) -> Tensor:
    """Normalised law (R, N) at sigma_s, given tokens `own` (R,) at sigma_t and leave-one-out posteriors g (R, N)."""
    return seen(noised(g, step.sigma_s), own, step.sigma_t - step.sigma_s)


def leaving_bound(step: Step) -> float:
    """A chance to leave that `kernel` never exceeds: 1 - (e^sigma_s - 1) / (e^sigma_t - 1).

    Its hazard is the length of the step in w = log(e^sigma - 1), so steps of any size have the same candidates.
    """
    return 1 - math.expm1(step.sigma_s) / math.expm1(step.sigma_t)


def thinned(law: Tensor, own: Tensor, bound: float) -> Tensor:
    """The law (R, N) of candidates that came with probability `bound` instead of their own chance to leave."""
    leaving = law.scatter(-1, own[:, None], 0.0)
    stays = (bound - leaving.sum(-1, keepdim=True)).clamp(min=0)
    return leaving.scatter(-1, own[:, None], stays)
