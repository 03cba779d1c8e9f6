"""Samplers: one solver a file, one loop for all of them (`loop`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.protocol import Noise, UserError
from engine.protocol.sampler_table import SAMPLERS, default_sampler
from engine.samplers.analytic import Analytic
from engine.samplers.confidence import Confidence
from engine.samplers.entropy_bounded import EntropyBounded
from engine.samplers.euler import Euler
from engine.samplers.first_hitting import FirstHitting
from engine.samplers.gibbs import Gibbs
from engine.samplers.protocols import Sampler
from engine.samplers.remask import Remask
from engine.samplers.subset import Subset
from engine.samplers.surest import Surest
from engine.samplers.tau_leaping import TauLeaping
from engine.samplers.trapezoidal import Trapezoidal
from engine.samplers.tweedie import Tweedie
from engine.samplers.uniformization import Uniformization

TABLE: dict[str, Callable[..., Sampler]] = {
    "surest": Surest,
    "subset": Subset,
    "tweedie": Tweedie,
    "first-hitting": FirstHitting,
    "trapezoidal": Trapezoidal,
    "entropy-bounded": EntropyBounded,
    "confidence": Confidence,
    "remask": Remask,
    "tau-leaping": TauLeaping,
    "uniformization": Uniformization,
    "gibbs": Gibbs,
    "analytic": Analytic,
    "euler": Euler,
}


def sampler_named(name: str, noise: Noise, options: Sequence[tuple[str, float]] = ()) -> Sampler:
    """The sampler called `name` ("auto": the default) with its options; a UserError says what else there is."""
    if name == "auto":
        name = default_sampler(noise)
    fitting = [row for row in SAMPLERS if noise in row.noises]
    row = next((row for row in fitting if row.name == name), None)
    if row is None:
        known = ", ".join(row.name for row in fitting)
        reason = "is not for" if name in TABLE else "is not known; for"
        raise UserError(f'The sampler "{name}" {reason} {noise} noise; choose one of: {known}.')
    known_options = {option.name for option in row.options}
    for option, _ in options:
        if option not in known_options:
            listed = ", ".join(sorted(known_options)) or "none"
            raise UserError(f'The sampler "{name}" has no option "{option}"; it has: {listed}.')
    return TABLE[name](**dict(options))
