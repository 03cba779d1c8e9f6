"""Confidence order: draws a token for every masked position and keeps the most probable ones.

Chang et al., MaskGIT, arXiv 2202.04200, and the "low confidence" remasking of LLaDA. Biased whatever the number of
steps: tokens are kept because they are probable, which sharpens the law as a lower temperature does.
"""

from __future__ import annotations

import numpy as np

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
        tokens, probability, _ = chain.propose(rows)
        chain.unweighed()  # tokens are kept for what they are
        order = np.lexsort((-probability, rows.sample))
        kept = order[first_of_each(rows.pick(order), counts[order])]
        chain.place(rows.pick(kept), tokens[kept])
