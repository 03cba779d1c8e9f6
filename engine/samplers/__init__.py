"""Samplers: one solver a file, one loop for all of them (`chain`)."""

from __future__ import annotations

from engine.messages import SAMPLERS, UserError
from engine.samplers.analytic import Analytic
from engine.samplers.chain import Sampler
from engine.samplers.euler import Euler

TABLE: dict[str, Sampler] = {"analytic": Analytic(), "euler": Euler()}


def sampler_named(name: str) -> Sampler:
    """The sampler called `name`; a UserError lists the known names otherwise."""
    if name not in TABLE:
        known = ", ".join(row.name for row in SAMPLERS)
        raise UserError(f'There is no sampler called "{name}"; choose one of: {known}.')
    return TABLE[name]
