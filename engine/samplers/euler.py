"""Euler steps of the reverse chain, as published: P = delta + (t - s) sigma'(t) R, with R the reverse rates at t.

Lou, Meng, Ermon, arXiv 2310.16834, section 4.2. A coarse step can promise more than probability one of leaving;
it is clipped where the draw is made. The last step is `analytic.denoise`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.samplers.analytic import Analytic
from engine.theory.graphs import Graph, reverse_rate
from engine.theory.grid import Step


class Euler(Analytic):
    """The rates at the start of the step, held for its whole length."""

    def law(self, graph: Graph, score: Tensor, own: Tensor, step: Step) -> Tensor:
        return euler(graph, score, own, own.new_full((1,), step.rate * (step.t - step.s), dtype=score.dtype))


def euler(graph: Graph, score: Tensor, x: Tensor, dsigma: Tensor) -> Tensor:
    """Unnormalised law (B, L, V) after a step that takes noise dsigma (B,) away from x (B, L); may be negative at x."""
    moved = dsigma[:, None, None] * reverse_rate(graph, x, score)
    return moved.scatter_add(-1, x[..., None], torch.ones_like(x, dtype=moved.dtype)[..., None])
