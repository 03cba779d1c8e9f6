"""Kinds of values that an option of a run takes, each in its three spellings.

A value stands in a request; it is given on a command line, as a number, a word, or a list of words where the option can
be given again; and it is an entry of a form, which settings and presets keep as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
        numbers = int if self.typed is int else int | float
        return isinstance(entry, numbers) and not isinstance(entry, bool) and self.low <= entry <= self.high


@dataclass(frozen=True)
class Whole(Real):
    """A whole number; a form offers those from `low` to `high`."""

    typed: ClassVar[type] = int
    low: int
    high: int


@dataclass(frozen=True)
class OneOf(Kind):
    """One of some names; `titles` says what each is called in menus."""

    titles: Mapping[str, str] = field(default_factory=dict)

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


class Several(Kind):
    """Some values, given one at a time."""

    several = True
    composed = True

    def read(self, given: list[str]) -> tuple[Any, ...]:
        return tuple(map(self.read_one, given))

    def given(self, value: tuple[Any, ...]) -> list[str]:
        return list(map(self.given_one, value))

    def read_one(self, given: str) -> Any:
        """One of the values from what was given for it."""
        return given

    def given_one(self, value: Any) -> str:
        """What is given for one of the values."""
        return str(value)


class Words(Several):
    """Words or phrases; in a form with commas between them."""

    def entry(self, value: tuple[str, ...]) -> str:
        return ", ".join(value)

    def value(self, entry: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in entry.split(",") if word.strip())


class Numbers(Several):
    """Numbers by name; in a form those of all samplers, of which the usual ones may be missing."""

    def accepts(self, entry: object) -> bool:
        number = Real(-1e9, 1e9)
        return isinstance(entry, dict) and all(isinstance(name, str) and number.accepts(entry[name]) for name in entry)

    def read_one(self, given: str) -> tuple[str, float]:
        name, _, value = given.partition("=")
        try:
            return name.strip(), float(value)
        except ValueError:
            raise UserError(f'The option "{given}" is not of the form name=number, such as theta=0.4.') from None

    def given_one(self, value: tuple[str, float]) -> str:
        return f"{value[0]}={value[1]!r}"

    def entry(self, value: tuple[tuple[str, float], ...]) -> dict[str, float]:
        return dict(value)

    def value(self, entry: dict[str, float]) -> tuple[tuple[str, float], ...]:
        return tuple(entry.items())


class Limits(Several):
    """Positions, and the only token ids that may stand there: "13-15=402,511"."""

    def read_one(self, given: str) -> Limit:
        places, _, tokens = given.partition("=")
        first, _, last = places.partition("-")
        try:
            return int(first), int(last or first) + 1, tuple(int(token) for token in tokens.split(","))
        except ValueError:
            raise UserError(f'"{given}" is not of the form positions=tokens, such as 13-15=402,511.') from None

    def given_one(self, value: Limit) -> str:
        start, stop, tokens = value
        return f"{start}-{stop - 1}={','.join(map(str, tokens))}"
