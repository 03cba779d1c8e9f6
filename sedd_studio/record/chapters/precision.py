"""Chapter "Precision"."""

from __future__ import annotations

import math

from engine.protocol.lessons import Figure
from engine.protocol.lessons.precision import BITS, STEPS, PrecisionFigure, PrecisionLesson
from sedd_studio.record.chapters.chapter import Chapter, Choices, Control, Pick, Shown, Slide, Trial, Where
from sedd_studio.record.chapters.formulas import counted, per_cent, result
from sedd_studio.record.chapters.formulas import shown as number

SECONDS = 6.0
"""Of the steps, from one to the most, when they play."""
WORDS = {groups: f"{2**groups - 1:,} words" for groups in (8, 12, 16)}
TOLD = -4
"""The group of which the formula tells: rare, and not the rarest."""
KINDS = {size: f"{size} bits" for size in BITS}


class Precision(Chapter):
    """`steps` is a notch of `STEPS`, `bits` one of `BITS`, `groups` how many groups of words there are."""

    help = "Left and Right change the steps, Up and Down the numbers."

    def start(self) -> Choices:
        return {"steps": [*STEPS].index(1024), "bits": 32, "groups": 16}

    def lesson(self, choices: Choices) -> PrecisionLesson:
        return PrecisionLesson(choices["groups"])

    def caption(self, shown: Shown) -> str:
        if shown.choices["bits"] == 64:
            return (
                "Numbers of 64 bits come close enough to 0 for the rarest word. "
                "Every group of words is written as often as it must be, however many steps there are."
            )
        return (
            "Numbers of 32 bits are multiples of 1 / 16,777,216, too coarse for a rare word to win a draw. "
            "The more steps, the smaller each chance, and the fewer rare words are written: the text cools down."
        )

    def controls(self, choices: Choices, figure: Figure | None) -> tuple[Control, ...]:
        steps = int(STEPS[choices["steps"]])
        return (
            Slide(
                "steps",
                "Steps",
                len(STEPS) - 1,
                counted(steps, "step"),
                SECONDS,
                "In how many steps a text is written.",
            ),
            Pick("bits", "Numbers", KINDS, "The size of the numbers that draws compare."),
            Pick("groups", "Words", WORDS, "How many words there are to draw from."),
        )

    def spoken(self, shown: Shown) -> str:
        figure, kind, at = place_of(shown)
        rarest = per_cent(figure.share[kind, at, -1] * len(figure.sizes))
        cold = number(figure.temperature[kind, at], 3)
        return (
            f"{KINDS[shown.choices['bits']]}, {counted(figure.steps[at], 'step')}: an entropy of "
            f"{number(figure.entropy[kind, at], 3)} nats a word of {number(figure.exact, 3)}, as at temperature "
            f"{cold}. The rarest words come {rarest} as often as they must."
        )

    def formula(self, shown: Shown) -> tuple[str, ...]:
        figure, kind, at = place_of(shown)
        bits, groups = BITS[shown.choices["bits"]], len(figure.sizes)
        grain = rf"2^{{-{bits}}}"
        told = float(figure.should[TOLD] / figure.steps[at])
        weight = rf"\frac{{1}}{{{groups} \cdot {figure.sizes[TOLD]} \cdot {figure.steps[at]}}} = {small(told)}"
        total = r"\frac{q}{w} = \frac{1}{w} \sum_j"
        return (
            rf"w = \frac{{p}}{{N}} = {weight}",
            rf"{total} {grain} (1 - j\,{grain})^{{1/w - 1}} = {result(figure.first[kind, at, TOLD])}",
            rf"H = -\sum_v q_v \log q_v = {result(figure.entropy[kind, at], 3)}",
        )

    def numbers(self, shown: Shown) -> Where:
        _, kind, at = place_of(shown)
        own = dict.fromkeys(("share", "first", "entropy", "temperature"), (kind, at))
        return {"sizes": (), "should": (), "exact": (), "steps": (at,), **own}

    def trial(self, shown: Shown) -> Trial:
        figure, kind, at = place_of(shown)
        cold = round(float(figure.temperature[kind, at]), 2)
        return Trial(
            "Once upon a time [60]",
            "The studio draws with 64 bits; the temperature is set to what coarse numbers would make of these words.",
            {"steps": 64, "samples": 2, "sampler": "auto", "seed": 1, "temperature": cold},
        )

    def about_says(self, choices: Choices) -> str:
        return f"{choices['groups']} groups of words, each twice as many as the one before and as likely in all"


def place_of(shown: Shown) -> tuple[PrecisionFigure, int, int]:
    """The figure, and where the numbers of the chosen size and steps stand."""
    return shown.figure, [*BITS].index(shown.choices["bits"]), shown.choices["steps"]


def small(value: float) -> str:
    """A number far below 1 as a formula has it."""
    power = math.floor(math.log10(value))
    return rf"{value / 10**power:.2f} \cdot 10^{{{power}}}"


CHAPTER = Precision()
