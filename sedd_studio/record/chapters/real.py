"""Chapter "The real thing"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.protocol import Noise
from engine.protocol.lessons import Figure
from engine.protocol.lessons.real import MOST_TOKENS, RealFigure, RealLesson
from sedd_studio.record.chapters.breaking import LONGEST, SIGNS
from sedd_studio.record.chapters.chapter import (
    Chapter,
    Choices,
    Control,
    Pick,
    Press,
    Shown,
    Slide,
    Trial,
    Where,
    Write,
)
from sedd_studio.record.chapters.formulas import counted, per_cent, result, word
from sedd_studio.record.chapters.formulas import shown as number

SENTENCE = "Once upon a time there was a little fox."
SECONDS = 8.0
"""Of the noise, from one word to all, when it plays."""
WIDE = 7 * "\N{EM SPACE}"
"""Stands for a word that is not known yet."""


SAYS = {
    "absorb": (
        "how likely each word is wherever one is hidden. "
        "From this it jumps back: to any hidden place alike, and there to a word by its chance."
    ),
    "uniform": (
        "what should stand wherever there may be noise. "
        "A word that hardly fits has scores far above 1: from there a jump back is likely."
    ),
}


class Real(Chapter):
    """`noised` is how many tokens more than one are noised, `place` the one that is told of; each `seed` has another
    order in which they are."""

    help = "Click a word to see what may stand there. Left and Right change the noise, Up and Down the word."

    def start(self) -> Choices:
        return {"sentence": SENTENCE, "noised": 4, "place": 7, "seed": 0}

    def lesson(self, choices: Choices) -> RealLesson:
        return RealLesson(choices["sentence"], choices["seed"])

    def caption(self, shown: Shown) -> str:
        return f"The open model knows no table of texts, and yet says {SAYS[shown.figure.noise]}"

    def controls(self, choices: Choices, figure: Figure | None) -> tuple[Control, ...]:
        last = MOST_TOKENS - 1 if figure is None else len(known(figure).text) - 1
        places = {each: f"{each + 1}: {WIDE}" for each in range(MOST_TOKENS)}
        if figure is not None:
            told = known(figure)
            places = {each: f"{each + 1}: {name_of(told, token)}" for each, token in enumerate(told.text.tolist())}
        says = counted(choices["noised"] + 1, "token")
        return (
            Slide("noised", "Noised", last, says, SECONDS, "How much of the sentence noise has struck."),
            Pick("place", "Word", places, "The place whose words are told of."),
            Press("seed", "", {1: "Another order"}, "Noise strikes the words in another order."),
        )

    def about(self, choices: Choices) -> tuple[Control, ...]:
        said = f"A sentence of your own, of {MOST_TOKENS} tokens at most; Enter leads to the figure."
        return (Write("sentence", "Sentence", LONGEST, SENTENCE, said),)

    def choose(self, choices: Choices, figure: Figure | None, name: str, value: Any) -> Choices:
        if name == "seed":
            return {**choices, "seed": choices["seed"] + value}
        if name == "sentence":
            return {**choices, "sentence": value, "noised": 0, "place": 0}
        return {**choices, name: value}

    def spoken(self, shown: Shown) -> str:
        figure, row, place = place_of(shown)
        reads = " ".join(name_of(figure, token) for token in figure.reads[row].tolist())
        rows = ", ".join(f"{name} {per_cent(chance)}" for name, chance, _ in rows_of(shown))
        rest = "the numbers are on their way" if comes(shown) else "no noise"
        told = f"At word {place + 1}: {rows or rest}"
        return f"{figure.model}. {reads}. {told}."

    def formula(self, shown: Shown) -> tuple[str, ...]:
        rows = rows_of(shown)
        return FORMULAS[shown.figure.noise](shown, *rows[0]) if rows else ()

    def numbers(self, shown: Shown) -> Where:
        _, row, place = place_of(shown)
        at = dict.fromkeys(("likely", "law", "score"), (row, place))
        always = dict.fromkeys(("model", "text", "order", "steps", "price", "half"), ())
        return {**always, "sigma": (row,), "reads": (row,), **at}

    def trial(self, shown: Shown) -> Trial:
        figure, row, _ = place_of(shown)
        noised = set(figure.order[: row + 1].tolist())
        words = [
            " [1]" if each in noised else SIGNS.sub(r"\\\g<0>", figure.names[token])
            for each, token in enumerate(figure.text.tolist())
        ]
        return Trial(
            "".join(words).strip(),
            "Your sentence, with the noised words as gaps: run it, and step through what the model makes of it.",
            {"steps": 32, "samples": 4, "sampler": "auto", "seed": 1},
            figure.noise,
            "position",
        )

    def about_says(self, choices: Choices) -> str:
        return "The model that is open"


def _of_hidden(shown: Shown, name: str, chance: float, score: float) -> tuple[str, ...]:
    """The score of the likeliest word in a hidden place, and the chance that it is shown next."""
    figure, row, _ = place_of(shown)
    sigma = number(figure.sigma[row], 4)
    under = rf"\frac{{p({word(name)} | \mathrm{{rest}})}}{{e^\sigma - 1}}"
    put = rf"\frac{{{number(chance)}}}{{e^{{{sigma}}} - 1}}"
    jump = rf"\frac{{1}}{{{row + 1}}} \cdot {number(chance)}"
    return (
        rf"s({word(name)}) = {under} = {put} = {result(score, 3)}",
        rf"P(\mathrm{{next}}) = \frac{{1}}{{m}}\, p({word(name)} | \mathrm{{rest}}) = {jump} = "
        + result(chance / (row + 1)),
    )


def _of_changed(shown: Shown, name: str, chance: float, score: float) -> tuple[str, ...]:
    """The score of the likeliest word in the place of the one that stands there."""
    own = word(own_of(shown))
    ratio = rf"\frac{{p_\sigma(\ldots\;{word(name)}\;\ldots)}}{{p_\sigma(\ldots\;{own}\;\ldots)}}"
    return (rf"s({word(name)}) = {ratio} = {result(score, 3)}",)


FORMULAS: dict[Noise, Callable[[Shown, str, float, float], tuple[str, ...]]] = {
    "absorb": _of_hidden,
    "uniform": _of_changed,
}


def known(figure: Figure) -> RealFigure:
    """The figure as what it is."""
    assert isinstance(figure, RealFigure)
    return figure


def name_of(figure: RealFigure, token: int) -> str:
    """How a token is called."""
    return (figure.names[int(token)].strip() or "\N{OPEN BOX}") if token >= 0 else "hidden"


def place_of(shown: Shown) -> tuple[RealFigure, int, int]:
    """The figure, the row of what is noised, and the place that is told of."""
    figure = known(shown.figure)
    last = len(figure.text) - 1
    return figure, min(shown.choices["noised"], last), min(shown.choices["place"], last)


def rows_of(shown: Shown) -> list[tuple[str, float, float]]:
    """The likely words of the place that is told of, with their chances and scores; none where it is not noised."""
    figure, row, place = place_of(shown)
    told = zip(figure.likely[row, place], figure.law[row, place], figure.score[row, place], strict=True)
    return [(name_of(figure, token), float(chance), float(score)) for token, chance, score in told if token >= 0]


def comes(shown: Shown) -> bool:
    """Whether the place that is told of is noised, and its numbers are still to come."""
    figure, row, place = place_of(shown)
    return place in figure.order[: row + 1] and not rows_of(shown)


def own_of(shown: Shown) -> str:
    """What reads at the place that is told of."""
    figure, row, place = place_of(shown)
    return name_of(figure, figure.reads[row, place])


def dear(figure: RealFigure) -> bool:
    """Whether the price of few steps is known already."""
    return bool(np.isfinite(figure.price).any())


CHAPTER = Real()
