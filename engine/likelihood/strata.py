"""Ways to spread n draws over [0, 1): each draw is uniform, so each gives an unbiased estimate, but not independent.

The error of a mean of f at n such points, where f has slope f' and the draws have noise of their own:

- independent: the spread of f over all of [0, 1), over sqrt(n);
- systematic: one common offset inside n equal strata, f' / (n sqrt 12);
- mirrored: strata in pairs, with offset v in one and 1 - v in its neighbour, so that a slope cancels and only
  curvature is left (antithetic draws: Hammersley and Morton, 1956).

Only whole groups of n are independent of each other.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Spread = Callable[[int, int, np.random.Generator], np.ndarray]
"""(groups, n, generator) to points (groups, n) in [0, 1)."""


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
