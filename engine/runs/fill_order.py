"""In which order the positions of a run came to what they are.

An order is a step (L,) float for each position, NaN where there is none, as `RunMap.order` has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.runs.run_map import NEVER
from engine.runs.trajectory import Trajectory

RANDOM = 1 / 3
"""How far apart neighbours are on average in a random order, of the whole of it: |u - v| of two even draws."""
SURE = 0.5
"""A direction from which on an order is called one, of 1."""


def order_of(run: Trajectory, sample: int) -> np.ndarray:
    """The order (L,) of a sample, as far as it is recorded."""
    tokens, last = run.at(run.recorded, sample)
    stands = (last != NEVER) & (tokens != run.mask) & ~run.locked
    return np.where(stands, last, np.nan)


def mean_order(run: Trajectory) -> np.ndarray:
    """The mean (L,) over all samples of the step in which each position was filled; NaN where none was."""
    orders = np.array([order_of(run, sample) for sample in range(run.samples)])
    known = ~np.isnan(orders)
    count = known.sum(0)
    return np.where(count > 0, np.where(known, orders, 0.0).sum(0) / np.maximum(count, 1), np.nan)


def ranks(order: np.ndarray) -> np.ndarray:
    """Where each position (L,) comes in an order, from 0, the first, to 1, the last; what comes together shares a rank.

    NaN where the order has none.
    """
    found = np.full(len(order), np.nan)
    known = ~np.isnan(order)
    _, group, counts = np.unique(order[known], return_inverse=True, return_counts=True)
    if len(group) > 1:
        middle = np.cumsum(counts) - (counts + 1) / 2
        found[known] = middle[group] / (len(group) - 1)
    return found


@dataclass(frozen=True)
class Way:
    """How an order goes through the text: `direction` is Spearman's rank correlation with the position, 1 from left to
    right, -1 from right to left, about 0 for neither; `apart` is the mean distance of the ranks of neighbours, of the
    whole order, `RANDOM` for a random one and less where it goes on beside what stands. NaN for fewer than three."""

    direction: float
    apart: float

    @property
    def said(self) -> str:
        """That in words."""
        if np.isnan(self.direction):
            return "in no order yet: too few tokens"
        way = "from left to right" if self.direction > 0 else "from right to left"
        named = way if abs(self.direction) >= SURE else "in no direction"
        return f"{named} ({self.direction:+.2f}); neighbours {self.apart:.2f} apart, {RANDOM:.2f} at random"


def way_of(order: np.ndarray) -> Way:
    """How an order (L,) goes through the text."""
    rank = ranks(order)
    known = np.flatnonzero(~np.isnan(rank))
    if len(known) < 3:
        return Way(np.nan, np.nan)
    place, one = ranks(known.astype(float)), rank[known]
    spread = one.std() * place.std()
    direction = float(((one - one.mean()) * (place - place.mean())).mean() / spread) if spread else 0.0
    beside = np.diff(known) == 1
    apart = float(np.abs(np.diff(one))[beside].mean()) if beside.any() else np.nan
    return Way(direction, apart)
