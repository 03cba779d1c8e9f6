"""What is told of each chapter of Learn where it is presented: a step at a time, a sentence and what it sets.

A step sets choices of its chapter by name, in this order, after those of all steps before it. They begin where the
chapter does, with the sentences that were typed in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.protocol.lessons.levels import LAST, NOISY, level_near
from engine.protocol.lessons.precision import STEPS as PRECISE_STEPS
from engine.protocol.lessons.training import TOLD
from sedd_studio.record.chapters.chapter import Chapter, Choices, Write


@dataclass(frozen=True)
class Step:
    """One sentence, the choices that it `sets`, and the slider that moves by itself from then on, if one `plays`."""

    says: str
    sets: Mapping[str, Any]
    plays: str = ""


def _at(sigma: float) -> dict[str, int]:
    """A level of noise."""
    return {"level": level_near(sigma)}


def _noisy(sigma: float) -> dict[str, int]:
    """The same where there is no level without noise."""
    return {"level": level_near(sigma, NOISY)}


def _steps(count: int) -> int:
    """The notch of so many steps, where numbers have few bits."""
    return [*PRECISE_STEPS].index(count)


OVER = 99
"""More jumps than a walk has: it stands at its end."""
SCRIPTS: dict[str, tuple[Step, ...]] = {
    "breaking": (
        Step("No noise has come yet, and the text is whole.", _at(0)),
        Step("A little noise strikes some words, and both kinds of noise strike the same ones.", _at(0.3)),
        Step("When half of the words are expected to be struck, the text can hardly be guessed.", _at(0.7)),
        Step("In the end the one text is hidden, and the other is any words at all.", _at(LAST)),
        Step("Other accidents strike other words, and the curve stays the same.", {"seed": 1, **_at(0.7)}),
    ),
    "rule": (
        Step("The rule says how fast each token becomes another, and no time has passed yet.", _at(0)),
        Step("After a while each token has the same chance of being hidden, and goes nowhere else.", _at(0.6)),
        Step("In the end every token is hidden, whatever it was.", _at(LAST)),
        Step("Uniform noise puts any token in the place of any other.", {"kind": "uniform", **_at(0.6)}),
        Step("A rule of one's own will do as well, such as slips on a keyboard.", {"kind": "keyboard"}),
    ),
    "texts": (
        Step("Without noise the texts of the data share all of the chance: areas are chances.", _at(0)),
        Step("Noise takes chance from them, and texts with hidden words appear.", _at(0.3)),
        Step("In the end only one text is left, in which every word is hidden.", _at(LAST)),
        Step("Uniform noise hides nothing, but moves chance from text to text.", {"noise": "uniform", **_at(0.3)}),
        Step("In the end every text is as likely as any other.", _at(LAST)),
    ),
    "score": (
        Step("From where both words are hidden, arrows lead to each text that shows one of them.", _noisy(0.6)),
        Step("Where one word is there already, the score says how well each other goes with it.", {"chosen": 2}),
        Step("With more noise the ratios are smaller, and their sum is known beforehand.", _noisy(2)),
        Step(
            "Under uniform noise every text has neighbours, and the score says which are likelier.",
            {"noise": "uniform", "chosen": 1, **_noisy(0.6)},
        ),
    ),
    "walking": (
        Step("A walk begins in pure noise, where every word is hidden.", {"ended": 0, "walk": 0, "jump": 0}),
        Step("The score says how likely each jump is, and the walk makes one.", {"jump": 1}),
        Step("With one more jump the walk has come to its end.", {"ended": 1, "jump": 2}),
        Step(
            "A thousand walks end at each text about as often as the data has it.",
            {"ended": 1000, "walk": 999, "jump": OVER},
        ),
        Step(
            "With a score that is wrong by a factor of two, their pile does not come to the marks.",
            {"factor": 2.0, "jump": OVER},
        ),
    ),
    "many": (
        Step("In one step both words are written, and half of the texts are mistakes.", {"steps": 0}),
        Step("In four steps the words are seldom written together.", {"steps": 2}),
        Step("In 32 steps mistakes are rare.", {"steps": 5}),
        Step("One word at a time makes no mistake at all.", {"sampler": "first-hitting"}),
    ),
    "training": (
        Step("Three tables hold a number for each ratio, and know nothing: each number is 1.", {"begun": False}),
        Step("They learn from the same texts, each by an objective of its own.", {"start": 1}, plays="level"),
        Step("In the end all three have come to the true ratios.", {"level": len(TOLD) - 1}),
        Step("The same holds under uniform noise.", {"noise": "uniform", "start": 1}, plays="level"),
    ),
    "locks": (
        Step("Under absorbing noise a lock is believed at once, and the other word fits it.", {"way": "absorb"}),
        Step("Under uniform noise the lock looks like noise, and is believed too little.", {"way": "uniform"}),
        Step("Drawing the other word anew after each step mends that.", {"way": "redraw"}),
        Step("A model that was trained with locks marked needs no mending.", {"way": "marked"}),
    ),
    "likely": (
        Step("With the true score the bound is the value itself.", {"spoilt": 0, "calls": 31}),
        Step("With a spoilt score the model's own value is off, and its bound never lies below that.", {"spoilt": 4}),
        Step("Few calls of the network estimate the bound roughly.", {"calls": 1}),
        Step("With more calls the interval is narrower.", {"calls": 31}),
    ),
    "precision": (
        Step(
            "With numbers of 64 bits each group of words comes as often as it must.",
            {"bits": 64, "steps": _steps(1024)},
        ),
        Step("With 32 bits and 1,024 steps rare words win hardly a draw.", {"bits": 32}),
        Step("With more steps they win even fewer, and the text cools down.", {"steps": _steps(4096)}),
        Step("A smaller vocabulary suffers less.", {"groups": 8}),
    ),
    "real": (
        Step("Where much of the sentence is struck, the open model can say little.", {"noised": 9, "place": 6}),
        Step("With more words there it is nearly sure of some.", {"noised": 4}),
        Step("At other places several words fit, and each has its chance.", {"place": 7}),
    ),
}
"""By the names of chapters."""


def choices_at(chapter: Chapter, name: str, step: int, typed: Choices) -> Choices:
    """What is chosen at a step of a chapter; of what was chosen before, sentences that were `typed` are kept."""
    begun = chapter.start()
    written = [each.name for each in chapter.about(begun) if isinstance(each, Write)]
    made: Choices = {**begun, **{each: typed[each] for each in written}}
    for each in SCRIPTS[name][: step + 1]:
        for choice, value in each.sets.items():
            made = chapter.choose(made, None, choice, value)
    return made
