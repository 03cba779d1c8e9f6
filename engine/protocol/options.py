"""Every option of a run, declared once: its name, its values, what is said of it, where it works and what is usual.

The options of the command line, the fields of the form with its settings and presets, copied commands and the checks of
a request are all read from `OPTIONS`. What is usual is the default of the field of `Generate`. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from engine.protocol import Generate, Noise, UserError
from engine.protocol.option_kinds import Kind, Limits, Numbers, OneOf, Pattern, Real, Spacing, Whole, Words
from engine.protocol.sampler_table import BOTH, SAMPLERS

USUAL: dict[str, Any] = {field.name: field.default for field in fields(Generate)}
MOST_STEPS = 1024
MOST_SEED = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class RunOption:
    """A row of the table: the field of `Generate` called `name`.

    A form has a field for it if it has a `title`; there, and in settings and presets, it is called `entry`, and what is
    usual may be another value: `entry_usual`. On the command line it is called `argument` and `flag`, and `usage` is
    said of it, or else `help`. A command names a `main` option even where its value is the usual one, and a form does
    not fold it away. It works with `noises`. A value that is not `valid` is refused with the sentence `wrong`.
    """

    name: str
    kind: Kind
    help: str
    title: str = ""
    main: bool = False
    noises: tuple[Noise, ...] = (*BOTH, "none")
    usage: str = ""
    entry: str = ""
    entry_usual: Any = None
    argument: str = ""
    flag: str = ""
    valid: Callable[[Any], bool] = lambda value: True
    wrong: str = ""

    def __post_init__(self) -> None:
        argument = self.argument or self.name
        usual = self.kind.entry(self.usual) if self.entry_usual is None else self.entry_usual
        found = {"entry": self.entry or self.name, "entry_usual": usual, "argument": argument}
        found |= {"flag": self.flag or f"--{argument.replace('_', '-')}", "usage": self.usage or self.help}
        for name, value in found.items():
            object.__setattr__(self, name, value)

    @property
    def usual(self) -> Any:
        """The value of a request that does not say it."""
        return USUAL[self.name]

    def check(self, value: Any) -> None:
        """A UserError unless the value is valid."""
        if not self.valid(value):
            raise UserError(self.wrong.format(value))


_SAMPLERS = {"auto": "The usual one", **{row.name: row.title for row in SAMPLERS}}
_SPACINGS = {"time": "Even in time", "sigma": "Even in noise, logarithmic", "cosine": "Cosine: finer at the end"}
_LOCKINGS = {
    "auto": "The best for this model",
    "clamp": "Hold them",
    "gibbs": "Hold, and redraw",
    "particles": "Particles",
}

OPTIONS: dict[str, RunOption] = {
    row.name: row
    for row in (
        RunOption(
            name="steps",
            kind=Whole(1, MOST_STEPS),
            title="Steps",
            help="More steps take longer and fit words together better.",
            main=True,
            noises=BOTH,
            valid=lambda steps: steps >= 1,
            wrong="A run needs at least 1 step; choose a larger number of steps.",
        ),
        RunOption(
            name="sampler",
            kind=OneOf(_SAMPLERS),
            title="Sampler",
            help="Solver of the reverse chain.",
            main=True,
        ),
        RunOption(
            name="seed",
            kind=Whole(0, MOST_SEED),
            title="Seed",
            help="The same seed gives the same text again.",
            main=True,
            entry_usual=1729,
            valid=lambda seed: seed >= 0,
            wrong="A seed is a whole number of at least 0; choose another seed.",
        ),
        RunOption(
            name="samples",
            kind=Whole(1, 64),
            title="Samples",
            help="Texts made side by side from one prompt.",
            main=True,
            valid=lambda samples: samples >= 1,
            wrong="A run needs at least 1 sample; choose a larger number of samples.",
        ),
        RunOption(
            name="first_sample",
            kind=Whole(0, MOST_SEED),
            help="The number of the first text; each number has draws of its own.",
            valid=lambda number: number >= 0,
            wrong="The first sample's number is at least 0; choose another.",
        ),
        RunOption(
            name="spacing",
            kind=Spacing(_SPACINGS),
            title="Spacing",
            help="Where between noise and text the steps lie.",
            usage="Where the steps lie; or their times, as 1,0.5,0.2,0.",
            noises=BOTH,
        ),
        RunOption(
            name="temperature",
            kind=Real(0.0, 5.0),
            title="Temperature",
            help="Below 1 the likely words become likelier still.",
            valid=lambda temperature: temperature >= 0,
            wrong="The temperature must be at least 0 and is {:g}; 1 leaves the model as is.",
        ),
        RunOption(
            name="top_p",
            kind=Real(0.01, 1.0),
            title="Top-p",
            help="Only the likeliest tokens with this much probability; 1 is the law.",
            entry_usual=0.9,
            valid=lambda mass: 0 < mass <= 1,
            wrong="Top-p must be more than 0 and at most 1 and is {:g}; 1 leaves the model as is.",
        ),
        RunOption(
            name="locking",
            kind=OneOf(_LOCKINGS),
            title="Locks",
            help="Under uniform noise a given word is not easily believed.",
            noises=("uniform",),
        ),
        RunOption(
            name="options",
            kind=Numbers(),
            title="Options of the sampler",
            help="A number of the sampler, as name=number; `sedd samplers` lists them.",
            flag="--option",
        ),
        RunOption(
            name="words",
            kind=Words(),
            title="Banned words",
            help="With commas between them; they never appear.",
            usage="A word or phrase that never appears.",
            noises=("absorb",),
            entry="banned",
            argument="ban",
        ),
        RunOption(
            name="pattern",
            kind=Pattern(),
            title="Pattern",
            help="A regular expression that the whole text matches.",
            usage="A regular expression that the whole text matches, or a name, such as @smiles of molecules.",
            noises=("absorb",),
        ),
        RunOption(
            name="limits",
            kind=Limits(),
            help="Token ids that alone may stand at positions, as 13-15=402,511.",
            argument="only",
        ),
    )
}
"""By the names of fields of `Generate`. Its other fields say what is filled and from where, and are no options."""

ENTRIES: dict[str, RunOption] = {row.entry: row for row in OPTIONS.values() if row.title}
"""The options that a form has, by their names there."""


def check_options(request: Generate) -> None:
    """A UserError where an option of the request makes no sense, whichever the model."""
    for row in OPTIONS.values():
        row.check(getattr(request, row.name))
