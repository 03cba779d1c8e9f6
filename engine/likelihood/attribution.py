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

from engine.likelihood.estimators import Draws, choose, draw
from engine.likelihood.noised_text import Text
from engine.theory.diffusion import Diffusion

SLICE = 8
"""Draws between two looks at what is known so far."""
LEVELS = 16
"""Parts of the noise in which it is told where the bound comes from."""


def running_attribution(
    diffusion: Diffusion, tokens: np.ndarray, draws: int = 64, seed: int = 0, locked: np.ndarray | None = None
) -> Iterator[Sums]:
    """What `SLICE` draws add up to, then twice as many, and so on, in one record that grows. Tokens that `locked` (L,)
    bool gives have no share."""
    text = Text.of(diffusion, tokens, locked)
    sums = Sums(text.free)
    for number, first in enumerate(range(0, draws, SLICE)):
        generator = np.random.Generator(np.random.Philox(key=[seed, number]))
        sums.add(draw(text, choose("auto", diffusion.config.noise), 1, min(SLICE, draws - first), generator))
        yield sums


class Sums:
    """What draws add up to: parts of the bound, and losses and weights where a token was noised, (L,) each."""

    def __init__(self, free: np.ndarray) -> None:
        self.free, self.draws = free, 0
        self.nats, self.losses, self.weights, self.rest = (np.zeros(len(free)) for _ in range(4))
        self._levels = np.zeros((2, min(LEVELS, int(free.sum()))))  # what draws with noised tokens add, their number
        self._before = 0.0  # what the others add: those of the part before anything is noised, under uniform noise

    def add(self, drawn: Draws) -> None:
        noised, weight = drawn.points.noised, drawn.points.weight[:, None]
        self.draws += len(drawn.nats)
        self.nats += drawn.nats.sum(0)
        self.losses += (weight * drawn.losses * noised).sum(0)
        self.weights += (weight * noised).sum(0)
        self.rest += np.where(noised, drawn.nats - weight * drawn.losses, drawn.nats).sum(0)

        count = self.free.sum()
        share = noised[:, self.free].sum(-1) / count
        within = np.ceil(share * self._levels.shape[1]).astype(int) - 1
        for level, total in zip(within.tolist(), drawn.totals / count, strict=True):
            if level >= 0:
                self._levels[:, level] += total, 1
            else:
                self._before += total

    def profile(self) -> np.ndarray:
        """Where along the noise the bound comes from: nats a token (K,) for each unit of the noised share.

        Entry k is for shares between k / K and (k + 1) / K, NaN where nothing was drawn yet. Their mean is the bound;
        what comes before anything is noised is told with the smallest shares.
        """
        total, draws = self._levels
        noised = draws.sum() / self.draws
        profile: np.ndarray = np.where(draws > 0, noised * total / np.maximum(draws, 1), np.nan)
        profile[0] += self._before * len(profile) / self.draws
        return profile

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
