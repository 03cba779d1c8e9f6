"""Kinds of values that an option of a run takes, each in its three spellings.

A value stands in a request; it is given on a command line, as a number, a word, or a list of words where the option can
be given again; and it is an entry of a form, which settings and presets keep as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, get_type_hints

import numpy as np

from engine.protocol.errors import UserError

if TYPE_CHECKING:
    from engine.protocol.requests import Limit

NUMBER = int | float | np.integer | np.floating
MOST_POSITIONS = 65_536
MOST_TOKENS = 2**22
"""Of a vocabulary."""
LONGEST_TEXT = 10_000
"""Characters of any one option."""
SHOWN = 40
"""Characters of what was given that are said again."""


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

    def check(self, name: str, value: Any) -> None:
        """A UserError, which calls the option `name`, unless a request may hold the value."""

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
    """Any text that is not too long."""

    def check(self, name: str, value: Any) -> None:
        check_count(name, len(value), LONGEST_TEXT, "characters")


class Pattern(Text):
    """A regular expression, or the name of one that belongs to the model's domain."""


@dataclass(frozen=True)
class Real(Kind):
    """A number from `low` to `high`."""

    typed: ClassVar[type] = float
    noun: ClassVar[str] = "a number"
    low: float
    high: float

    @property
    def span(self) -> str:
        """The range in words."""
        return f"from {self.low:,g} to {self.high:,g}"

    def accepts(self, entry: object) -> bool:
        return isinstance(entry, NUMBER) and not isinstance(entry, bool) and bool(self.low <= entry <= self.high)

    def check(self, name: str, value: Any) -> None:
        if not self.accepts(value):
            raise UserError(f"{name} must be {self.noun} {self.span} and is {self.shown(value)}.")

    def parse(self, name: str, given: object) -> Any:
        """The number from what was given on a command line; a UserError if it is none, or out of range."""
        try:
            value = self.typed(given)
        except (ValueError, OverflowError):
            value = given
        self.check(name, value)
        return value

    @staticmethod
    def shown(value: object) -> str:
        """A value as a sentence says it again, cut where it is long."""
        text = f"{value:,}" if isinstance(value, int) and abs(value) < 10**SHOWN else repr(value)[: SHOWN + 1]
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


@dataclass(frozen=True)
class Whole(Real):
    """A whole number from `low` to `high`; the lowest may have a name."""

    typed: ClassVar[type] = int
    noun: ClassVar[str] = "a whole number"
    low: int
    high: int
    lowest: str = ""

    @property
    def span(self) -> str:
        return f"from {self.low:,} to {self.high:,}"

    def accepts(self, entry: object) -> bool:
        return isinstance(entry, int | np.integer) and super().accepts(entry)


@dataclass(frozen=True)
class OneOf(Kind):
    """One of some names; `titles` says what each is called in menus."""

    titles: Mapping[str, str]

    def accepts(self, entry: object) -> bool:
        return isinstance(entry, str) and entry in self.titles


class Spacing(OneOf):
    """A way to space steps, or, which no form offers, their times themselves."""

    composed = True
    times: ClassVar[Real] = Real(0, 1)

    def check(self, name: str, value: Any) -> None:
        if not isinstance(value, str):
            check_count(name, len(value), MOST_POSITIONS + 1, "times")
            for time in value:
                self.times.check(f"A time of {name}", time)

    def read(self, given: str) -> str | tuple[float, ...]:
        if "," not in given:
            return given
        try:
            return tuple(float(number) for number in given.split(","))
        except ValueError:
            raise UserError(f'The times "{given}" are not all numbers; give some like 1,0.5,0.2,0.') from None

    def given(self, value: str | tuple[float, ...]) -> str:
        return value if isinstance(value, str) else ",".join(map(repr, value))


@dataclass(frozen=True)
class Words(Kind):
    """Words or phrases, at most `most`; in a form with commas between them."""

    several = composed = True
    most: int

    def check(self, name: str, value: Any) -> None:
        check_count(name, len(value), self.most, "words")
        check_count(name, sum(map(len, value)), LONGEST_TEXT, "characters")

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
    number: ClassVar[Real] = Real(-1e9, 1e9)

    def accepts(self, entry: object) -> bool:
        return isinstance(entry, dict) and all(
            isinstance(name, str) and self.number.accepts(entry[name]) for name in entry
        )

    def check(self, name: str, value: Any) -> None:
        for option, number in value:
            self.number.check(f"{option} of {name}", number)

    def read(self, given: list[str]) -> tuple[tuple[str, float], ...]:
        return tuple(map(number_named, given))

    def given(self, value: tuple[tuple[str, float], ...]) -> list[str]:
        return [f"{name}={number!r}" for name, number in value]

    def entry(self, value: tuple[tuple[str, float], ...]) -> dict[str, float]:
        return dict(value)

    def value(self, entry: dict[str, float]) -> tuple[tuple[str, float], ...]:
        return tuple(entry.items())


class Limits(Kind):
    """Positions from 0, and what alone may stand there: token ids, "13-15=402", or words, '13-15="ran","sat"'."""

    several = composed = True
    position: ClassVar[Whole] = Whole(0, MOST_POSITIONS)
    token: ClassVar[Whole] = Whole(0, MOST_TOKENS)
    words: ClassVar[Words] = Words(1_000)

    def check(self, name: str, value: Any) -> None:
        check_count(name, len(value), MOST_POSITIONS, "entries")
        for start, stop, tokens in value:
            for position in (start, stop - 1):
                self.position.check(f"A position of {name}", position)
            if any(isinstance(each, str) for each in tokens):
                if not all(isinstance(each, str) and each.strip() for each in tokens):
                    raise UserError(f"An entry of {name} has an empty word, or a number among words; give words alone.")
                self.words.check(name, tokens)
                continue
            for token in tokens:
                self.token.check(f"A token of {name}", token)

    def read(self, given: list[str]) -> tuple[Limit, ...]:
        return tuple(map(limit, given))

    def given(self, value: tuple[Limit, ...]) -> list[str]:
        return [f"{start}-{stop - 1}={','.join(map(_quoted, named))}" for start, stop, named in value]


def _quoted(named: int | str) -> str:
    """A token id, or a word in the form in which JSON has it."""
    return json.dumps(named, ensure_ascii=False)


SEED = Whole(0, 2**53 - 1)
"""The largest is one that every reader of JSON has exactly."""
STEPS = Whole(1, 65_536)
LENGTH = Whole(1, MOST_POSITIONS)
"""Of a text, tokens."""
MANY = Whole(1, 10**9)
"""Of what ends in time if each is small."""


def check_count(name: str, count: int, most: int, of: str) -> None:
    """A UserError where there are too many of something."""
    if count > most:
        raise UserError(f"{name} may have {most:,} {of} at most and has {count:,}; give fewer.")


def ranges_of(kind: Any) -> dict[str, Real]:
    """The ranges of a dataclass's numbers by the names of its fields: they stand in the annotations."""
    hints = get_type_hints(kind, include_extras=True)
    said = {name: getattr(hint, "__metadata__", ()) for name, hint in hints.items()}
    return {name: each for name, found in said.items() for each in found if isinstance(each, Real)}


def check_ranges(values: object) -> None:
    """A UserError where a number of a dataclass is out of its range; None, where it may be missing, is none."""
    for name, range_ in ranges_of(type(values)).items():
        if (value := getattr(values, name)) is not None:
            range_.check(name, value)


def _short(given: str) -> str:
    """What was given, as it is said again."""
    return given if len(given) <= SHOWN else f"{given[:SHOWN]}..."


def number_named(given: str) -> tuple[str, float]:
    """A number with its name from "name=number"."""
    name, _, number = given.partition("=")
    try:
        return name.strip(), float(number)
    except ValueError:
        raise UserError(f'The option "{_short(given)}" is not of the form name=number, such as theta=0.4.') from None


def limit(given: str) -> Limit:
    """Positions and what may stand there, from "13-15=402,511" or '13-15="ran","jumped"'."""
    places, _, named = given.partition("=")
    first, _, last = places.partition("-")
    try:
        return int(first), int(last or first) + 1, tuple(json.loads(f"[{named.strip() or '!'}]"))  # none is no list
    except (ValueError, RecursionError):
        raise UserError(
            f'"{_short(given)}" is not of the form positions=tokens, such as 13-15=402,511 or 13-15="ran","jumped".'
        ) from None
