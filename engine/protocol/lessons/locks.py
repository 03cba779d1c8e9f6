"""Words that stay: what each way to hold a word gives, beside the law that a world has once the word is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.protocol.lessons.lesson import Figure, Lesson, Numbers
from engine.protocol.lessons.worlds import World
from engine.protocol.tokens import Tokens

WAYS: dict[str, str] = {
    "absorb": "Absorbing noise",
    "uniform": "Uniform noise",
    "redraw": "Uniform, and redraw",
    "marked": "Uniform, locks marked",
}
"""Ways to hold a word, and their titles: under either noise, with the other word drawn anew after each step, and by a
model that is told which words are held."""
STEPS = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class LocksLesson(Lesson):
    """Of a world of two places, whose word at `place` is held to be number `word`."""

    chapter: ClassVar[str] = "locks"
    world: World
    place: int
    word: int


@dataclass(frozen=True, eq=False)
class LocksFigure(Figure):
    """The other word's law is `exact` (N,) in the world; `found` (W, S, N) is what each of `WAYS` gives in each number
    of `steps` (S,), and `distance` (W, S) how far that is off, as total variation. NaN where it is still to come.

    `joint` (N,) has the chances of the texts that keep the lock. At `sigma` (L,), `believed` (L,) is the chance, under
    uniform noise, that a word which reads as the lock says was that word before the noise.
    """

    words: tuple[str, ...]
    place: int
    word: int
    joint: Numbers
    exact: Numbers
    steps: Tokens
    found: Numbers
    distance: Numbers
    sigma: Numbers
    believed: Numbers
