"""Analytic (Tweedie) steps, as published: P(y) = (exp(-d Q) score)_y exp(d Q)[x, y], with d = sigma(t) - sigma(s).

Lou, Meng, Ermon, arXiv 2310.16834, theorem 4.2. With the exact score at t each position on its own moves by the
true law; a learned score can make entries negative, which count as 0. `tweedie` has the forms that cannot be.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from engine.samplers.chain import Chain
from engine.samplers.draws import Rows
from engine.samplers.grid import Step
from engine.samplers.protocols import Solvers
from engine.theory.graphs import Graph


class Analytic:
    """Each position by its own true law, from the score as it is."""

    def step(self, chain: Chain, step: Step) -> None:
        rows = chain.movable()
        if not rows.size:
            return
        score, own = chain.score(rows, step.sigma_t), chain.own(rows)
        if step.last:
            last_step(chain, rows, score, step.sigma_t)
        else:
            d = own.new_full((1,), step.sigma_t - step.sigma_s, dtype=score.dtype)
            chain.jump(rows, tweedie(chain.diffusion.graph, score[None], own[None], d)[0])


SOLVERS: Solvers = {"absorb": Analytic, "uniform": Analytic}


def last_step(chain: Chain, rows: Rows, score: Tensor, sigma: float) -> None:
    """Takes rows with scores (R, V) from noise sigma to none."""
    graph, own = chain.diffusion.graph, chain.own(rows)
    law = denoise(graph, score[None], own[None], own.new_full((1,), sigma, dtype=score.dtype))[0]
    chain.jump(rows, F.pad(law, (0, graph.states - law.shape[-1])))


def tweedie(graph: Graph, score: Tensor, x: Tensor, d: Tensor) -> Tensor:
    """Unnormalised law (B, L, V) after taking noise d (B,) away from x (B, L)."""
    return graph.staggered_score(score, d) * graph.transp_transition(x, d)


def denoise(graph: Graph, score: Tensor, x: Tensor, sigma: Tensor) -> Tensor:
    """The last step, from noise sigma (B,) to none: like `tweedie`, without the mask state."""
    return tweedie(graph, score, x, sigma)[..., : graph.vocabulary]
