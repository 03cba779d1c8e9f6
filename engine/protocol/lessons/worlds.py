"""Worlds of a few words and two places, of which everything can be computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

from engine.plain_text import plain_line
from engine.protocol.errors import UserError
from engine.protocol.noises import Noise

MOST_WORDS, MOST_PLACES = 4, 3
LONGEST_WORD = 16
"""Characters."""
MASKS: dict[Noise, int] = {"absorb": 1, "uniform": 0}
SLACK = 1e-9
"""How far from 1 the chances may sum up."""


@dataclass(frozen=True)
class World:
    """`words`, and the chance of each text of so many `places`, in the order in which `texts` tells them."""

    words: tuple[str, ...]
    law: tuple[float, ...]
    places: int = 2

    def texts(self) -> list[tuple[int, ...]]:
        """Every text as numbers of words, the last place changing first."""
        return list(product(range(len(self.words)), repeat=self.places))

    def states(self, noise: Noise) -> int:
        """How many states a place has under a kind of noise: the words, and a mask where there is one."""
        return len(self.words) + MASKS[noise]

    def check(self) -> None:
        """A UserError where it is no world, or too large a one."""
        if not 2 <= len(self.words) <= MOST_WORDS or len(set(self.words)) < len(self.words):
            raise UserError(f"A world has from 2 to {MOST_WORDS} words, all different; give it such.")
        for word in self.words:
            if not word or len(word) > LONGEST_WORD or plain_line(word) != word:
                raise UserError(
                    f"A word of a world has from 1 to {LONGEST_WORD} plain characters; choose another word."
                )
        if not 1 <= self.places <= MOST_PLACES:
            raise UserError(f"The texts of a world have from 1 to {MOST_PLACES} words; choose such a length.")
        texts = len(self.words) ** self.places
        if len(self.law) != texts:
            raise UserError(f"This world has {texts} texts and {len(self.law)} chances; give one for each text.")
        proper = all(math.isfinite(chance) and chance >= 0 for chance in self.law)
        if not proper or abs(math.fsum(self.law) - 1) > SLACK:
            raise UserError("The chances of a world's texts must be 0 or more and sum up to 1; mend them.")


WORLDS: dict[str, tuple[str, World]] = {
    "tick": ("The tick-tock world", World(("tick", "tock"), (0.12, 0.55, 0.25, 0.08))),
    "rain": (
        "The weather world",
        World(("sun", "rain", "snow"), (0.34, 0.09, 0.01, 0.12, 0.2, 0.05, 0.02, 0.06, 0.11)),
    ),
}
"""Those that come along, with their titles. Chances are hundredths, so that a slider of hundredths has them all."""
