"""How much each token adds to the bound of a text, nats.

Token i adds b_i, the mean of -log p(x_i | what was revealed before it) over random orders; sum b_i is the bound. The
draws of the bound estimate b_i without bias, but one that was noised in few of them comes out small, and one that was
noised alone large. For display b_i is a mean of its losses with the same weights instead, divided by the sum of the
weights of the draws in which it was noised: nearly unbiased, and far steadier. All are then scaled by one factor, so
that they add up to the estimate of the bound from the same draws.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.diffusion import Diffusion
from engine.likelihood.estimators import Draws, choose, draw
from engine.likelihood.text import Text
from engine.messages import UserError

SLICE = 8
"""Draws between two looks at what is known so far."""


def attribution(
    diffusion: Diffusion,
    tokens: np.ndarray,
    draws: int = 64,
    seed: int = 0,
    locked: np.ndarray | None = None,
    steady: bool = True,
) -> np.ndarray:
    """b_i (L,) nats of each token (L,), from `draws` network calls; 0 at tokens that `locked` (L,) bool gives.

    They add up to an estimate of the bound. Without `steady` they are the unbiased estimates.
    """
    *_, last = running_attribution(diffusion, tokens, draws, seed, locked, steady)
    return last


def running_attribution(
    diffusion: Diffusion,
    tokens: np.ndarray,
    draws: int = 64,
    seed: int = 0,
    locked: np.ndarray | None = None,
    steady: bool = True,
) -> Iterator[np.ndarray]:
    """What `attribution` gives, from `SLICE` draws, twice as many, and so on; the last is from all."""
    if draws < 1:
        raise UserError("The number of draws must be at least 1.")
    text = Text.of(diffusion, tokens, locked)
    sums = Sums(text.free)
    for number, first in enumerate(range(0, draws, SLICE)):
        generator = np.random.Generator(np.random.Philox(key=[seed, number]))
        sums.add(draw(text, choose("auto", diffusion.config.noise), 1, min(SLICE, draws - first), generator))
        yield sums.steady() if steady else sums.shares()


class Sums:
    """What draws add up to: parts of the bound, and losses and weights where a token was noised, (L,) each."""

    def __init__(self, free: np.ndarray) -> None:
        self.free, self.draws = free, 0
        self.nats, self.losses, self.weights, self.rest = (np.zeros(len(free)) for _ in range(4))

    def add(self, drawn: Draws) -> None:
        """Takes in more draws."""
        noised, weight = drawn.points.noised, drawn.points.weight[:, None]
        self.draws += len(drawn.nats)
        self.nats += drawn.nats.sum(0)
        self.losses += (weight * drawn.losses * noised).sum(0)
        self.weights += (weight * noised).sum(0)
        self.rest += np.where(noised, drawn.nats - weight * drawn.losses, drawn.nats).sum(0)

    def shares(self) -> np.ndarray:
        """The unbiased estimates (L,)."""
        return self.nats / self.draws

    def steady(self) -> np.ndarray:
        """Weighted mean losses (L,) where noised, plus what is added elsewhere; unseen tokens get the mean."""
        mean = self.losses.sum() / max(self.weights.sum(), np.finfo(float).tiny)
        seen = self.weights > 0
        while_noised = np.where(seen, self.losses / np.where(seen, self.weights, 1.0), mean)
        ratio = np.where(self.free, while_noised + self.rest / self.draws, 0.0)
        scaled: np.ndarray = ratio * (self.shares().sum() / ratio.sum())
        return scaled
