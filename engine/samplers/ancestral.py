"""Ancestral steps where masks and uniform noise are mixed.

Each position is drawn from q(x_s | x_t, x0) with the network's law of x0 put in for x0.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.samplers.chain import MixedChain, Placed
from engine.samplers.law import Law
from engine.theory.grid import Step
from engine.theory.mixed import Mixed


class Ancestral:
    """Each position moves by its own law."""

    def step(self, chain: MixedChain, step: Step) -> None:
        rows = chain.movable()
        own = chain.own(rows)

        def moved(cut: slice, law: Law) -> Placed:
            return chain.moves(rows.pick(cut), kernel(chain.graph, law.weights, own[cut], step))

        if rows.size:
            chain.place_all(chain.laws(rows, step.sigma_t, moved))


def kernel(graph: Mixed, law: Tensor, own: Tensor, step: Step) -> Tensor:
    """The law (R, V) at sigma_s, given tokens `own` (R,) at sigma_t and laws (R, N) of x0; not normalised.

    Between the levels a token is kept with probability exp(sigma_s - sigma_t), else it is what makes up the difference.
    """
    levels = torch.tensor([step.sigma_s, step.sigma_t], dtype=torch.float64, device=law.device)
    _, put, _ = graph.states_by(levels, torch.float64)
    kept = torch.exp(levels[0] - levels[1])
    arrived = (put[1] - kept * put[0]).clamp(min=0)[own][:, None] + kept * F.one_hot(own, graph.states)
    return graph.noised(law.double(), levels[0]) * arrived
