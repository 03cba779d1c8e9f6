"""Remasking: revealed tokens may be masked again and drawn anew, so early mistakes can be undone.

Wang et al., ReMDM, arXiv 2503.00307. In a step from t to s a revealed token is masked again with probability r, and
a masked one is revealed with probability (a_s - (1 - r) a_t) / (1 - a_t), a = e^-sigma: the marginals stay those of the
chain without remasking. Here r = `rate` (t - s), at most 1 and (1 - a_s) / a_t, so a token is masked again about
`rate` times in a run whatever the number of steps, and in the limit of many steps the law is exact.

It pays when steps are many and the model errs; with true scores it only costs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.samplers.chain import AbsorbingChain
from engine.theory.grid import Step


@dataclass(frozen=True)
class Remask:
    """`rate` is how often a revealed token is masked again in a run, about."""

    rate: float = 4.0

    def step(self, chain: AbsorbingChain, step: Step) -> None:
        chain.unweighed()
        masked, revealed = chain.masked(), chain.revealed()
        kept_t, kept_s = math.exp(-step.sigma_t), math.exp(-step.sigma_s)
        again = min(1.0, self.rate * (step.t - step.s), step.lambda_s / kept_t)
        chance = 1.0 if step.last else min(1.0, (kept_s - (1 - again) * kept_t) / step.lambda_t)
        due = masked.pick(chain.draws.toss(masked, np.full(masked.size, chance)))
        undone = revealed.pick(chain.draws.toss(revealed, np.full(revealed.size, again)))
        chain.reveal(due)
        chain.remask(undone)
