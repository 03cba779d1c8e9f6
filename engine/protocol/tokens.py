"""Token ids as they cross the boundary: read-only arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FREE = -1
"""The entry of `Generate.tokens` at a position that the sampler fills."""

Tokens = npt.NDArray[np.int64]


def frozen(array: npt.ArrayLike) -> Tokens:
    """A read-only int64 copy of `array`."""
    copy = np.array(array, dtype=np.int64)
    copy.setflags(write=False)
    return copy
