"""First hitting: every token is revealed at its own moment, one at a time. Exact in as many calls as free positions.

Under absorbing noise the moment at which a masked token is revealed does not depend on any token: in lambda it is
uniformly distributed (Zheng et al., arXiv 2409.02908). The clocks hold these moments, so each step of the grid
only gathers those that fall into it; the number of steps decides how many frames are shown, not the law.
"""

from __future__ import annotations

import numpy as np

from engine.samplers.chain import AbsorbingChain
from engine.theory.grid import Step


class FirstHitting:
    """One token at a time, in the order of their moments."""

    def step(self, chain: AbsorbingChain, step: Step) -> None:
        rows = chain.masked()
        order = chain.draws.order(rows)  # before the toss, which starts the clocks that rang anew
        due = chain.draws.toss(rows, np.full(rows.size, step.reveal_chance))
        rows = rows.pick(order[due[order]])
        _, first, at = np.unique(rows.sample, return_index=True, return_inverse=True)
        rank = np.arange(rows.size) - first[at]
        for turn in range(int(rank.max(initial=-1)) + 1):
            chain.reveal(rows.pick(rank == turn))
