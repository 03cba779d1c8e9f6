"""Chapter "How likely"."""

from __future__ import annotations

from engine.protocol.lessons import Figure, World
from engine.protocol.lessons.likely import DRAWS, LEVELS, MOST_CALLS, SPOILT, LikelyFigure, LikelyLesson
from sedd_studio.record.chapters.chapter import Chapter, Choices, Control, Pick, Shown, Slide, Trial, Where
from sedd_studio.record.chapters.formulas import result, words
from sedd_studio.record.chapters.formulas import shown as number

WORLD = World(("tick", "tock"), (0.04, 0.07, 0.34, 0.09, 0.06, 0.26, 0.09, 0.05), 3)
SECONDS = 6.0
"""Of the calls, from the fewest to the most, when they play."""
EVERY = -1
"""Stands for all texts."""
TITLES = {
    "world": "the world",
    "model": "the model",
    "bound": "its bound",
    "two": "in two steps",
    "one": "in one step",
}


class Likely(Chapter):
    """`text` is the number of a text or `EVERY`, `spoilt` a notch of `SPOILT`, `calls` one of the calls."""

    help = "Left and Right change the calls, Up and Down how far the score is spoilt."

    def start(self) -> Choices:
        return {"text": 2, "spoilt": 4, "calls": 7}

    def lesson(self, choices: Choices) -> LikelyLesson:
        return LikelyLesson(WORLD, choices["text"])

    def caption(self, shown: Shown) -> str:
        if shown.choices["spoilt"] == 0:
            return (
                "With the true score the bound is no bound any more: it is the value itself. "
                "Words that are written together still cost more, for they do not know of each other."
            )
        return (
            "A model's own value is hard to know, but never above its bound, and the bound is a mean that calls of the "
            "network estimate. The better the score, the closer both come to the world's value."
        )

    def controls(self, choices: Choices, figure: Figure | None) -> tuple[Control, ...]:
        calls = DRAWS * (choices["calls"] + 1)
        texts = {EVERY: "All, on average"} | {
            each: " ".join(WORLD.words[state] for state in text) for each, text in enumerate(WORLD.texts())
        }
        spoilt = f"{100 * SPOILT[choices['spoilt']]:.0f} %"
        return (
            Slide("calls", "Calls", MOST_CALLS // DRAWS - 1, f"{calls}", SECONDS, "Of the network, in the estimate."),
            Slide("spoilt", "Spoilt", len(SPOILT) - 1, spoilt, help="The share of the score that knows nothing."),
            Pick("text", "Text", texts, "The text whose chance is asked for."),
        )

    def spoken(self, shown: Shown) -> str:
        figure, at, _ = place_of(shown)
        levels = ", ".join(
            f"{TITLES[name]} {number(value, 3)}" for name, value in zip(LEVELS, figure.levels[at], strict=True)
        )
        return f"Nats of {name_of(shown)}: {levels}. {estimate_says(shown)}."

    def formula(self, shown: Shown) -> tuple[str, ...]:
        figure, at, _ = place_of(shown)
        each = " + ".join(number(part, 3) for part in figure.by_count[at])
        levels = dict(zip(LEVELS, figure.levels[at], strict=True))
        own = r"-\sum_x p(x) \log p(x)"
        if figure.text:
            own = rf"-\log p({words(figure.text, figure.words)}) = -\log {number(figure.chance, 2)}"
        length = figure.by_count.shape[1]
        cost = r"\frac{L}{k} \sum_{i\;\mathrm{hidden}} -\log p_\theta(x_i)"
        return (
            f"{own} = {result(levels['world'], 3)}",
            rf"\mathrm{{bound}} = \frac{{1}}{{L}} \sum_{{k=1}}^{{L}} {cost}",
            rf"= \frac{{1}}{{{length}}} ({each}) = {result(levels['bound'], 3)}",
        )

    def numbers(self, shown: Shown) -> Where:
        _, at, calls = place_of(shown)
        own = dict.fromkeys(("levels", "by_count"), (at,))
        return {
            "words": (),
            "text": (),
            "chance": (),
            **own,
            "calls": (calls,),
            "mean": (at, calls),
            "half": (at, calls),
        }

    def trial(self, shown: Shown) -> Trial:
        return Trial(
            "Once upon a time, there was a little fox. The end.",
            "Score this text: its bound comes with an error bar that shrinks as calls come in.",
            panel="likelihood",
        )

    def about_says(self, choices: Choices) -> str:
        return f"The tick-tock world of three words, absorbing noise: {len(WORLD.law)} texts, exact"


def place_of(shown: Shown) -> tuple[LikelyFigure, int, int]:
    """The figure, and where the numbers of the chosen score and calls stand."""
    return shown.figure, shown.choices["spoilt"], shown.choices["calls"]


def name_of(shown: Shown) -> str:
    """The text that is told of."""
    text = shown.figure.text
    return " ".join(shown.figure.words[state] for state in text) if text else "a text, on average"


def estimate_says(shown: Shown) -> str:
    """The estimate of the bound, in words."""
    figure, at, calls = place_of(shown)
    mean, half = figure.mean[at, calls], figure.half[at, calls]
    off = "" if half != half else f" \N{PLUS-MINUS SIGN} {number(half, 3)}"
    return f"Estimated from {figure.calls[calls]} calls: {number(mean, 3)}{off}"


CHAPTER = Likely()
