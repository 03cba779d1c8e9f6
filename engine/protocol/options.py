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
from engine.protocol.sampler_table import SAMPLERS

USUAL: dict[str, Any] = {field.name: field.default for field in fields(Generate)}
BOTH: tuple[Noise, ...] = ("absorb", "uniform")
MOST_STEPS = 1024
MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class RunOption:
    """A row of the table: the field of `Generate` called `name`.

    A form has a field for it if it has a `title`; there, and in settings and presets, it is called `entry`, and what is
    usual may be another value: `entry_usual`. On the command line it is called `argument` and `flag`, and `usage` is
    said of it, or else `help`. A command names a `main` option even where its value is the usual one, and a form does
    not fold it away. It works with `noises`. A value that does not keep to the `rule` is refused with its sentence.
    """

    name: str
    kind: Kind
    title: str
    help: str
    main: bool = False
    noises: tuple[Noise, ...] = (*BOTH, "none")
    usage: str = ""
    entry: str = ""
    entry_usual: Any = None
    argument: str = ""
    flag: str = ""
    rule: tuple[Callable[[Any], bool], str] = (lambda value: True, "")

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
        """A UserError unless the value keeps to the rule."""
        keeps, sentence = self.rule
        if not keeps(value):
            raise UserError(sentence.format(value))


_SAMPLERS = {"auto": "The usual one", **{row.name: row.title for row in SAMPLERS}}
_SPACINGS = {"time": "Even in time", "sigma": "Even in noise, logarithmic", "cosine": "Cosine: finer at the end"}
_LOCKINGS = {
    "auto": "The best for this model",
    "clamp": "Hold them",
    "gibbs": "Hold, and redraw",
    "particles": "Particles",
}

_ROWS = (
    RunOption(
        "steps",
        Whole(1, MOST_STEPS),
        "Steps",
        "More steps take longer and fit words together better.",
        main=True,
        noises=BOTH,
        rule=(lambda steps: steps >= 1, "A run needs at least 1 step; choose a larger number of steps."),
    ),
    RunOption("sampler", OneOf(_SAMPLERS), "Sampler", "Solver of the reverse chain.", main=True),
    RunOption(
        "seed",
        Whole(0, MOST_SEED),
        "Seed",
        "The same seed gives the same text again.",
        main=True,
        entry_usual=1729,
        rule=(lambda seed: seed >= 0, "A seed is a whole number of at least 0; choose another seed."),
    ),
    RunOption(
        "samples",
        Whole(1, 64),
        "Samples",
        "Texts made side by side from one prompt.",
        main=True,
        rule=(lambda samples: samples >= 1, "A run needs at least 1 sample; choose a larger number of samples."),
    ),
    RunOption(
        "first_sample",
        Whole(0, MOST_SEED),
        "",
        "The number of the first text; each number has draws of its own.",
        rule=(lambda number: number >= 0, "The first sample's number is at least 0; choose another."),
    ),
    RunOption(
        "spacing",
        Spacing(_SPACINGS),
        "Spacing",
        "Where between noise and text the steps lie.",
        usage="Where the steps lie; or their times, as 1,0.5,0.2,0.",
        noises=BOTH,
    ),
    RunOption(
        "temperature",
        Real(0.0, 5.0),
        "Temperature",
        "Below 1 the likely words become likelier still.",
        rule=(lambda t: t >= 0, "The temperature must be at least 0 and is {:g}; 1 leaves the model as is."),
    ),
    RunOption(
        "top_p",
        Real(0.01, 1.0),
        "Top-p",
        "Only the likeliest tokens with this much probability; 1 is the law.",
        entry_usual=0.9,
        rule=(lambda p: 0 < p <= 1, "Top-p must be more than 0 and at most 1 and is {:g}; 1 leaves the model as is."),
    ),
    RunOption(
        "locking",
        OneOf(_LOCKINGS),
        "Locks",
        "Under uniform noise a given word is not easily believed.",
        noises=("uniform",),
    ),
    RunOption(
        "options",
        Numbers(),
        "Options of the sampler",
        "A number of the sampler, as name=number; `sedd samplers` lists them.",
        flag="--option",
    ),
    RunOption(
        "words",
        Words(),
        "Banned words",
        "With commas between them; they never appear.",
        usage="A word or phrase that never appears.",
        noises=("absorb",),
        entry="banned",
        argument="ban",
    ),
    RunOption(
        "pattern",
        Pattern(),
        "Pattern",
        "A regular expression that the whole text matches.",
        usage="A regular expression that the whole text matches, or a name, such as @smiles of molecules.",
        noises=("absorb",),
    ),
    RunOption(
        "limits", Limits(), "", "Token ids that alone may stand at positions, as 13-15=402,511.", argument="only"
    ),
)
OPTIONS: dict[str, RunOption] = {row.name: row for row in _ROWS}
"""By the names of fields of `Generate`. Its other fields say what is filled and from where, and are no options."""

ENTRIES: dict[str, RunOption] = {row.entry: row for row in OPTIONS.values() if row.title}
"""The options that a form has, by their names there."""


def check_options(request: Generate) -> None:
    """A UserError where an option of the request makes no sense, whichever the model."""
    for row in OPTIONS.values():
        row.check(getattr(request, row.name))
