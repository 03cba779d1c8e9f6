"""The levels of noise over which a slider of Learn goes.

They have two decimals, so that what a formula shows is the very number that was computed with; the noised share of a
text, 1 - e^-sigma, goes up in steps of half a per cent where two decimals allow it.
"""

from __future__ import annotations

import numpy as np

from engine.protocol.lessons.lesson import Numbers, numbers

STEP = 0.005
"""Of the noised share, between two levels."""
LAST = 6.0
"""At which a quarter of a per cent of a text is not noised."""

SIGMAS = numbers(sorted({*np.round(-np.log1p(-np.arange(0, 1, STEP)), 2).tolist(), LAST}))
"""From no noise to the `LAST` level, (S,)."""
NOISED = numbers(-np.expm1(-SIGMAS))
"""The noised share of a text at each, 1 - e^-sigma, (S,)."""
NOISY = numbers(SIGMAS[SIGMAS >= 0.05])
"""Those at which there is so much noise that no ratio of chances is beyond all measure."""


def level_near(sigma: float, levels: Numbers = SIGMAS) -> int:
    """The number of the level that is nearest to `sigma`."""
    return int(np.abs(levels - sigma).argmin())
