"""Estimators of the bound: ways to draw points of its integral. All but one are unbiased; they differ in variance.

By count. Let k positions be noised, lambda being the level at which the k-th of them is. Then

    integral = sum over k = 1..L of E[ 1/k sum_i l_i ],        noised: a random set of k positions,

plus, under uniform noise, the part before anything is noised, E[(1 - lambda) / (lambda L) sum_i l_i]; lambda is the
k-th smallest of L uniform draws. (Absorbing noise: Ou et al., arXiv 2406.03736; Hoogeboom et al., arXiv 2110.02037.)
It has neither a lower end nor a reconstruction term. A network that is told the noise level hears, under absorbing
noise, the one that goes with k: any will do.

By level. lambda is drawn, each position is noised with that probability, and 1/lambda sum_i l_i is taken. For few
noised positions 1/lambda is large and wild: without its lower end the variance would be infinite.

k or lambda is drawn by one uniform number for each of n draws: each gives an unbiased estimate, but they need not be
independent. The error of a mean of f at n such points, where f has slope f' and the draws have noise of their own:

- independent: the spread of f over all of [0, 1), over sqrt(n);
- systematic: one common offset inside n equal strata, f' / (n sqrt 12);
- mirrored: strata in pairs, with offset v in one and 1 - v in its neighbour, so that a slope cancels and only
  curvature is left (antithetic draws: Hammersley and Morton, 1956).

Only whole groups of n are independent of each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch

from engine.likelihood.noised_text import LAMBDA_LOW, SIGMA_LOW, Points, Text
from engine.protocol import Noise, UserError

AUTO = "auto"

Spread = Callable[[int, int, np.random.Generator], np.ndarray]
"""(groups, n, generator) to points (groups, n) in [0, 1)."""

Place = Callable[[Text, np.ndarray, np.ndarray, np.ndarray], Points]
"""(text, u (B,), flip (B, L), target (B, L)) to points; `flip` is 2, never noised, at given positions."""


@dataclass(frozen=True)
class Estimator:
    """A row of the table: `place` puts points where `spread` draws numbers."""

    name: str
    summary: str
    spread: Spread
    place: Place
    family: Literal["count", "level", "published"] = "count"
    noises: tuple[Noise, ...] = ("absorb", "uniform", "mixed")


@dataclass(frozen=True, eq=False)
class Draws:
    """B draws: `nats` (B, L) is each position's part of the estimate, `losses` (B, L) its l_i.

    A draw's estimate is the sum of its row. `calls` counts network evaluations.
    """

    points: Points
    losses: np.ndarray
    nats: np.ndarray
    calls: int

    @property
    def totals(self) -> np.ndarray:
        """Estimates (B,) of the bound, nats per sequence."""
        totals: np.ndarray = self.nats.sum(-1)
        return totals


def independent(groups: int, n: int, generator: np.random.Generator) -> np.ndarray:
    """Nothing in common."""
    return generator.random((groups, n))


def systematic(groups: int, n: int, generator: np.random.Generator) -> np.ndarray:
    """One point in each of n equal strata, all with the same offset."""
    return (generator.random((groups, 1)) + np.arange(n)) / n


def mirrored(groups: int, n: int, generator: np.random.Generator) -> np.ndarray:
    """One point in each of n equal strata; neighbours lie mirrored, each pair with an offset of its own."""
    pair, second = np.divmod(np.arange(n), 2)
    offset = generator.random((groups, (n + 1) // 2))[:, pair]
    return (np.arange(n) + np.where(second, 1 - offset, offset)) / n


def by_count(text: Text, u: np.ndarray, flip: np.ndarray, target: np.ndarray, power: float = 0.0) -> Points:
    """k from a law ~ k^-power, and the k free positions that are noised first."""
    law = count_law(text.count, power, text.always)
    k = np.minimum(np.searchsorted(law.cumsum(), u, side="right"), text.count)
    ordered = np.sort(flip, axis=-1)
    share = np.take_along_axis(ordered, np.maximum(k - 1, 0)[:, None], -1)[:, 0]
    noised = (flip <= share[:, None]) & (k > 0)[:, None]
    return Points(noised, target, *text.levels_at(k, share, law))


def count_law(free: int, power: float, nothing: bool) -> np.ndarray:
    """Probabilities (free + 1,) of k ~ k^-power; with `nothing`, k = 0 has 1 / (free + 1), as much as an even law.

    The part of the bound before anything is noised is small on average, but a text that surprises the model has much
    of it. Drawn more seldom it would count for more when it is drawn: a heavy tail that no error bar tells.
    """
    law = np.concatenate(([0.0], np.arange(1, free + 1) ** -power))
    law /= law.sum()
    if nothing:
        law *= free / (free + 1)
        law[0] = 1 / (free + 1)
    return law


def by_level(text: Text, u: np.ndarray, flip: np.ndarray, target: np.ndarray, scale: str = "share") -> Points:
    """lambda by a change of variable from u, in which it runs evenly: the share itself, its root, or log sigma."""
    low, high = text.ends
    if scale == "share":
        share, slope = low + u * (high - low), np.full_like(u, high - low)
    elif scale == "root":
        span = math.sqrt(high) - math.sqrt(low)
        root = math.sqrt(low) + u * span
        share, slope = root**2, 2 * root * span
    else:
        span = math.log(text.sigma_high / SIGMA_LOW)
        sigma = SIGMA_LOW * np.exp(span * u)
        share, slope = -np.expm1(-sigma), np.exp(-sigma) * sigma * span
    share = np.minimum(share, 1 - 1e-9)
    return Points(flip < share[:, None], target, -np.log1p(-share), slope / share)


def by_time(text: Text, u: np.ndarray, flip: np.ndarray, target: np.ndarray) -> Points:
    """The published estimate: t evenly from 0.001 to 1, sigma'(t) times the score entropy of scores as they are."""
    noise = text.diffusion.schedule(torch.from_numpy(LAMBDA_LOW + u * (1 - LAMBDA_LOW)))
    sigma = noise.total.numpy()
    noised = flip < -np.expm1(-sigma)[:, None]
    return Points(noised, target, sigma, noise.rate.numpy() / np.expm1(sigma), raw=True)


ESTIMATORS: tuple[Estimator, ...] = (
    Estimator("mirrored", "by count, strata mirrored in pairs", mirrored, by_count),
    Estimator("systematic", "by count, strata with one common offset", systematic, by_count),
    Estimator("independent", "by count, independent draws", independent, by_count),
    Estimator("importance", "by count ~ 1/sqrt(k), mirrored strata", mirrored, partial(by_count, power=0.5)),
    Estimator("plain", "by level, independent draws: plain Monte Carlo", independent, by_level, "level"),
    Estimator("stratified", "by level, mirrored strata", mirrored, by_level, "level"),
    Estimator("root", "by the root of the level, mirrored strata", mirrored, partial(by_level, scale="root"), "level"),
    Estimator(
        "log-sigma", "by log sigma, mirrored strata", mirrored, partial(by_level, scale="log"), "level", ("uniform",)
    ),
    Estimator("published", "by time, scores as they are: not a bound", independent, by_time, "published"),
)
"""Every estimator, the default first."""


def choose(name: str, noise: str) -> Estimator:
    """The estimator of that name for a noise; "auto" is the first in the table."""
    fitting = [row for row in ESTIMATORS if noise in row.noises]
    for row in fitting:
        if name in (row.name, AUTO):
            return row
    names = ", ".join(row.name for row in fitting)
    raise UserError(f"There is no estimator {name} for {noise} noise; choose one of: auto, {names}.")


def draw(text: Text, estimator: Estimator, groups: int, n: int, generator: np.random.Generator) -> Draws:
    """`groups` groups of `n` draws each, in this order; draws of different groups are independent."""
    u = np.minimum(estimator.spread(groups, n, generator).ravel(), np.nextafter(1, 0))
    flip, target = (generator.random((groups * n, len(text.tokens))) for _ in range(2))
    flip[:, ~text.free] = 2
    points = estimator.place(text, u, flip, target)
    losses = text.losses(points)
    nats = points.weight[:, None] * losses
    calls = groups * n
    if estimator.family != "published":
        nats += text.prior()
    if estimator.family == "level":
        rebuilt, more = text.reconstruction(groups, generator)
        nats += rebuilt.repeat(n, axis=0)
        calls += more
    return Draws(points, losses, nats, calls)
