"""Theta-trapezoidal steps: a first stage over theta of the step, a second with laws extrapolated from both its ends.

Ren et al., arXiv 2502.00234: from t to rho = t - theta h by the law at x; from rho to s by
(a1 law at x* - a2 law at x)_+, with x* where the first stage led, a1 = 1 / (2 theta (1 - theta)) and a2 = a1 - 1. Two
calls a step. The laws here are those of Tweedie steps and not of frozen rates, so a single position makes no
error at all and the last step needs no exception:

- absorbing noise: when tokens are revealed is known, so only the law of the token is extrapolated; rho halves
  lambda's way (for theta = 1/2).
- uniform noise: the kernels of both leave-one-out posteriors, from the token that the first stage left; rho in
  w = log(e^sigma - 1), in which jumps are evenly spread. The last step, endless in w, is a Tweedie step.

Order 2 where nothing is cut off at 0, on smooth data; order 1 with a smaller constant on peaked data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from engine.samplers.chain import AbsorbingChain, Placed, UniformChain
from engine.samplers.law import Law
from engine.samplers.tweedie import UniformTweedie, kernel
from engine.theory.grid import Step, log_odds


@dataclass(frozen=True)
class Trapezoidal:
    """`theta` in (0, 1) is where the first stage ends, as a share of the step."""

    theta: float = 0.5

    def extrapolate(self, before: Tensor, after: Tensor) -> Tensor:
        """(a1 after - a2 before)_+ (R, V); `after` where nothing is left."""
        a1 = 1 / (2 * self.theta * (1 - self.theta))
        law = (a1 * after - (a1 - 1) * before).clamp(min=0)
        return torch.where(law.sum(-1, keepdim=True) > 0, law, after)


class AbsorbingTrapezoidal(Trapezoidal):
    """The law of tokens that are revealed late is extrapolated."""

    def step(self, chain: AbsorbingChain, step: Step) -> None:
        rows = chain.masked()
        turn = step.lambda_t + self.theta * (step.lambda_s - step.lambda_t)
        # Both moments come from the clocks, so a stage that reveals nothing asks the network nothing.
        early = chain.draws.toss(rows, np.full(rows.size, 1 - turn / step.lambda_t))
        rest = rows.pick(~early)
        late = chain.draws.toss(rest, np.full(rest.size, 1 - step.lambda_s / turn))
        early_rows, late_rows = rows.pick(early), rest.pick(late)
        if not early_rows.size or not late_rows.size:
            chain.reveal(early_rows)
            chain.reveal(late_rows)
            return
        before = dict(chain.laws(late_rows, 1.0, lambda cut, law: (cut.start, law)))
        chain.reveal(early_rows)
        chain.reveal(late_rows, lambda cut, law: self._extrapolated(before[cut.start], law))

    def _extrapolated(self, before: Law, after: Law) -> Law:
        """The law extrapolated without constraints, then held to them; `after` where they rule all of it out."""
        unconstrained = self.extrapolate(before.unconstrained, after.unconstrained)
        held = unconstrained * (after.weights > 0)
        weights = torch.where(held.sum(-1, keepdim=True) > 0, held, after.weights)
        return replace(after, weights=weights / weights.sum(-1, keepdim=True), unconstrained=unconstrained)


class UniformTrapezoidal(Trapezoidal):
    """The kernel of the second stage is extrapolated."""

    def step(self, chain: UniformChain, step: Step) -> None:
        if step.last:
            UniformTweedie().step(chain, step)
            return
        rows = chain.movable()
        if not rows.size:
            return
        w_t, w_s = log_odds(step.sigma_t), log_odds(step.sigma_s)
        turn = float(np.logaddexp(0, w_t + self.theta * (w_s - w_t)))
        first, second = replace(step, sigma_s=turn), replace(step, sigma_t=turn)
        before: dict[int, Tensor] = {}  # by where a part of the rows begins

        def early(cut: slice, law: Law) -> Placed:
            before[cut.start] = law.weights
            return chain.moves(rows.pick(cut), kernel(law.weights, chain.own(rows)[cut], first))

        def late(cut: slice, law: Law) -> Placed:
            own = chain.own(rows)[cut]
            ends = (kernel(weights, own, second) for weights in (before[cut.start], law.weights))
            return chain.moves(rows.pick(cut), self.extrapolate(*ends))

        chain.place_all(chain.laws(rows, step.sigma_t, early))
        chain.place_all(chain.laws(rows, turn, late))
