"""Every option of a run, declared once: its name, its values, what is said of it, where it works and what is usual.

The options of the command line, the fields of the form with its settings and presets, copied commands and the checks of
a request are all read from `OPTIONS`. What is usual is the default of the field of `Generate`. Imports no torch.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from engine.protocol import Generate, Noise, UserError
from engine.protocol.option_kinds import SEED, STEPS, Kind, Limits, Numbers, OneOf, Pattern, Real, Spacing, Whole, Words
from engine.protocol.sampler_table import ALL_SAMPLERS

USUAL: dict[str, Any] = {field.name: field.default for field in fields(Generate)}
BOTH: tuple[Noise, ...] = ("absorb", "uniform", "mixed")
MOST_SAMPLES = 4096
MOST_WORDS = 200
MOST_CLASSES = 10**6


@dataclass(frozen=True)
class RunOption:
    """A row of the table: the field of `Generate` called `name`.

    A form has a field for it if it has a `title`; there, and in settings and presets, it is called `entry`, and what is
    usual may be another value: `entry_usual`. On the command line it is called `argument` and `flag`, and `usage` is
    said of it, or else `help`. A command names a `main` option even where its value is the usual one. It works with
    `noises`, and if it is about `classes` with models that know some. One that is `about` another option means nothing
    while that has its usual value. Its `kind` says which values it may have.
    """

    name: str
    kind: Kind
    title: str
    help: str
    main: bool = False
    noises: tuple[Noise, ...] = (*BOTH, "none")
    classes: bool = False
    about: str = ""
    usage: str = ""
    entry: str = ""
    entry_usual: Any = None
    argument: str = ""
    flag: str = ""

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

    def fits(self, noise: Noise, classes: int = 0) -> bool:
        """Whether it works with models of this noise that know so many classes of texts."""
        return noise in self.noises and (classes > 0 or not self.classes)

    def idle(self, request: Generate) -> bool:
        """Whether it changes nothing in a request, since the option that it is about was left as usual."""
        return bool(self.about) and getattr(request, self.about) == USUAL[self.about]

    def check(self, value: Any) -> None:
        """A UserError unless a request may hold the value."""
        self.kind.check(self.title or self.name, value)


_SAMPLERS = {"auto": "The usual one", **{row.name: row.title for row in ALL_SAMPLERS}}
_SPACINGS = {"time": "Even in time", "sigma": "Even in log noise", "cosine": "Finer at the end"}
_LOCKINGS = {
    "auto": "Best for the model",
    "clamp": "Hold them",
    "gibbs": "Hold, and redraw",
    "particles": "Particles",
}

_ROWS = (
    RunOption("steps", STEPS, "Steps", "More steps take longer and fit words together better.", main=True, noises=BOTH),
    RunOption("sampler", OneOf(_SAMPLERS), "Sampler", "Solver of the reverse chain.", main=True),
    RunOption(
        "seed",
        SEED,
        "Seed",
        "The same seed gives the same text again.",
        main=True,
        entry_usual=1729,
        usage="The same seed gives the same text again; at most 2^53 - 1.",
    ),
    RunOption("samples", Whole(1, MOST_SAMPLES), "Samples", "Texts made side by side from one prompt.", main=True),
    RunOption("first_sample", SEED, "", "The number of the first text; each number has draws of its own."),
    RunOption(
        "spacing",
        Spacing(_SPACINGS),
        "Spacing",
        "Where between noise and text the steps lie.",
        usage="Where the steps lie; or their times, as 1,0.5,0.2,0.",
        noises=BOTH,
    ),
    RunOption("temperature", Real(0.0, 100.0), "Temperature", "Below 1 the likely words become likelier still."),
    RunOption(
        "top_p",
        Real(1e-6, 1.0),
        "Top-p",
        "Only the likeliest tokens, with so much probability together; 1 cuts nothing off.",
        entry_usual=0.9,
    ),
    RunOption(
        "locking",
        OneOf(_LOCKINGS),
        "Locks",
        "How words that are given are kept: under uniform noise that is not certain.",
        noises=("uniform",),
    ),
    RunOption(
        "label",
        Whole(-1, MOST_CLASSES - 1, "any"),
        "Class",
        "The class of texts that is written, from 0; -1 for any.",
        noises=BOTH,
        classes=True,
        flag="--class",
    ),
    RunOption(
        "guidance",
        Real(0.0, 100.0),
        "Guidance",
        "How much more the class counts than in the model's law, which 1 is; others take two network calls.",
        noises=BOTH,
        classes=True,
        about="label",
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
        Words(MOST_WORDS),
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
        "limits",
        Limits(),
        "",
        'What alone may stand at positions, from 0: token ids, as 13-15=402,511, or words, as 13-15="ran","jumped".',
        argument="only",
    ),
)
OPTIONS: dict[str, RunOption] = {row.name: row for row in _ROWS}
"""By the names of fields of `Generate`. Its other fields say what is filled and from where, and are no options."""

ENTRIES: dict[str, RunOption] = {row.entry: row for row in OPTIONS.values() if row.title}
"""The options that a form has, by their names there."""


def check_options(request: Generate, by_flags: bool = False) -> None:
    """A UserError where an option of the request makes no sense, whichever the model; `by_flags`: as it is called on a
    command line."""
    known = {option.name: option for row in ALL_SAMPLERS if row.name == request.sampler for option in row.options}
    for name, number in request.options:
        if name in known:
            known[name].kind.check(name, number)
    for row in OPTIONS.values():
        row.kind.check(row.flag if by_flags else row.title or row.name, getattr(request, row.name))


def check_together(request: Generate, by_flags: bool = False) -> None:
    """A UserError where an option of a request that is about another would be without effect; `by_flags` as above."""
    for row in OPTIONS.values():
        if row.idle(request) and getattr(request, row.name) != row.usual:
            other = OPTIONS[row.about]
            raise UserError(
                f"{row.flag} changes nothing without {other.flag}; give that, too, or leave it out."
                if by_flags
                else f"{row.title} changes nothing without a {other.title.lower()}; choose one, or leave it at "
                f"{row.usual:g}."
            )
