"""Entropy-bounded steps: as many tokens at once as are nearly independent, the surest first.

Ben-Hamu et al., arXiv 2505.24857. Masked positions are sorted by the entropy of their posterior; the longest
beginning with sum H - max H <= gamma is revealed. That sum bounds from above how much the tokens know of each other
(in nats), and the choice does not look at the drawn tokens, so with gamma = 0 and a step for each token the sampler
is exact.

A run of fewer steps reveals at least an even share in each. Whatever is left when the tokens are all
revealed costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from engine.messages import UserError
from engine.samplers.chain import Chain, Law
from engine.samplers.grid import Step
from engine.samplers.subset import at_least_even_share


@dataclass(frozen=True)
class EntropyBounded:
    """`gamma` (nats) is what tokens that are revealed together may know of each other."""

    gamma: float = 0.1

    def __post_init__(self) -> None:
        if not self.gamma >= 0:
            raise UserError(f"Gamma must be at least 0 nats and is {self.gamma:g}; 0.1 is a good choice.")

    def step(self, chain: Chain, step: Step) -> None:
        rows = chain.masked()
        if not rows.size:
            return
        law = chain.posterior(rows)
        entropy = torch.special.entr(law.weights.double()).sum(-1).cpu().numpy()
        chosen = np.zeros(rows.size, np.bool_)
        for sample in np.unique(rows.sample):
            here = np.nonzero(rows.sample == sample)[0]
            chosen[here[self.choose(entropy[here], at_least_even_share(len(here), step))]] = True
        index = torch.from_numpy(chosen).to(law.weights.device)
        chain.reveal(rows.pick(chosen), Law(law.weights[index], law.log_allowed[index]))

    def choose(self, entropy: np.ndarray, at_least: int) -> np.ndarray:
        """Indices of the positions to reveal, from the entropies (m,) of all masked ones."""
        order = np.argsort(entropy, kind="stable")
        ranked = entropy[order]
        within = np.cumsum(ranked) - ranked <= self.gamma  # sorted, so the last of a beginning is its largest
        chosen: np.ndarray = order[: max(at_least, int(within.sum()))]
        return chosen
