"""How a spoilt text is mended on a toy world, by enumeration.

The text y is noised to sigma, and the reverse chain with exact scores goes on from there. Whatever its steps, it then
writes x with the probability

    sum over z of q_sigma(z | y) p(x | z),    p(x | z) = p(x) q_sigma(z | x) / p_sigma(z).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from engine.exact.toy import ToyWorld


class Rates(NamedTuple):
    """How often the spoilt token becomes the original, and the share of the other tokens that become others."""

    mended: float
    damaged: float


def mended_law(world: ToyWorld, spoilt: Tensor, sigma: float) -> Tensor:
    """The law (N,) * L of what is written from `spoilt` (L,), a text that is possible in this world."""
    level = torch.tensor([sigma], dtype=torch.float64)
    moves, noised = world.transition_matrix(level)[0], world.marginal(level)[0]
    arrived = torch.ones((), dtype=torch.float64)
    for token in spoilt.tolist():
        arrived = arrived[..., None] * moves[:, token]
    odds = torch.where(arrived > 0, arrived / noised, 0.0)
    for axis in range(world.length):
        moved = odds.movedim(axis, 0)
        odds = torch.einsum("zx,z...->x...", moves, moved).movedim(0, axis)
    clean = world.joint.shape[0]
    law: Tensor = odds[(slice(clean),) * world.length] * world.joint
    return law


def rates(law: Tensor, spoilt: Tensor, place: int, original: int) -> Rates:
    """What `mended_law` says of the token at `place`, and of the others, of which there is at least one."""
    kept = []
    for axis, token in enumerate(spoilt.tolist()):
        each = law.sum([other for other in range(law.dim()) if other != axis])
        kept.append(float(each[token]))
        if axis == place:
            mended = float(each[original])
    others = [1 - share for axis, share in enumerate(kept) if axis != place]
    return Rates(mended, sum(others) / len(others))
