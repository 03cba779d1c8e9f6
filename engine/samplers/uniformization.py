"""Uniformization: the reverse chain of uniform noise jump by jump, without any error of discretisation.

In w = log(e^sigma - 1) each position may jump at the times of a Poisson process of rate 1: its true rate, per unit
of w, is (1 - e^-sigma) sum over y != x of s_y / N, which is at most 1. A candidate goes to y with probability
(1 - e^-sigma) s_y / N and stays otherwise (Chen and Ying, arXiv 2402.08095). One call a candidate: the number of
free positions times the length of w, some 30 times the positions for sigma from 20 to 1e-5. The number of steps decides
how many frames are shown, not the law.

The chain stops at sigma = `FLOOR`, from where a Tweedie step leads to no noise; only two positions
noised at once, of probability (L FLOOR)^2 / 2, could tell the difference.
"""

from __future__ import annotations

import numpy as np
import torch

from engine.samplers.chain import UniformChain
from engine.samplers.draws import Clocks, Rows
from engine.samplers.tweedie import UniformTweedie
from engine.theory.grid import Step, log_odds

FLOOR = 1e-5


class Uniformization:
    """Every jump at its own moment."""

    def step(self, chain: UniformChain, step: Step) -> None:
        low = max(step.sigma_s, FLOOR)
        if step.sigma_t > low:
            self._jump_down(chain, log_odds(step.sigma_t), log_odds(low))
        if step.last:
            UniformTweedie().step(
                chain, Step(step.number, step.steps, step.t, step.s, min(low, step.sigma_t), 0.0, 0.0)
            )

    def _jump_down(self, chain: UniformChain, start: float, end: float) -> None:
        """All jumps between two levels of w, each sample's in their order."""
        clocks = chain.draws
        assert isinstance(clocks, Clocks)  # moments in continuous time cannot be enumerated
        rows = chain.movable()
        moment = np.full(chain.free.shape, -np.inf)
        moment[rows] = start - clocks.left(rows)
        while (due := moment.max(axis=1) > end).any():
            samples = np.nonzero(due)[0]
            candidates = Rows(samples, moment[samples].argmax(axis=1))
            now = moment[candidates]
            self._jump(chain, candidates, np.logaddexp(0, now))
            clocks.restart(candidates)
            moment[candidates] = now - clocks.left(candidates)
        clocks.set_left(rows, end - moment[rows])

    def _jump(self, chain: UniformChain, rows: Rows, sigma: np.ndarray) -> None:
        """One candidate a sample, at noise levels sigma (R,)."""
        levels = np.ones(len(chain.tokens))
        levels[rows.sample] = sigma
        level, own = torch.from_numpy(sigma).to(chain.tokens.device), chain.own(rows)
        score = chain.score(rows, levels)
        weights = -torch.expm1(-level.to(score.dtype))[:, None] * score / score.shape[-1]
        weights = weights.scatter(-1, own[:, None], 0.0)
        stays = (1 - weights.sum(-1, keepdim=True)).clamp(min=0)
        chain.redraw(rows, weights.scatter(-1, own[:, None], stays))
