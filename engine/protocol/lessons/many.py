"""Many at once: what samplers write in N steps, where two words belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.protocol.lessons.lesson import Figure, Lesson, Numbers
from engine.protocol.lessons.worlds import World
from engine.protocol.noises import Noise
from engine.protocol.tokens import Tokens

STEPS = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True)
class ManyLesson(Lesson):
    """What every sampler for a kind of noise makes of a world's true scores, in numbers of steps that double."""

    chapter: ClassVar[str] = "many"
    world: World
    noise: Noise = "absorb"


@dataclass(frozen=True, eq=False)
class ManyFigure(Figure):
    """`law` (A, N, C) of the finished texts, by the `samplers` (A,) that `engine.protocol.sampler_table` names and the
    `steps` (N,); `distance` (A, N) is its total variation from the `true` one (C,). NaN where it is not known yet, or
    would take too long. `clean` (C, L) are the texts.

    `apart` (A, N) is the chance of a text that the world does not have.
    """

    samplers: tuple[str, ...]
    steps: tuple[int, ...]
    clean: Tokens
    true: Numbers
    law: Numbers
    distance: Numbers
    apart: Numbers
    noise: Noise
