"""Kinds of values that an option of a run takes, each in its three spellings.

A value stands in a request; it is given on a command line, as a number, a word, or a list of words where the option can
be given again; and it is an entry of a form, which settings and presets keep as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.protocol import Limit, UserError


class Kind:
    """A value that reads the same in a request, on a command line and in a form, unless a subclass says otherwise.

    `typed` is the type of what is given on a command line, `several` whether that is a list of it, `composed` whether
    it has a syntax of its own.
    """

    typed: ClassVar[type] = str
    several: ClassVar[bool] = False
    composed: ClassVar[bool] = False

    def accepts(self, entry: object) -> bool:
        """Whether a form may hold the entry."""
        return isinstance(entry, str)

    def read(self, given: Any) -> Any:
        """The value from what was given on a command line; a UserError if that cannot be read."""
        return given

    def given(self, value: Any) -> Any:
        """What is given on a command line for the value."""
        return value

    def entry(self, value: Any) -> Any:
        """The entry of a form for the value."""
        return value

    def value(self, entry: Any) -> Any:
        """The value of an entry."""
        return entry


class Text(Kind):
    """Any text."""


class Pattern(Text):
    """A regular expression, or the name of one that belongs to the model's domain."""


@dataclass(frozen=True)
class Real(Kind):
    """A number; a form offers those from `low` to `high`."""

    typed: ClassVar[type] = float
    low: float
    high: float

    def accepts(self, entry: object) -> bool:
        return isinstance(entry, int | float) and not isinstance(entry, bool) and self.low <= entry <= self.high


@dataclass(frozen=True)
class Whole(Real):
    """A whole number; a form offers those from `low` to `high`."""

    typed: ClassVar[type] = int
    low: int
    high: int

    def accepts(self, entry: object) -> bool:
        return isinstance(entry, int) and super().accepts(entry)


@dataclass(frozen=True)
class OneOf(Kind):
    """One of some names; `titles` says what each is called in menus."""

    titles: Mapping[str, str]

    def accepts(self, entry: object) -> bool:
        return isinstance(entry, str) and entry in self.titles


class Spacing(OneOf):
    """A way to space steps, or, which no form offers, their times themselves."""

    composed = True

    def read(self, given: str) -> str | tuple[float, ...]:
        if "," not in given:
            return given
        try:
            return tuple(float(number) for number in given.split(","))
        except ValueError:
            raise UserError(f'The times "{given}" are not all numbers; give some like 1,0.5,0.2,0.') from None

    def given(self, value: str | tuple[float, ...]) -> str:
        return value if isinstance(value, str) else ",".join(map(repr, value))


class Words(Kind):
    """Words or phrases; in a form with commas between them."""

    several = composed = True

    def read(self, given: list[str]) -> tuple[str, ...]:
        return tuple(given)

    def given(self, value: tuple[str, ...]) -> list[str]:
        return list(value)

    def entry(self, value: tuple[str, ...]) -> str:
        return ", ".join(value)

    def value(self, entry: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in entry.split(",") if word.strip())


class Numbers(Kind):
    """Numbers by name: "theta=0.4". A form has those of all samplers, of which the usual ones may be missing."""

    several = composed = True

    def accepts(self, entry: object) -> bool:
        number = Real(-1e9, 1e9)
        return isinstance(entry, dict) and all(isinstance(name, str) and number.accepts(entry[name]) for name in entry)

    def read(self, given: list[str]) -> tuple[tuple[str, float], ...]:
        return tuple(map(number_named, given))

    def given(self, value: tuple[tuple[str, float], ...]) -> list[str]:
        return [f"{name}={number!r}" for name, number in value]

    def entry(self, value: tuple[tuple[str, float], ...]) -> dict[str, float]:
        return dict(value)

    def value(self, entry: dict[str, float]) -> tuple[tuple[str, float], ...]:
        return tuple(entry.items())


class Limits(Kind):
    """Positions, and the only token ids that may stand there: "13-15=402,511"."""

    several = composed = True

    def read(self, given: list[str]) -> tuple[Limit, ...]:
        return tuple(map(limit, given))

    def given(self, value: tuple[Limit, ...]) -> list[str]:
        return [f"{start}-{stop - 1}={','.join(map(str, tokens))}" for start, stop, tokens in value]


def number_named(given: str) -> tuple[str, float]:
    """A number with its name from "name=number"."""
    name, _, number = given.partition("=")
    try:
        return name.strip(), float(number)
    except ValueError:
        raise UserError(f'The option "{given}" is not of the form name=number, such as theta=0.4.') from None


def limit(given: str) -> Limit:
    """Positions and the token ids that may stand there, from "13-15=402,511"."""
    places, _, tokens = given.partition("=")
    first, _, last = places.partition("-")
    try:
        return int(first), int(last or first) + 1, tuple(int(token) for token in tokens.split(","))
    except ValueError:
        raise UserError(f'"{given}" is not of the form positions=tokens, such as 13-15=402,511.') from None
