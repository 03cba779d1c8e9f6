"""What a page of measurements is made of: sections of `sedd` commands, and what each printed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

ASSETS_NAME = "assets/"
DATA_NAME = "data/"
RUNS_NAME = "runs/"

Kind = Literal[
    "likelihood", "budgets", "ways", "infilling", "domain", "gallery", "fragments", "samples", "trials", "claims"
]
Records = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Command:
    """The arguments of `sedd`; `label` is the name of its row in a table."""

    label: str
    arguments: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The command as it stands on the page."""
        return shlex.join(("sedd", *self.arguments))

    @property
    def models(self) -> tuple[str, ...]:
        """The model folders that it asks for."""
        return tuple(argument for argument in self.arguments if argument.startswith(ASSETS_NAME))

    def option(self, name: str) -> str:
        """The value that an option has in it."""
        return self.arguments[self.arguments.index(name) + 1]


@dataclass(frozen=True)
class Section:
    """A heading, what is measured, how its records are laid out, and the picture drawn of them, if any."""

    title: str
    text: str
    kind: Kind
    commands: tuple[Command, ...]
    picture: str = ""


@dataclass(frozen=True)
class Page:
    """A page under docs/, its opening paragraphs and its sections."""

    name: str
    head: str
    sections: tuple[Section, ...]


Found = Mapping[Command, Records]
"""What commands printed, as far as their models are there."""
