"""Breaking a text: the same accidents strike the same words under both kinds of noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from engine.protocol.lessons.lesson import Figure, Lesson, Numbers
from engine.protocol.option_kinds import SEED
from engine.protocol.tokens import Tokens

MOST_WORDS = 32
LONGEST_WORD = 32
"""Characters."""


@dataclass(frozen=True)
class BreakingLesson(Lesson):
    """What becomes of `words`, where uniform noise draws from them and from the other words of the `alphabet`."""

    chapter: ClassVar[str] = "breaking"
    words: tuple[str, ...]
    alphabet: tuple[str, ...] = ()
    seed: Annotated[int, SEED] = 0


@dataclass(frozen=True, eq=False)
class BreakingFigure(Figure):
    """At `sigma` (S,): `accidents` (S, L) have struck each word so far; `uniform` (S, L) are the numbers in `names` of
    the words that are read then. Under absorbing noise a word is hidden once one has struck it.

    `text` (L,) are the words of the text, in `names`, too. `kept` (S,) is the chance e^-sigma that none has struck a
    word, `same` (S,) the chance that it reads as it did under uniform noise; `struck` (S,) and `other` (S,) are the
    shares of this text for which that is not so.
    """

    names: tuple[str, ...]
    text: Tokens
    sigma: Numbers
    accidents: Tokens
    uniform: Tokens
    kept: Numbers
    same: Numbers
    struck: Numbers
    other: Numbers
    ever: tuple[tuple[int, ...], ...]
    """The words that are ever read at each place."""
    first: Numbers
    """(L,): the noise at which the first accident strikes each word; infinite where none does."""
