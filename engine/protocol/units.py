"""Nats a token in the other units that people use."""

from __future__ import annotations

import math

LARGEST_EXPONENT = 709.0
"""Beyond this exp is more than a float holds."""


def in_units(nats: float, error: float, tokens: int, size: int) -> dict[str, tuple[float, float]]:
    """A value of so many nats a token with its standard error, by unit, for a text of `tokens` tokens.

    Bits per byte are there if the text has a `size` in bytes.
    """
    factors = {"nats_per_token": 1.0, "bits_per_token": 1 / math.log(2)}
    if size:
        factors["bits_per_byte"] = tokens / size / math.log(2)
    perplexity = exponential(nats)
    linear = {unit: (nats * factor, error * factor) for unit, factor in factors.items()}
    return linear | {"perplexity": (perplexity, perplexity * error)}


def exponential(nats: float) -> float:
    """exp(nats); infinite where that is more than a float holds."""
    return math.inf if nats > LARGEST_EXPONENT else math.exp(nats)
