"""Analytic (Tweedie) steps: P(y) = (exp(-d Q) score)_y exp(d Q)[x, y], with d = sigma(t) - sigma(s).

Lou, Meng, Ermon, arXiv 2310.16834, theorem 4.2. With the exact score at t each position on its own moves by the
true law; only what positions do together is approximated.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.graphs import Graph
from engine.schedules import Schedule


class Analytic:
    """Each position by its own true law; `denoise` below is the last step of every sampler."""

    def probabilities(self, graph: Graph, schedule: Schedule, score: Tensor, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """Unnormalised law of the tokens at s given x (B, L) at t > s, (B, L, V); may be negative if scores err."""
        d = schedule(t).total - schedule(s).total
        return tweedie(graph, score, x, d)

    def reveal_probability(self, schedule: Schedule, t: Tensor, s: Tensor) -> Tensor:
        """Chance that a masked token is revealed between t and s: 1 - lambda(s) / lambda(t)."""
        return 1 - torch.expm1(-schedule(s).total) / torch.expm1(-schedule(t).total)


def tweedie(graph: Graph, score: Tensor, x: Tensor, d: Tensor) -> Tensor:
    """Unnormalised law (B, L, V) after taking noise d (B,) away from x (B, L)."""
    return graph.staggered_score(score, d) * graph.transp_transition(x, d)


def denoise(graph: Graph, score: Tensor, x: Tensor, sigma: Tensor) -> Tensor:
    """The last step, from noise sigma (B,) to none: like `tweedie`, without the mask state."""
    law = tweedie(graph, score, x, sigma)
    return law if graph.mask is None else law[..., : graph.mask]
