"""Learning the score: a table that learns ratios by each of three objectives, from the same texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from engine.protocol.lessons.lesson import Figure, Lesson, Numbers
from engine.protocol.lessons.worlds import World
from engine.protocol.noises import Noise
from engine.protocol.option_kinds import SEED, Real, Whole
from engine.protocol.tokens import Tokens

OBJECTIVES: dict[str, str] = {
    "explicit": "Score entropy",
    "implicit": "Implicit",
    "denoising": "Denoising",
}
"""What is minimised, with titles: the first needs the true ratios, the second texts with noise alone, the third those
and the clean ones that they were."""
STEPS = 3000
"""Of a whole training."""
TOLD = (*range(0, 100, 2), *range(100, 500, 10), *range(500, STEPS + 1, 50))
"""After which steps the tables are told of: often while they learn fast."""


@dataclass(frozen=True)
class TrainingLesson(Lesson):
    """Of the ratios of a world at one level `sigma`, from `batch` texts in each of so many `steps`."""

    chapter: ClassVar[str] = "training"
    world: World
    noise: Noise = "absorb"
    batch: Annotated[int, Whole(1, 2**16)] = 1024
    sigma: Annotated[float, Real(0.05, 6.0)] = 0.6
    seed: Annotated[int, SEED] = 0
    steps: Annotated[int, Whole(0, STEPS)] = STEPS


@dataclass(frozen=True, eq=False)
class TrainingFigure(Figure):
    """Ratio a is of the text number `ends` (A,) over `starts` (A,) of `texts` (T, L), which differ at `places` (A,);
    it is `true` (A,), and the table has `learnt` (3, K, A) after `step` (K,) steps, by each of `OBJECTIVES`.

    `loss` (3, K) is what the table costs on average over all texts, nats per unit of noise; `floor` (3,) is the least
    that any could.
    """

    words: tuple[str, ...]
    noise: Noise
    texts: Tokens
    starts: Tokens
    ends: Tokens
    places: Tokens
    true: Numbers
    step: Tokens
    learnt: Numbers
    loss: Numbers
    floor: Numbers
