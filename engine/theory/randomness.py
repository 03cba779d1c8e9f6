"""Random draws that belong to (seed, sample, position) and to nothing else.

Every chain k of a request owns the Philox streams keyed by (seed, k); draw number n of position i is the i-th
value of the stream whose counter starts at n * 2^192, its repetition r at n * 2^192 + r * 2^128. So a token's draws do
not depend on the batch size, on the company, on the length, on the number of steps or on the device. Philox: Salmon
et al., SC 2011.

Values are float64: a float32 uniform lies on a grid of 2^-24, which cuts off the tail of a large vocabulary
(Zheng et al., arXiv 2409.02908).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Uniforms = npt.NDArray[np.float64]


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
        bits = np.random.Philox(
            key=np.array([self._seed, sample], np.uint64), counter=np.array([0, 0, again, draw], np.uint64)
        )
        return np.random.Generator(bits).random(self._length)


def categorical(weights: npt.NDArray[np.floating], uniform: Uniforms) -> npt.NDArray[np.int64]:
    """One index a row, (R,), by inverting the cumulative sum in float64.

    `weights` (R, V) at least 0, not all 0, need not be normalised; `uniform` (R,) in [0, 1). A weight of 0 is
    never drawn.
    """
    cumulative = np.cumsum(weights, axis=-1, dtype=np.float64)
    level = uniform * cumulative[:, -1]
    index = (cumulative <= level[:, None]).sum(-1)
    # Rounding can put `level` at the total itself: then the last index with weight is meant.
    last = (cumulative < cumulative[:, -1:]).sum(-1)
    chosen: npt.NDArray[np.int64] = np.minimum(index, last).astype(np.int64)
    return chosen
