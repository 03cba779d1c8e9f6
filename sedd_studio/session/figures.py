"""Bounds and exact values in the usual units."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.protocol import Bounded, Weighed

PRECISIONS = (0.1, 0.05, 0.02, 0.01)
"""Halves of the 95 % interval, nats a token, at which a bound may stop."""


@dataclass(frozen=True)
class Figure:
    """A bound in one unit: its value and its standard error."""

    unit: str
    value: float
    error: float


def figures(bound: Bounded, size: int) -> tuple[Figure, ...]:
    """A bound in the usual units, for a text of `size` bytes."""
    return in_units(bound.nats, bound.standard_error, bound.tokens, size)


def exact_figures(weighed: Weighed, size: int) -> tuple[Figure, ...]:
    """An exact value in the usual units; it has no error."""
    return in_units(float(weighed.nats.mean()), 0.0, len(weighed.nats), size)


def in_units(nats: float, error: float, tokens: int, size: int) -> tuple[Figure, ...]:
    """Nats a token, and what follows from them for a text of so many tokens and bytes."""
    bits, bits_error, perplexity = nats / math.log(2), error / math.log(2), math.exp(nats)
    found = [Figure("nats a token", nats, error), Figure("bits a token", bits, bits_error)]
    if size:
        found.append(Figure("bits a byte", bits * tokens / size, bits_error * tokens / size))
    return (*found, Figure("perplexity a token", perplexity, perplexity * error))
