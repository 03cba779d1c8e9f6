"""Samplers: one solver a file, one loop for all of them (`loop`)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from engine.protocol import Noise, UserError
from engine.protocol.sampler_table import ALL_SAMPLERS, default_sampler, samplers_for
from engine.samplers.protocols import Sampler


def sampler_named(name: str, noise: Noise, options: Sequence[tuple[str, float]] = ()) -> Sampler[Any]:
    """The sampler called `name` ("auto": the default) with its options; a UserError says what else there is."""
    if name == "auto":
        name = default_sampler(noise)
    fitting = samplers_for(noise)
    row = next((row for row in fitting if row.name == name), None)
    if row is None:
        known = ", ".join(row.name for row in fitting)
        reason = f"is not for {noise} noise" if name in {row.name for row in ALL_SAMPLERS} else "is not known"
        raise UserError(f'The sampler "{name}" {reason}; choose one of: {known}.')
    known_options = {option.name: option for option in row.options}
    for option, number in options:
        if option in known_options:
            known_options[option].kind.check(option, number)
        else:
            listed = ", ".join(sorted(known_options)) or "none"
            raise UserError(f'The sampler "{name}" has no option "{option}"; it has: {listed}.')
    module = import_module(f"engine.samplers.{name.replace('-', '_')}")
    solver: Sampler[Any] = getattr(module, row.noises[noise])(**dict(options))
    return solver
