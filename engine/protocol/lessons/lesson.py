"""What all lessons have in common: a lesson is asked for, figures are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from engine.protocol.tokens import Tokens

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lesson:
    """A request that holds all that decides the figure of a chapter, for the whole range of its sliders.

    `engine.lessons` has a module of the name `chapter` that answers it. Lessons that are equal have equal answers.
    """

    chapter: ClassVar[str]
    of_model: ClassVar[bool] = False
    """Whether the model that is open answers; then what was answered holds for that model only."""


@dataclass(frozen=True, eq=False)
class Figure:
    """What a chapter's figure shows: the numbers of it, in read-only arrays."""


@dataclass(frozen=True, eq=False)
class TextsOfStates(Figure):
    """A figure over `texts` (T, L) of states: the `words`, and after them the mask where noise hides words."""

    words: tuple[str, ...]
    texts: Tokens

    @property
    def states(self) -> int:
        """How many states a place has."""
        return int(self.texts.max()) + 1

    def hidden(self, state: int) -> bool:
        """Whether a state is a hidden word."""
        return bool(state >= len(self.words))

    def changing(self, text: Sequence[int]) -> tuple[int, ...]:
        """The places of a text that a step back from noise can change: hidden ones, or all where nothing is hidden."""
        nothing_hidden = self.states == len(self.words)
        return tuple(place for place, state in enumerate(text) if self.hidden(state) or nothing_hidden)


def numbers(array: npt.ArrayLike) -> Numbers:
    """A read-only float64 copy of `array`."""
    copy = np.array(array, dtype=np.float64)
    copy.setflags(write=False)
    return copy
