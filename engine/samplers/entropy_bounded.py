"""Entropy-bounded steps: as many tokens at once as are nearly independent, the surest first.

Ben-Hamu et al., arXiv 2505.24857. Masked positions are sorted by the entropy of their posterior; the longest
beginning with sum H - max H <= gamma is revealed. That sum bounds from above how much the tokens know of each other
(in nats), and the choice does not look at the drawn tokens, so with gamma = 0 and a step for each token the sampler
is exact.

A run of fewer steps reveals at least an even share in each, then chosen as `surest` does. Whatever is left when the
tokens are all revealed costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.samplers.chain import AbsorbingChain
from engine.samplers.surest import SPREAD, spread_out
from engine.theory.grid import Step
from engine.theory.randomness import Indices


@dataclass(frozen=True)
class EntropyBounded:
    """`gamma` (nats) is what tokens that are revealed together may know of each other."""

    gamma: float = 0.1

    def step(self, chain: AbsorbingChain, step: Step) -> None:
        rows = chain.masked()
        if not rows.size:
            return
        entropy, shares = chain.entropy(rows), step.even_share(rows.companions())
        chosen = np.zeros(rows.size, np.bool_)
        for here in rows.by_sample():
            within, share = self.within(entropy[here]), int(shares[here[0]])
            if len(within) < share:
                within = spread_out(entropy[here], rows.position[here], share, SPREAD)
            chosen[here[within]] = True
        chain.reveal(rows.pick(chosen))

    def within(self, entropy: np.ndarray) -> Indices:
        """Indices of the positions that gamma allows to reveal, from the entropies (m,) of all masked ones."""
        order = np.argsort(entropy, kind="stable")
        ranked = entropy[order]
        allowed = np.cumsum(ranked) - ranked <= self.gamma  # sorted, so the last of a beginning is its largest
        chosen: Indices = order[: int(allowed.sum())]
        return chosen
