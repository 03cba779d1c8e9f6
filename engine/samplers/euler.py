"""Euler steps of the reverse chain: P = delta + (t - s) sigma'(t) R, with R the reverse rates at the start.

Lou, Meng, Ermon, arXiv 2310.16834, section 4.2. A coarse step can promise more than probability one of leaving;
it is clipped where the draw is made.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.graphs import Graph, reverse_rate
from engine.schedules import Schedule


class Euler:
    """The rates at the start of the step, held for its whole length."""

    def probabilities(self, graph: Graph, schedule: Schedule, score: Tensor, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """Unnormalised law of the tokens at s given x (B, L) at t > s, (B, L, V); may be negative at x."""
        dsigma = schedule(t).rate * (t - s)
        moved = dsigma[:, None, None] * reverse_rate(graph, x, score)
        return moved.scatter_add(-1, x[..., None], torch.ones_like(x, dtype=moved.dtype)[..., None])

    def reveal_probability(self, schedule: Schedule, t: Tensor, s: Tensor) -> Tensor:
        """Chance that a masked token is revealed between t and s when scores sum to 1 / (e^sigma - 1)."""
        noise = schedule(t)
        return (noise.rate * (t - s) / torch.expm1(noise.total)).clamp(max=1)
