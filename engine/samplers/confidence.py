"""Confidence order: draws a token for every masked position and keeps the most probable ones.

Chang et al., MaskGIT, arXiv 2202.04200, and the "low confidence" remasking of LLaDA. Biased whatever the number of
steps: tokens are kept because they are probable, which sharpens the law as a lower temperature does.
"""

from __future__ import annotations

import numpy as np
import torch

from engine.samplers.chain import AbsorbingChain
from engine.samplers.subset import first_of_each
from engine.theory.grid import Step


class Confidence:
    """As many tokens as the schedule expects, those of the highest probability."""

    def step(self, chain: AbsorbingChain, step: Step) -> None:
        rows = chain.masked()
        if not rows.size:
            return
        counts = step.quota(rows.companions())
        if not counts.any():
            return
        law = chain.posterior(rows)
        tokens, _ = chain.propose(rows, law)
        chain.unweighed()  # tokens are kept for what they are
        chosen = torch.from_numpy(tokens).to(law.weights.device)[:, None]
        probability = law.weights.gather(-1, chosen)[:, 0].cpu().numpy()
        order = np.lexsort((-probability, rows.sample))
        kept = order[first_of_each(rows.pick(order), counts[order])]
        chain.place(rows.pick(kept), tokens[kept])
