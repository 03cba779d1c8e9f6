"""What all lessons have in common: a lesson is asked for, figures are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

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


def numbers(array: npt.ArrayLike) -> Numbers:
    """A read-only float64 copy of `array`."""
    copy = np.array(array, dtype=np.float64)
    copy.setflags(write=False)
    return copy
