"""Bounds and exact values in the usual units."""

from __future__ import annotations

from engine.protocol import Bounded, Weighed
from engine.protocol.units import in_units

PRECISIONS = (0.1, 0.05, 0.02, 0.01)
"""Halves of the 95 % interval, nats a token, at which a bound may stop."""


def figures(bound: Bounded, size: int) -> dict[str, tuple[float, float]]:
    """A bound and its standard error by unit, for a text of `size` bytes."""
    return in_units(bound.nats, bound.standard_error, bound.tokens, size)


def exact_figures(weighed: Weighed, size: int) -> dict[str, tuple[float, float]]:
    """An exact value by unit; it has no error."""
    return in_units(float(weighed.nats.mean()), 0.0, len(weighed.nats), size)
