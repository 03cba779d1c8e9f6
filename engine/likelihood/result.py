"""A bound as a number with an interval, in the units that people use.

The interval is Student's: estimate +- t standard errors, t the 97.5 % point for n - 1 degrees of freedom, where n
independent values went into the mean. It needs values that are nearly normal, which means of several draws are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from engine.protocol.units import in_units

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Bound:
    """A running estimate: `nats` per token and its `standard_error` (NaN for a single value).

    It is over `tokens` tokens in `sequences` sequences, from `calls` network evaluations of one sequence each. The
    error comes from `values` independent values: texts, or replicates of the estimate if there is one text.
    """

    nats: float
    standard_error: float
    tokens: int
    sequences: int
    calls: int
    values: int = 1

    @property
    def half_width(self) -> float:
        """Half of the 95 % interval, nats per token; NaN for a single value."""
        return self.standard_error * student_quantile(self.values - 1) if self.values > 1 else math.nan

    def units(self, size: int) -> dict[str, tuple[float, float]]:
        """Value and standard error by unit, for a text of `size` bytes."""
        return in_units(self.nats, self.standard_error, self.tokens, size)


def mean_of(totals: np.ndarray, tokens: int, calls: int) -> Bound:
    """The bound of one sequence of `tokens` tokens from independent estimates (R,) of it, nats per sequence."""
    values = np.asarray(totals, np.float64) / tokens
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return Bound(float(values.mean()), error, tokens, 1, calls, len(values))


def ratio_of(totals: np.ndarray, lengths: np.ndarray, sequences: int, calls: int) -> Bound:
    """The bound over texts of `totals` (R,) nats and `lengths` (R,) tokens: the standard error is of a ratio."""
    count = len(totals)
    mean = totals.sum() / lengths.sum()
    residuals = totals - mean * lengths
    error = math.sqrt((residuals**2).sum() / (count - 1) * count) / lengths.sum() if count > 1 else math.nan
    return Bound(float(mean), float(error), int(lengths.sum()), sequences, calls, count)


def tightened(bound: Bound, slack: Bound) -> Bound:
    """A bound less its slack, which may be that of some of its texts.

    The errors are added as if they were independent. Texts that are hard have more slack than others as a rule, and
    then the true error is smaller.
    """
    error = math.hypot(bound.standard_error, slack.standard_error)
    calls, values = bound.calls + slack.calls, min(bound.values, slack.values)
    return Bound(bound.nats - slack.nats, error, bound.tokens, bound.sequences, calls, values)


@lru_cache(maxsize=4096)
def student_quantile(freedom: int) -> float:
    """The point that Student's t with `freedom` >= 1 degrees of freedom stays below in 97.5 % of cases.

    From 200 on by the first two terms of its expansion around the normal law, within 1e-6 (Abramowitz and Stegun,
    26.7.5); below by bisection.
    """
    if freedom >= 200:
        z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
        return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < CONFIDENCE else (low, middle)
    return high


def _within(t: float, freedom: int) -> float:
    """P(|T| < t), by the finite sums for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine = math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = 0.0
    for k in range(freedom // 2):
        total += term
        term *= cosine**2 * (2 * k + 2) / (2 * k + 3) if odd else cosine**2 * (2 * k + 1) / (2 * k + 2)
    return 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total
