"""Ancestral steps where masks and uniform noise are mixed, and corrections of what they wrote.

Each position is drawn from q(x_s | x_t, x0) with the network's law of x0 put in for x0. A network that has seen wrong
words knows which to change: at the end the text is read as if a little noise were left, a token is drawn for each
position by the law given all others, sharpened, and the one that is likelier than what stands there by most is put
there; so on, until nothing is likelier or all corrections are used up (von Rutte et al., arXiv 2503.04482, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.samplers.chain import MixedChain, Placed
from engine.samplers.law import Law
from engine.theory.grid import Step
from engine.theory.mixed import Mixed
from engine.theory.randomness import Indices

LITTLE = 0.01
"""The chain's own time at which a finished text is read."""


@dataclass(frozen=True)
class Ancestral:
    """Each position moves by its own law; then `corrections` tokens, at most, are drawn anew at a `temperature`."""

    corrections: int = 0
    temperature: float = 0.1

    def step(self, chain: MixedChain, step: Step) -> None:
        rows = chain.movable()
        own = chain.own(rows)

        def moved(cut: slice, law: Law) -> Placed:
            return chain.moves(rows.pick(cut), kernel(chain.graph, law.weights, own[cut], step))

        if rows.size:
            chain.place_all(chain.laws(rows, step.sigma_t, moved))
        for _ in range(int(self.corrections) if step.last else 0):
            if not correct(chain, self.temperature):
                break


def correct(chain: MixedChain, temperature: float) -> bool:
    """Changes the token of each sample that gains most in probability by it; whether there was any.

    Probabilities are those of the sharpened law given all other positions.
    """
    rows = chain.movable()
    sigma = float(chain.graph.level_at(LITTLE))
    own = chain.own(rows)

    def proposed(cut: slice, law: Law) -> tuple[Indices, np.ndarray]:
        sharp = (law.weights.double().log() / temperature).softmax(-1)
        drawn = chain.draws.draw(rows.pick(cut), sharp.cpu().numpy())
        known = F.pad(sharp, (0, chain.graph.states - sharp.shape[-1]))  # a mask that is left gains by anything
        now, then = (known.gather(-1, at[:, None])[:, 0] for at in (own[cut], torch.from_numpy(drawn).to(own.device)))
        return drawn, (then - now).cpu().numpy()

    if not rows.size:
        return False
    tokens, gains = (np.concatenate(parts) for parts in zip(*chain.laws(rows, sigma, proposed), strict=True))
    best = np.array([members[gains[members].argmax()] for members in rows.by_sample()])
    best = best[gains[best] > 0]
    chain.place(rows.pick(best), tokens[best])
    return bool(best.size)


def kernel(graph: Mixed, law: Tensor, own: Tensor, step: Step) -> Tensor:
    """The law (R, V) at sigma_s, given tokens `own` (R,) at sigma_t and laws (R, N) of x0; not normalised.

    Between the levels a token is kept with probability exp(sigma_s - sigma_t), else it is what makes up the difference.
    """
    levels = torch.tensor([step.sigma_s, step.sigma_t], dtype=torch.float64, device=law.device)
    _, put, _ = graph.states_by(levels, torch.float64)
    kept = torch.exp(levels[0] - levels[1])
    arrived = (put[1] - kept * put[0]).clamp(min=0)[own][:, None] + kept * F.one_hot(own, graph.states)
    return graph.noised(law.double(), levels[0]) * arrived
