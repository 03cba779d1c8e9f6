"""Chapter "Words that stay"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.protocol import Noise
from engine.protocol.lessons import WORLDS, Figure
from engine.protocol.lessons.levels import level_near
from engine.protocol.lessons.locks import STEPS, WAYS, LocksLesson
from sedd_studio.record.chapters.chapter import Chapter, Choices, Control, Pick, Shown, Slide, Trial, Where
from sedd_studio.record.chapters.formulas import SIGMA, counted, per_cent, result, word
from sedd_studio.record.chapters.formulas import shown as number

PLACES = ("First word", "Second word")
_, WORLD = WORLDS["rain"]
LEVEL = level_near(1.0)
"""Of noise, at which it is told how far a lock is believed."""
TIMES = 10
"""Words of the world at most; a lock is place times this and the word."""


@dataclass(frozen=True)
class Holding:
    """What is told of a way, and its trial: what that `invites` to, `entries` of its form, and its noise. A lock is
    `doubted` where the model takes it for noise that reads so."""

    caption: str
    entries: Mapping[str, str]
    invites: str = (
        "This model was trained with locked words marked; Locks, in the form, has the other ways to hold them."
    )
    noise: Noise = "uniform"
    doubted: bool = False


HOLDINGS = {
    "absorb": Holding(
        "A word that is there was never noised, so a lock is believed at once. "
        "The other word comes out exactly as it must, in any number of steps.",
        {},
        "The words stay where they are from the first step on: run it, and see the gaps fit them.",
        "absorb",
    ),
    "uniform": Holding(
        "Under uniform noise a locked word looks like noise that happens to read so, and is believed too little. "
        "More steps do not mend that.",
        {"locking": "clamp"},
        doubted=True,
    ),
    "redraw": Holding(
        "After each step the other word is drawn anew, given the lock. "
        "As the noise falls the lock is believed more and more, and what is off goes away.",
        {"locking": "gibbs"},
        doubted=True,
    ),
    "marked": Holding(
        "A model that was trained with locked words marked knows that they are no noise. "
        "It only has to hold them, and the other word comes out exactly as it must.",
        {"locking": "auto"},
    ),
}


class Locks(Chapter):
    """`lock` tells the place and the word that is held, `way` is one of `WAYS`, `steps` a notch of `STEPS`."""

    help = "Click a text to lock its first word, or its second. Left and Right change the steps, Up and Down the way."

    def start(self) -> Choices:
        return {"lock": lock_of(0, 2), "way": "uniform", "steps": len(STEPS) - 1}

    def lesson(self, choices: Choices) -> LocksLesson:
        return LocksLesson(WORLD, *divmod(choices["lock"], TIMES))

    def caption(self, shown: Shown) -> str:
        return HOLDINGS[shown.choices["way"]].caption

    def controls(self, choices: Choices, figure: Figure | None) -> tuple[Control, ...]:
        steps = STEPS[choices["steps"]]
        locks = {
            lock_of(place, word): f"{title}: {name}"
            for place, title in enumerate(PLACES)
            for word, name in enumerate(WORLD.words)
        }
        return (
            Slide(
                "steps",
                "Steps",
                len(STEPS) - 1,
                counted(steps, "step"),
                4.0,
                "In how many steps the other word is written.",
            ),
            Pick("lock", "Lock", locks, "The word that stays."),
            Pick("way", "Way", WAYS, "What is done so that the other word fits the lock."),
        )

    def spoken(self, shown: Shown) -> str:
        figure, (way, at) = shown.figure, place_of(shown)
        held = f"{PLACES[figure.place]} is {figure.words[figure.word]}. {WAYS[shown.choices['way']]}"
        rows = ", ".join(
            f"{name} {per_cent(found)}, must be {per_cent(exact)}"
            for name, found, exact in zip(figure.words, figure.found[way, at], figure.exact, strict=True)
        )
        if not known(shown):
            return f"{held}. The numbers are on their way."
        return f"{held}, {counted(figure.steps[at], 'step')}: {rows}. Off by {per_cent(figure.distance[way, at])}."

    def formula(self, shown: Shown) -> tuple[str, ...]:
        figure, (way, at) = shown.figure, place_of(shown)
        if not known(shown):
            return ()
        likeliest = int(np.argmax(figure.exact))
        held, other = word(figure.words[figure.word]), word(figure.words[likeliest])
        both = rf"{held}\;{other}" if figure.place == 0 else rf"{other}\;{held}"
        exact = (
            rf"p({other}|{held}) = \frac{{p({both})}}{{p({held})}} = "
            rf"\frac{{{number(figure.joint[likeliest], 2)}}}{{{number(figure.joint.sum(), 2)}}} = "
            f"{result(figure.exact[likeliest])}"
        )
        terms = [
            f"|{number(found, 3)} - {number(must, 3)}|"
            for found, must in zip(figure.found[way, at], figure.exact, strict=True)
        ]
        off = (
            r"\mathrm{off} = \frac{1}{2} \sum_y |q(y) - p(y|" + held + rf")| = \frac{{1}}{{2}} (\,{terms[0]}",
            rf"+ {' + '.join(terms[1:])}\,) = {result(figure.distance[way, at], 3)}",
        )
        return (exact, *off)

    def choose(self, choices: Choices, figure: Figure | None, name: str, value: Any) -> Choices:
        return {**choices, name: value}

    def numbers(self, shown: Shown) -> Where:
        at = place_of(shown)
        always = dict.fromkeys(("words", "joint", "exact", "distance"), ())
        return {**always, "steps": (at[1],), "found": at}

    def trial(self, shown: Shown) -> Trial:
        told = HOLDINGS[shown.choices["way"]]
        entries = {"steps": 64, "samples": 1, "sampler": "auto", "seed": 1, **told.entries}
        return Trial("Once upon a time [12] a purple umbrella [12] The end.", told.invites, entries, told.noise)

    def about_says(self, choices: Choices) -> str:
        return f"The weather world: {len(WORLD.words)} words, exact"


def lock_of(place: int, word: int) -> int:
    """A lock as it is chosen."""
    return place * TIMES + word


def place_of(shown: Shown) -> tuple[int, int]:
    """Where the numbers of the chosen way and steps stand."""
    return [*WAYS].index(shown.choices["way"]), shown.choices["steps"]


def known(shown: Shown) -> bool:
    """Whether they are known already."""
    return not np.isnan(shown.figure.distance[place_of(shown)])


def trust_says(shown: Shown) -> tuple[float, str]:
    """How far the lock is believed at a middling level of noise, and that in words."""
    figure = shown.figure
    trust = float(figure.believed[LEVEL]) if HOLDINGS[shown.choices["way"]].doubted else 1.0
    return trust, f"the lock is believed, at {SIGMA} {figure.sigma[LEVEL]:.0f}"


CHAPTER = Locks()
