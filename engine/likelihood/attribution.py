"""How much each token adds to the bound of a text, nats.

Token i adds b_i, the mean of -log p(x_i | what was revealed before it) over random orders; sum b_i is the bound. The
draws of the bound estimate b_i without bias, but one that was noised in few of them comes out small, and one that was
noised alone large. For display b_i is a mean of its losses with the same weights instead, divided by the sum of the
weights of the draws in which it was noised: nearly unbiased, and far steadier. All are then scaled by one factor, so
that they add up to the estimate of the bound from the same draws.
"""

from __future__ import annotations

import numpy as np

from engine.diffusion import Diffusion
from engine.likelihood.estimators import Draws, choose, draw
from engine.likelihood.text import Text
from engine.messages import UserError


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
    if draws < 1:
        raise UserError("The number of draws must be at least 1.")
    text = Text.of(diffusion, tokens, locked)
    generator = np.random.Generator(np.random.Philox(key=[seed, 0]))
    drawn = draw(text, choose("auto", diffusion.config.noise), 1, draws, generator)
    share: np.ndarray = drawn.nats.mean(0)
    if not steady:
        return share
    ratio = _ratio(drawn, text.free)
    scaled: np.ndarray = ratio * (share.sum() / ratio.sum())
    return scaled


def _ratio(drawn: Draws, free: np.ndarray) -> np.ndarray:
    """Weighted mean loss (L,) where noised, plus what a token adds while it is not; unseen tokens get the mean."""
    noised, weight = drawn.points.noised, drawn.points.weight[:, None]
    sums, weights = (weight * drawn.losses * noised).sum(0), (weight * noised).sum(0)
    mean = sums.sum() / max(weights.sum(), np.finfo(float).tiny)
    while_noised = np.where(weights > 0, sums / np.where(weights > 0, weights, 1.0), mean)
    rest = np.where(noised, drawn.nats - weight * drawn.losses, drawn.nats).mean(0)
    return np.where(free, while_noised + rest, 0.0)
