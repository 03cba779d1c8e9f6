"""All texts at once: how likely each text of a small world is, at every level of noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.protocol.lessons.lesson import Lesson, Numbers, TextsOfStates
from engine.protocol.lessons.worlds import World
from engine.protocol.noises import Noise
from engine.protocol.tokens import Tokens


@dataclass(frozen=True)
class TextsLesson(Lesson):
    """Of a world under a kind of noise, while the chance of the text number `edited` is made anything from 0 to 1."""

    chapter: ClassVar[str] = "texts"
    world: World
    noise: Noise = "absorb"
    edited: int = 0


@dataclass(frozen=True, eq=False)
class TextsFigure(TextsOfStates):
    """`texts` (T, L) are states, the mask after all words; `probability` (H, S, T) of each at the `sigma` (S,).

    Row h is for the clean law `laws` (H, C), in which the edited text has h hundredths; the others, in hundredths, too,
    keep as nearly as they can the shares that they had of the rest. `words` names the states but the mask.
    """

    clean: Tokens
    """(C,): the numbers of the clean texts among all."""
    sigma: Numbers
    stays: Numbers
    """(S,): the chance that a word is as it was."""
    becomes: Numbers
    """(S,): the chance that it is one other state, the mask where there is one."""
    laws: Numbers
    near: Numbers
    """(H, T, L + 1): the chance of all clean texts that differ from a text in d of those places that are not hidden."""
    probability: Numbers
    noise: Noise
