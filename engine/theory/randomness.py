"""Random draws that belong to (seed, sample, position) and to nothing else.

Every chain k of a request owns the Philox streams keyed by (seed, k); draw number n of position i is the i-th
value of the stream whose counter starts at n * 2^192, its repetition r at n * 2^192 + r * 2^128; a stream of its own
for each position starts (i + 1) * 2^64 further. So a token's draws do not depend on the batch size, on the company, on
the length, on the number of steps or on the device. Philox: Salmon et al., SC 2011.

A token is drawn by a race: token v arrives after an exponential time of rate p_v, and the first one is drawn. Two laws
p and q that run the same race agree with a probability of at least (1 - d) / (1 + d), d their total variation, where
an inverse of the cumulative sum turns a small change at one token into another token.

Values are float64: a float32 uniform lies on a grid of 2^-24, which cuts off the tail of a large vocabulary
(Zheng et al., arXiv 2409.02908).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Uniforms = npt.NDArray[np.float64]
Times = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


class Streams:
    """Uniform draws in [0, 1) for samples first .. first + count - 1 at positions 0 .. length - 1."""

    def __init__(self, seed: int, count: int, length: int, first: int = 0) -> None:
        if seed < 0:
            raise ValueError("a seed is a whole number of at least 0")
        self._seed = seed % 2**64
        self._samples = range(first, first + count)
        self._length = length
        self._drawn: dict[tuple[int, int], Uniforms] = {}

    def uniform(self, draw: int, again: int = 0) -> Uniforms:
        """Draw number `draw` of every sample and position, or one of its repetitions, (count, length)."""
        if (draw, again) not in self._drawn:
            self._drawn[draw, again] = self._block(draw, again)
        return self._drawn[draw, again]

    def _block(self, draw: int, again: int) -> Uniforms:
        return np.stack([self._row(sample, draw, again) for sample in self._samples])

    def _row(self, sample: int, draw: int, again: int) -> Uniforms:
        return self._stream(sample, draw, again).random(self._length)

    def exponential(self, sample: Indices, position: Indices, draw: Indices, again: Indices, size: int) -> Times:
        """`size` exponential times of rate 1 for each of R rows, (R, size).

        A row is the `sample`, counted from the first of these streams, the `position`, the `draw` and its repetition
        `again`, (R,) each.
        """
        return np.stack(
            [
                self._stream(self._samples[k], n, r, i + 1).standard_exponential(size)
                for k, i, n, r in np.stack((sample, position, draw, again), axis=1).tolist()
            ]
        )

    def _stream(self, sample: int, draw: int, again: int, place: int = 0) -> np.random.Generator:
        key, counter = np.array([self._seed, sample], np.uint64), np.array([0, place, again, draw], np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=counter))


def race(weights: npt.NDArray[np.floating], times: Times) -> Indices:
    """The first index of each row to arrive, (R,), where `times` (R, V) are divided by `weights` (R, V).

    By independent exponential times each index is drawn with probability proportional to its weight. `weights` at
    least 0, not all 0, need not be normalised. A weight of 0 never arrives.
    """
    largest = weights.max(axis=-1, keepdims=True).astype(np.float64)
    rates = np.divide(weights, largest, where=largest > 0, out=np.zeros(weights.shape))
    with np.errstate(over="ignore"):  # hardly any weight: later than all others
        arrivals = np.divide(times, rates, where=rates > 0, out=np.full(weights.shape, np.inf))
    first: Indices = arrivals.argmin(axis=-1)
    return first
