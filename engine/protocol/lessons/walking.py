"""Walking back: single jumps from noise to a text, and where many walks end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from engine.protocol.lessons.lesson import Lesson, Numbers, TextsOfStates
from engine.protocol.lessons.worlds import World
from engine.protocol.noises import Noise
from engine.protocol.option_kinds import SEED, Real
from engine.protocol.tokens import Tokens

WALKS = 100_000
SHOWN = 1_000
"""Walks of which every jump is told."""


@dataclass(frozen=True)
class WalkingLesson(Lesson):
    """Walks with the true score of a world, of which that of its first word is multiplied by a `factor`."""

    chapter: ClassVar[str] = "walking"
    world: World
    noise: Noise = "absorb"
    factor: Annotated[float, Real(0.125, 8)] = 1.0
    seed: Annotated[int, SEED] = 0


@dataclass(frozen=True, eq=False)
class WalkingFigure(TextsOfStates):
    """Walks over `texts` (T, L) of states, the mask after all words.

    Of the first walks, (M, J + 1) after each jump: `visited` the number of the text, the last again once a walk has
    ended; `moment` the noised share 1 - e^-sigma at which it came there; `chance` (M, J + 1, T) what the next jump
    leads to, all 0 at the end; `probability` (M, J + 1, T) of each text at that moment. `jumps` (M,) are made in each.

    Row g of the others is for the first `walks` (G,): `counts` (G, C) of those that ended at each of the `clean` (C,)
    texts; `distance` (G,) is the total variation from their `law` (C,), and `expected` (G,), `spread` (G,) the mean and
    standard deviation, at most, of that of so many exact samples.
    """

    clean: Tokens
    noise: Noise
    visited: Tokens
    moment: Numbers
    chance: Numbers
    probability: Numbers
    jumps: Tokens
    walks: Tokens
    counts: Tokens
    law: Numbers
    distance: Numbers
    expected: Numbers
    spread: Numbers
