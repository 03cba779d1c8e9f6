"""Analytic (Tweedie) steps, as published: P(y) = (exp(-d Q) score)_y exp(d Q)[x, y], with d = sigma(t) - sigma(s).

Lou, Meng, Ermon, arXiv 2310.16834, theorem 4.2. With the exact score at t each position on its own moves by the
true law; a learned score can make entries negative, which count as 0. `tweedie` has the forms that cannot be.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from engine.samplers.chain import Chain
from engine.theory.graphs import Graph
from engine.theory.grid import Step


class Analytic:
    """Each position by its own true law, from the score as it is."""

    def step(self, chain: Chain, step: Step) -> None:
        rows = chain.movable()
        if not rows.size:
            return
        own = chain.own(rows)
        chain.place_all(
            chain.scores(
                rows,
                step.sigma_t,
                lambda cut, score: chain.moves(
                    rows.pick(cut), self.moving(chain.diffusion.graph, score, own[cut], step)
                ),
            )
        )

    def moving(self, graph: Graph, score: Tensor, own: Tensor, step: Step) -> Tensor:
        """Unnormalised law (R, V) after a step of tokens (R,) with their scores (R, V)."""
        score, own = score[None], own[None]
        if not step.last:
            return self.law(graph, score, own, step)[0]
        law = denoise(graph, score, own, own.new_full((1,), step.sigma_t, dtype=score.dtype))
        return F.pad(law, (0, graph.states - law.shape[-1]))[0]

    def law(self, graph: Graph, score: Tensor, own: Tensor, step: Step) -> Tensor:
        """Unnormalised law (1, R, V) after a step, but the last one, of tokens (1, R) with their scores (1, R, V)."""
        return tweedie(graph, score, own, own.new_full((1,), step.sigma_t - step.sigma_s, dtype=score.dtype))


def tweedie(graph: Graph, score: Tensor, x: Tensor, d: Tensor) -> Tensor:
    """Unnormalised law (B, L, V) after taking noise d (B,) away from x (B, L)."""
    return graph.staggered_score(score, d) * graph.transp_transition(x, d)


def denoise(graph: Graph, score: Tensor, x: Tensor, sigma: Tensor) -> Tensor:
    """The last step, from noise sigma (B,) to none: like `tweedie`, without the mask state."""
    return tweedie(graph, score, x, sigma)[..., : graph.vocabulary]
