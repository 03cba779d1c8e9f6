"""What is known of toy worlds without any model."""

from __future__ import annotations

from torch import Tensor

from engine.exact.toy import MarkovWorld, ToyWorld


def negative_log_likelihood(world: ToyWorld | MarkovWorld, tokens: Tensor) -> float:
    """-log p (nats) of a clean sequence (L,)."""
    if isinstance(world, ToyWorld):
        return -float(world.joint[tuple(tokens.tolist())].log())
    return -float(world.initial[tokens[0]].log() + world.step[tokens[:-1], tokens[1:]].log().sum())
