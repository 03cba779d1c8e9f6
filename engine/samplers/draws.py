"""Chance in a chain: three questions that samplers ask, and the clocks that answer them.

Every position carries a clock: a Poisson process of rate 1 in accumulated hazard, drawn beforehand. A position that
moves with probability p in a step gains the hazard -log(1 - p), and moves if an event falls into it. The new token is
drawn by the race that belongs to the event: the last of them, or the first where a token that moved stays. The law is
that of a coin tossed at each step, but the numbers belong to (seed, sample, position, event): budgets of different
size move the same position at the same noise level, and draw the same token there as often as their laws are alike.
Where the hazard does not depend on the network, the step in which a token is revealed is known before the network is
called.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from engine.theory.randomness import Indices, Streams, Uniforms, race

Flags = npt.NDArray[np.bool_]

AT_ONCE = 2**17
"""Candidates that race at a time: a megabyte of times, however many rows and tokens there are."""


class Rows(NamedTuple):
    """R single positions of a batch: `sample` (R,) and `position` (R,)."""

    sample: Indices
    position: Indices

    def pick(self, chosen: Flags | Indices | slice) -> Rows:
        """Some of them, by a mask, by indices or as a part."""
        return Rows(self.sample[chosen], self.position[chosen])

    @staticmethod
    def where(flags: Flags) -> Rows:
        """The positions set in `flags` (B, L), sample by sample."""
        return Rows(*np.nonzero(flags))

    def by_sample(self) -> list[Indices]:
        """The indices of each sample's rows."""
        return [np.nonzero(self.sample == sample)[0] for sample in np.unique(self.sample)]

    def companions(self) -> Indices:
        """How many rows each row's sample has, (R,)."""
        _, at, count = np.unique(self.sample, return_inverse=True, return_counts=True)
        companions: Indices = count[at]
        return companions

    @property
    def size(self) -> int:
        return len(self.sample)


class Draws(Protocol):
    """What a sampler may ask of chance."""

    def toss(self, rows: Rows, chance: np.ndarray) -> Flags:
        """Which rows move (R,), each with its own chance (R,)."""

    def draw(self, rows: Rows, weights: np.ndarray) -> Indices:
        """A token for each row (R,) with probability proportional to weights (R, V)."""

    def number(self, rows: Rows, number: int) -> None:
        """Has the next draws of rows be those of this number, above 0, whatever was drawn before: where a run goes on
        from its midst they are the same."""

    def order(self, rows: Rows) -> Indices:
        """Indices (R,) that put the rows of each sample in a random order, sample after sample: always the same."""

    def shuffle(self, rows: Rows) -> Indices:
        """Like `order`, but another order each time."""


class Clocks:
    """`Draws` from the streams of each (seed, sample, position)."""

    def __init__(
        self,
        streams: Streams,
        shape: tuple[int, int],
        stays: bool = False,
        passed: float | np.ndarray = 0.0,
        epoch: int = 0,
    ) -> None:
        """For B samples of L positions; `stays` where a token moves once, under absorbing noise.

        A chain that begins in its midst has `passed` so much hazard already, everywhere or at each position (L,), where
        a token that is still there has stayed until now. Elsewhere it may have moved: the events before number `epoch`
        are set aside as used up.
        """
        everywhere = Rows.where(np.ones(shape, np.bool_))
        self._streams = streams
        self._stays = stays
        self._events = np.full(shape, 0 if stays else epoch, np.int64)
        self._draws = np.zeros(shape, np.int64)
        self._shuffles = 0
        self._left = self._waiting(everywhere).reshape(shape) - (passed if stays else 0.0)

    def toss(self, rows: Rows, chance: np.ndarray) -> Flags:
        with np.errstate(divide="ignore"):  # a certain move is an endless hazard
            self._left[rows] += np.log1p(-chance)
        rings: Flags = self._left[rows] <= 0
        due = rows.pick(rings)
        while due.size:
            left = self._left[due]
            self.restart(due)
            if self._stays:
                break
            self._left[due] += np.where(np.isinf(left), 0.0, left)
            due = due.pick(self._left[due] <= 0)
        return rings

    def draw(self, rows: Rows, weights: np.ndarray) -> Indices:
        draw, again = self._next(rows)
        size = weights.shape[1]
        drawn = np.empty(rows.size, np.int64)
        together = max(AT_ONCE // size, 1)
        for cut in (slice(k, k + together) for k in range(0, rows.size, together)):
            times = self._streams.exponential(rows.sample[cut], rows.position[cut], draw[cut], again[cut], size)
            drawn[cut] = race(weights[cut], times)
        return drawn

    def number(self, rows: Rows, number: int) -> None:
        self._draws[rows] = number

    def targets(self, rows: Rows) -> Uniforms:
        """Uniform numbers (R,) in the place of the next draws of these rows."""
        return self._uniform(rows, *self._next(rows))

    def _next(self, rows: Rows) -> tuple[Indices, Indices]:
        """The numbers (R,) of the next draws of these rows, and their repetitions (R,); they are used up."""
        # A sampler without clocks draws before any event: with the numbers of the first, as the others do.
        draw, again = 2 * np.maximum(self._events[rows], 1), self._draws[rows]
        self._draws[rows] += 1
        return draw, again

    def order(self, rows: Rows) -> Indices:
        """By the clocks: what rings first comes first. Each sample's order is uniformly distributed."""
        return np.lexsort((self._left[rows], rows.sample))

    def shuffle(self, rows: Rows) -> Indices:
        """By repetitions of the first waiting times, which nothing else uses: the clocks go on undisturbed."""
        self._shuffles += 1
        numbers = self._uniform(rows, np.ones(rows.size, np.int64), np.full(rows.size, self._shuffles))
        return np.lexsort((numbers, rows.sample))

    def restart(self, rows: Rows) -> None:
        """Counts an event, and begins to wait for the next."""
        self._draws[rows] *= self._events[rows] == 0
        self._events[rows] += 1
        self._left[rows] = self._waiting(rows)

    def left(self, rows: Rows) -> np.ndarray:
        """Hazard (R,) that is still missing until the next event."""
        hazard: np.ndarray = self._left[rows]
        return hazard

    def set_left(self, rows: Rows, hazard: np.ndarray) -> None:
        """Puts the clocks so that `hazard` (R,) is missing until the next event."""
        self._left[rows] = hazard

    def _waiting(self, rows: Rows) -> np.ndarray:
        """Exponential waiting times (R,) for the next event of each row."""
        once = np.zeros(rows.size, np.int64)
        with np.errstate(divide="ignore"):
            waiting: np.ndarray = -np.log(self._uniform(rows, 2 * self._events[rows] + 1, once))
        return waiting

    def _uniform(self, rows: Rows, number: Indices, again: Indices) -> Uniforms:
        """Draw `number` (R,) of each row, or one of its repetitions `again` (R,)."""
        drawn = np.empty(rows.size)
        keys, which = np.unique(np.stack((number, again)), axis=1, return_inverse=True)
        for k, (n, repetition) in enumerate(keys.T):
            here = which == k
            drawn[here] = self._streams.uniform(int(n), int(repetition))[rows.pick(here)]
        return drawn
