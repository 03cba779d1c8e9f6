"""Chapter "Many at once"."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.protocol import Noise
from engine.protocol.lessons import Figure, World
from engine.protocol.lessons.many import STEPS, ManyFigure, ManyLesson
from engine.protocol.sampler_table import SAMPLERS, samplers_for
from sedd_studio.record.chapters.chapter import NOISES, Chapter, Choices, Control, Pick, Shown, Slide, Trial, Where
from sedd_studio.record.chapters.formulas import counted, per_cent, result
from sedd_studio.record.chapters.formulas import shown as number

NAMES = (("New", "San"), ("York", "Diego"))
"""The words of each place."""
WORLD = World(("first", "second"), (0.5, 0.0, 0.0, 0.5))
TITLES = {row.name: row.title for row in SAMPLERS}
USUAL = "tweedie"


class Many(Chapter):
    """`steps` is a notch of `STEPS`, `sampler` the name of one."""

    help = "Left and Right change the number of steps, Up and Down the sampler."

    def start(self) -> Choices:
        return {"noise": "absorb", "steps": 1, "sampler": USUAL}

    def lesson(self, choices: Choices) -> ManyLesson:
        return ManyLesson(WORLD, choices["noise"])

    def caption(self, shown: Shown) -> str:
        return (
            "Words that are written in the same step do not know of each other, and so New Diego comes about. "
            "More steps make that rare; how fast depends on the sampler."
        )

    def controls(self, choices: Choices, figure: Figure | None) -> tuple[Control, ...]:
        steps = STEPS[choices["steps"]]
        return (
            Slide(
                "steps",
                "Steps",
                len(STEPS) - 1,
                counted(steps, "step"),
                help="In how many steps two words are written.",
            ),
            Pick("sampler", "Sampler", _titles(choices["noise"]), "The way back that is taken."),
            Pick("noise", "Kind of noise", NOISES, "Noise hides words, or puts any word in their place."),
        )

    def choose(self, choices: Choices, figure: Figure | None, name: str, value: Any) -> Choices:
        made = {**choices, name: value}
        return made if made["sampler"] in _titles(made["noise"]) else {**made, "sampler": USUAL}

    def spoken(self, shown: Shown) -> str:
        figure, row, at = shown.figure, row_of(shown), shown.choices["steps"]
        head = f"{TITLES[shown.choices['sampler']]}, {counted(STEPS[at], 'step')}"
        if not np.isfinite(figure.distance[row, at]):
            return f"{head}: not known yet, or too many ways to follow."
        rows = ", ".join(
            f"{text_of(text)} {per_cent(chance)}"
            for text, chance in zip(figure.clean, figure.law[row, at], strict=True)
        )
        return f"{head}: {rows}. Distance from the data: {number(figure.distance[row, at])}."

    def formula(self, shown: Shown) -> tuple[str, ...]:
        figure, row, at = shown.figure, row_of(shown), shown.choices["steps"]
        if not np.isfinite(figure.distance[row, at]):
            return ()
        terms = [
            f"|{number(made)} - {number(true)}|" for made, true in zip(figure.law[row, at], figure.true, strict=True)
        ]
        return (
            r"d = \frac{1}{2} \sum_x |\,p_N(x) - p(x)\,|",
            rf"= \frac{{1}}{{2}} (\,{' + '.join(terms[:2])}",
            rf"+ {' + '.join(terms[2:])}\,) = {result(figure.distance[row, at])}",
        )

    def numbers(self, shown: Shown) -> Where:
        at = row_of(shown), shown.choices["steps"]
        always = dict.fromkeys(("samplers", "steps", "clean", "true", "distance"), ())
        return {**always, "law": at, "apart": at}

    def trial(self, shown: Shown) -> Trial:
        return Trial(
            "Once upon a time, there was a [32]. The end.",
            "Run it with so few steps, then with more: words of one step do not know of each other.",
            {"steps": STEPS[shown.choices["steps"]], "sampler": shown.choices["sampler"], "samples": 4, "seed": 1},
            shown.choices["noise"],
        )

    def about_says(self, choices: Choices) -> str:
        return "A world of two texts, New York and San Diego, with true scores"


def row_of(shown: Shown) -> int:
    """The row of the chosen sampler."""
    figure = shown.figure
    assert isinstance(figure, ManyFigure)
    return figure.samplers.index(shown.choices["sampler"])


def text_of(text: Any) -> str:
    """A text in words."""
    return " ".join(NAMES[place][state] for place, state in enumerate(text))


def _titles(noise: Noise) -> dict[str, str]:
    return {row.name: row.title for row in samplers_for(noise) if row.name != "uniformization"}


CHAPTER = Many()
