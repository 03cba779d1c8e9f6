"""Chapter "All texts at once"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.protocol import Noise
from engine.protocol.lessons import SIGMAS, WORLDS, Figure, World
from engine.protocol.lessons.lesson import Numbers
from engine.protocol.lessons.levels import level_near
from engine.protocol.lessons.texts import TextsFigure, TextsLesson
from sedd_studio.record.chapters.chapter import NOISES, Chapter, Choices, Control, Pick, Shown, Slide, Trial, Where
from sedd_studio.record.chapters.formulas import noise_says, per_cent, power, result, spelled, times, words
from sedd_studio.record.chapters.formulas import shown as number

SECONDS = 8.0
"""Of the noise, from none to the most, when it plays."""


GROWING = {
    "absorb": "As noise grows the texts of the data shrink, and texts with hidden words take their place.",
    "uniform": "As noise grows every text becomes as likely as any other.",
}


class Texts(Chapter):
    """`world` is a name of `WORLDS`, `law` its chances as they have been edited, `chosen` the number of a text of the
    grid, `edited` that of the clean text whose share the slider `share` sets, `level` the notch of the noise."""

    help = "Click a text to choose it. Left and Right change the noise, Up and Down the text."

    def start(self) -> Choices:
        return self._of_world({"noise": "absorb", "level": level_near(0.3)}, "tick")

    def lesson(self, choices: Choices) -> TextsLesson:
        _, world = WORLDS[choices["world"]]
        return TextsLesson(World(world.words, choices["law"]), choices["noise"], choices["edited"])

    def caption(self, shown: Shown) -> str:
        return f"Each square is a text, and its area is how likely that text is. {GROWING[shown.choices['noise']]}"

    def controls(self, choices: Choices, figure: Figure | None) -> tuple[Control, ...]:
        name = self._name(choices)
        return (
            Slide("level", "Noise", len(SIGMAS) - 1, self._noise_says(choices), SECONDS, "How much noise there is."),
            Slide("share", name, 100, f"{choices['share']} % of the data", help=f"How much of the data says “{name}”."),
            Pick("noise", "Kind of noise", NOISES, "Noise hides words, or puts any word in their place."),
        )

    def choose(self, choices: Choices, figure: Figure | None, name: str, value: Any) -> Choices:
        match name:
            case "world":
                return self._of_world(choices, value)
            case "noise":
                _, world = WORLDS[choices["world"]]
                return {**self._kept(choices, figure), "noise": value, "chosen": self._number(choices, world, value)}
            case "chosen" if isinstance(figure, TextsFigure) and value in figure.clean:
                edited = int(np.flatnonzero(figure.clean == value)[0])
                if edited == choices["edited"]:
                    return {**choices, "chosen": value}
                kept = self._kept(choices, figure)
                return {**kept, "chosen": value, "edited": edited, "share": round(100 * kept["law"][edited])}
        return {**choices, name: value}

    def spoken(self, shown: Shown) -> str:
        figure, law = shown.figure, self._law(shown)
        order = np.argsort(-law, kind="stable")[:3]
        likeliest = ", ".join(f"{spelled(figure.texts[text], figure.words)} {per_cent(law[text])}" for text in order)
        chosen = shown.choices["chosen"]
        text = spelled(figure.texts[chosen], figure.words)
        noise, share = self._noise_says(shown.choices), per_cent(law[chosen])
        return f"{noise}. The likeliest texts: {likeliest}. Chosen: {text}, {share}."

    def formula(self, shown: Shown) -> tuple[str, ...]:
        figure, chosen, at = shown.figure, shown.choices["chosen"], shown.choices["level"]
        terms = TERMS[figure.noise](figure, chosen, figure.near[shown.choices["share"], chosen], at)
        first, last = rf"p_\sigma({words(figure.texts[chosen], figure.words)})", result(self._law(shown)[chosen])
        return (f"{first} = {terms[0]}", *terms[1:-1], f"{terms[-1]} = {last}")

    def numbers(self, shown: Shown) -> Where:
        share, level = shown.choices["share"], shown.choices["level"]
        moving = dict.fromkeys(("sigma", "stays", "becomes"), (level,))
        return {"words": (), "texts": (), "laws": (share,), **moving, "probability": (share, level)}

    def trial(self, shown: Shown) -> Trial:
        return Trial(
            "Once upon a time, there was a little [4]. The end.",
            "Eight samples of one gap: run it, and see which texts come more often.",
            {"steps": 32, "samples": 8, "sampler": "auto", "seed": 1},
            shown.choices["noise"],
        )

    def about(self, choices: Choices) -> tuple[Control, ...]:
        return (Pick("world", "World", {name: title for name, (title, _) in WORLDS.items()}, "Which texts there are."),)

    def about_says(self, choices: Choices) -> str:
        return f"{len(WORLDS[choices['world']][1].words)} words, exact"

    def _of_world(self, choices: Choices, name: str) -> Choices:
        _, world = WORLDS[name]
        edited = max(range(len(world.law)), key=world.law.__getitem__)
        made = {**choices, "world": name, "law": world.law, "edited": edited, "share": round(100 * world.law[edited])}
        return {**made, "chosen": self._number(made, world, made["noise"])}

    def _number(self, choices: Choices, world: World, noise: Noise) -> int:
        """The number of the edited text among all, where there is a mask and where there is none."""
        states = world.states(noise)
        number = 0
        for state in world.texts()[choices["edited"]]:
            number = number * states + state
        return number

    def _kept(self, choices: Choices, figure: Figure | None) -> dict[str, Any]:
        """With the chances as they have been edited."""
        if not isinstance(figure, TextsFigure):
            return dict(choices)
        return {**choices, "law": tuple(figure.laws[choices["share"]].tolist())}

    def _name(self, choices: Choices) -> str:
        _, world = WORLDS[choices["world"]]
        return " ".join(world.words[state] for state in world.texts()[choices["edited"]])

    def _noise_says(self, choices: Choices) -> str:
        return noise_says(float(SIGMAS[choices["level"]]), choices["noise"])

    def _law(self, shown: Shown) -> Any:
        return shown.figure.probability[shown.choices["share"], shown.choices["level"]]


def _of_hidden(figure: TextsFigure, chosen: int, near: Numbers, at: int) -> tuple[str, ...]:
    """Where noise hides words: the clean texts that fit what is seen."""
    text, stays, becomes = figure.texts[chosen], float(figure.stays[at]), float(figure.becomes[at])
    hidden = int((text == len(figure.words)).sum())
    seen = len(text) - hidden
    kept, gone = r"(e^{-\sigma})" if seen > 1 else r"e^{-\sigma}", r"(1-e^{-\sigma})"
    put = times(power(_factor(stays, seen), seen), power(_factor(becomes, hidden), hidden), number(near[0]))
    return times(power(kept, seen), power(gone, hidden), r"\sum_{x\;\mathrm{fits}} p(x)"), f"= {put}"


def _of_changed(figure: TextsFigure, chosen: int, near: Numbers, at: int) -> tuple[str, ...]:
    """Where noise changes words: all clean texts, by the places in which they differ."""
    length, stays, becomes = len(figure.texts[chosen]), float(figure.stays[at]), float(figure.becomes[at])
    each = [
        times(
            number(near[apart]),
            power(_factor(stays, length - apart), length - apart),
            power(_factor(becomes, apart), apart),
        )
        for apart in range(length + 1)
    ]
    whole = r"\sum_x p(x)\, q_\sigma(y_1|x_1)\, q_\sigma(y_2|x_2)"
    return whole, f"= {' + '.join(each[:2])}", f"+ {' + '.join(each[2:])}"


TERMS: dict[Noise, Callable[[TextsFigure, int, Numbers, int], tuple[str, ...]]] = {
    "absorb": _of_hidden,
    "uniform": _of_changed,
}
"""What the chance of a text is made of, in lines."""


def _factor(chance: float, times: int) -> str:
    """A chance that is a factor so often."""
    return f"({number(chance)})" if times > 1 else number(chance)


CHAPTER = Texts()
