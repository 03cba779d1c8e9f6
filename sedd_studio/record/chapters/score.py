"""Chapter "The concrete score"."""

from __future__ import annotations

from itertools import product
from typing import Any

from engine.protocol import Noise
from engine.protocol.lessons import WORLDS, Figure
from engine.protocol.lessons.levels import NOISY, level_near
from engine.protocol.lessons.score import ScoreLesson
from sedd_studio.record.chapters.chapter import NOISES, Chapter, Choices, Control, Pick, Shown, Slide, Trial, Where
from sedd_studio.record.chapters.formulas import noise_says, per_cent, result, spelled, word, words
from sedd_studio.record.chapters.formulas import shown as number

SECONDS = 8.0
"""Of the noise, from the least to the most, when it plays."""
PLACES = ("First word", "Second word")
_, WORLD = WORLDS["tick"]


class Score(Chapter):
    """`chosen` is the number of a text of the grid, `level` the notch of the noise."""

    help = "Click any text of the grid to see its own score. Left and Right change the noise, Up and Down the text."

    def start(self) -> Choices:
        return {"noise": "absorb", "level": level_near(0.6, NOISY), "chosen": len(_texts("absorb")) - 1}

    def lesson(self, choices: Choices) -> ScoreLesson:
        return ScoreLesson(WORLD, choices["noise"])

    def caption(self, shown: Shown) -> str:
        return (
            "From any text the model only has to know how much likelier each text is that differs in one word. "
            "These ratios are the score: the thicker the arrow, the likelier that way back from noise."
        )

    def controls(self, choices: Choices, figure: Figure | None) -> tuple[Control, ...]:
        says = noise_says(float(NOISY[choices["level"]]), choices["noise"])
        return (
            Slide("level", "Noise", len(NOISY) - 1, says, SECONDS, "How much noise there is."),
            Pick("chosen", "Text", dict(enumerate(_texts(choices["noise"]))), "The text whose score is shown."),
            Pick("noise", "Kind of noise", NOISES, "Noise hides words, or puts any word in their place."),
        )

    def choose(self, choices: Choices, figure: Figure | None, name: str, value: Any) -> Choices:
        if name == "noise" and value != choices["noise"]:
            return {**choices, "noise": value, "chosen": len(_texts(value)) - 1}
        return {**choices, name: value}

    def spoken(self, shown: Shown) -> str:
        figure, at, chosen = shown.figure, shown.choices["level"], shown.choices["chosen"]
        text = figure.texts[chosen]
        said = []
        for place, title in enumerate(PLACES):
            rows = ", ".join(
                f"{name} {number(score, 3)}"
                for state, (name, score) in enumerate(zip(figure.words, figure.score[at, chosen, place], strict=False))
                if state != text[place]
            )
            if figure.hidden(text[place]):
                said.append(f"{title}: {rows}, together {number(figure.together[at, chosen, place], 3)}")
            elif place in figure.changing(text):
                said.append(f"{title}: {rows}")
            else:
                said.append(f"{title} is there")
        where = f"{spelled(text, figure.words)}, {per_cent(figure.probability[at, chosen])}"
        return f"{noise_says(float(figure.sigma[at]), figure.noise)}. From {where}. {'. '.join(said)}."

    def formula(self, shown: Shown) -> tuple[str, ...]:
        figure, at, chosen = shown.figure, shown.choices["level"], shown.choices["chosen"]
        text = figure.texts[chosen].tolist()
        if not (changing := figure.changing(text)):
            return ()
        place = changing[0]
        state = next(each for each in range(len(figure.words)) if each != text[place])
        other = [*text[:place], state, *text[place + 1 :]]
        there = figure.probability[at, figure.texts.tolist().index(other)]
        name = rf"s_{place + 1}({word(figure.words[state])})"
        ratio = rf"\frac{{p_\sigma({words(other, figure.words)})}}{{p_\sigma({words(text, figure.words)})}}"
        put = rf"\frac{{{number(there)}}}{{{number(figure.probability[at, chosen])}}}"
        lines = [f"{name} = {ratio} = {put} = {result(figure.score[at, chosen, place, state], 3)}"]
        if figure.hidden(text[place]):
            total = " + ".join(rf"s_{place + 1}({word(each)})" for each in figure.words)
            known = rf"\frac{{1}}{{e^\sigma - 1}} = \frac{{1}}{{e^{{{number(figure.sigma[at], 2)}}} - 1}}"
            lines.append(f"{total} = {known} = {result(figure.known[at], 3)}")
        return tuple(lines)

    def numbers(self, shown: Shown) -> Where:
        moving = ("sigma", "probability", "score", "together", "known")
        return {"words": (), "texts": (), **dict.fromkeys(moving, (shown.choices["level"],))}

    def trial(self, shown: Shown) -> Trial:
        return Trial(
            "Once upon a time, there was a little [1] and a big [1]. The end.",
            "Run it, pause, and point at a hidden word: its score stands beside the likely words.",
            {"steps": 64, "samples": 1, "sampler": "auto", "seed": 1},
            shown.choices["noise"],
            "position",
        )

    def about_says(self, choices: Choices) -> str:
        return "The tick-tock world: 2 words, exact"


def _texts(noise: Noise) -> list[str]:
    """Every text as it is chosen by."""
    names = (*WORLD.words, "\N{WHITE SQUARE}")[: WORLD.states(noise)]
    return [" ".join(text) for text in product(names, repeat=WORLD.places)]


CHAPTER = Score()
