"""Chapter "Learning the score"."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.protocol.lessons import WORLDS, Figure
from engine.protocol.lessons.training import OBJECTIVES, STEPS, TOLD, TrainingFigure, TrainingLesson
from sedd_studio.record.chapters.chapter import (
    NOISES,
    Chapter,
    Choices,
    Control,
    Pick,
    Press,
    Shown,
    Slide,
    Trial,
    Where,
)
from sedd_studio.record.chapters.formulas import SIGMA, per_cent, result
from sedd_studio.record.chapters.formulas import shown as number

SECONDS = 12.0
"""In which a whole training is shown."""
BATCHES = {16: "16 texts a step", 256: "256 texts a step", 4096: "4,096 texts a step"}
LEVEL = 0.6
_, WORLD = WORLDS["tick"]


class Training(Chapter):
    """`begun` tells whether it learns, from the texts of a `seed`; `level` is the notch of what is shown of that."""

    help = "Start has the tables learn. Left and Right go through the steps."

    def start(self) -> Choices:
        return {"noise": "absorb", "batch": 4096, "begun": False, "seed": 0, "level": 0}

    def lesson(self, choices: Choices) -> TrainingLesson:
        steps = STEPS if choices["begun"] else 0
        return TrainingLesson(WORLD, choices["noise"], choices["batch"], LEVEL, choices["seed"], steps)

    def caption(self, shown: Shown) -> str:
        if not shown.choices["begun"]:
            return (
                "Three tables hold a number for each ratio, and know nothing: every number is 1. "
                "Start has them learn from the same texts, each by an objective of its own."
            )
        return (
            "The first objective is told the true ratios, the second sees texts with noise alone, the third the clean "
            "ones, too. All three have their least loss where the ratios are true, so that is where they go."
        )

    def controls(self, choices: Choices, figure: Figure | None) -> tuple[Control, ...]:
        begun = choices["begun"]
        start, says = {1: "Start again" if begun else "Start"}, f"{TOLD[choices['level']]} of {STEPS}"
        seconds = SECONDS if begun else 0.0
        return (
            Press("start", "", start, "Has the tables learn, from nothing.", "level"),
            Slide("level", "Step", last_of(choices), says, seconds, "How far the tables have learnt."),
            Pick("noise", "Kind of noise", NOISES, "Noise hides words, or puts any word in their place."),
        )

    def about(self, choices: Choices) -> tuple[Control, ...]:
        return (Pick("batch", "Batch", BATCHES, "How many texts each step of the training sees."),)

    def about_says(self, choices: Choices) -> str:
        return f"The tick-tock world, at {SIGMA} {LEVEL}"

    def choose(self, choices: Choices, figure: Figure | None, name: str, value: Any) -> Choices:
        match name:
            case "start":
                return {**choices, "begun": True, "level": 0, "seed": choices["seed"] + choices["begun"]}
            case "noise" | "batch" if value != choices[name]:
                return {**choices, name: value, "begun": False, "level": 0}
        return {**choices, name: value}

    def spoken(self, shown: Shown) -> str:
        figure, at = place_of(shown)
        losses = (figure.loss[:, at] - figure.floor).tolist()
        rows = ", ".join(
            f"{title} {per_cent(off)}, loss {number(max(0.0, above))} above its floor"
            for title, off, above in zip(OBJECTIVES.values(), worst(figure, at), losses, strict=True)
        )
        return f"Step {figure.step[at]}. The ratio that is furthest off: {rows}."

    def formula(self, shown: Shown) -> tuple[str, ...]:
        figure, at = place_of(shown)
        lines = [r"L = \sum_x \sum_y Q_{xy} \left( w_x s_{xy} - b_{xy} \log s_{xy} \right)"]
        for name, said in (("implicit", r"b_{xy} = w_y"), ("denoising", r"b_{xy} = w_x \frac{q(y|x_0)}{q(x|x_0)}")):
            each = [*OBJECTIVES].index(name)
            floor, loss = float(figure.floor[each]), float(figure.loss[each, at])
            lines.append(rf"{said}:\; {number(floor)} + {number(max(0.0, loss - floor))} = {result(loss)}")
        return tuple(lines)

    def numbers(self, shown: Shown) -> Where:
        _, at = place_of(shown)
        always = dict.fromkeys(("words", "texts", "starts", "ends", "places", "true", "floor"), ())
        return {**always, "step": (at,), "learnt": (slice(None), at), "loss": (slice(None), at)}

    def trial(self, shown: Shown) -> Trial:
        return Trial(
            "Once upon a time, there was a little [1] and a big [1]. The end.",
            "This model has learnt its scores so, from many stories: point at a hidden word to see them.",
            {"steps": 64, "samples": 1, "sampler": "auto", "seed": 1},
            shown.choices["noise"],
            "position",
        )


def last_of(choices: Choices) -> int:
    """The last notch of the steps."""
    return len(TOLD) - 1 if choices["begun"] else 0


def place_of(shown: Shown) -> tuple[TrainingFigure, int]:
    """The figure, and where the numbers of the chosen step stand; those of the last one that there is yet."""
    return shown.figure, min(shown.choices["level"], len(shown.figure.step) - 1)


def worst(figure: TrainingFigure, at: int) -> list[float]:
    """By how much the ratio is off that is furthest off, by each objective."""
    off: list[float] = np.abs(figure.learnt[:, at] / figure.true - 1).max(-1).tolist()
    return off


CHAPTER = Training()
