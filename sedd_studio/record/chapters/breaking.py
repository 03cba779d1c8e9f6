"""Chapter "Breaking a text"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from engine.language.graphemes import graphemes, is_without_spaces
from engine.protocol.lessons import SIGMAS, Figure
from engine.protocol.lessons.breaking import LONGEST_WORD, MOST_WORDS, BreakingLesson
from engine.protocol.lessons.levels import level_near
from sedd_studio.record.chapters.chapter import Chapter, Choices, Control, Press, Shown, Slide, Trial, Where, Write
from sedd_studio.record.chapters.formulas import noise_says, result
from sedd_studio.record.chapters.formulas import shown as number

SECONDS = 10.0
"""Of the noise, from none to the most, when it plays."""
SENTENCE = "the little fox saw the first star fall into the cold river"
ALPHABET = "moon bear hill"
LONGEST = 300
"""Characters of a sentence."""
SAYS = f"A sentence of your own, of {MOST_WORDS} words at most; Enter leads to the figure."
SIGNS = re.compile(r"\[\d+\]|_{3,}|<\|")
"""What would stand for something else in a prompt."""


class Breaking(Chapter):
    """`sentence` and `alphabet` are texts, `level` the notch of the noise; each `seed` has other accidents."""

    help = "Left and Right change the noise. Write a sentence of your own above."

    def start(self) -> Choices:
        return {"sentence": SENTENCE, "alphabet": ALPHABET, "level": level_near(0.6), "seed": 1}

    def lesson(self, choices: Choices) -> BreakingLesson:
        return BreakingLesson(words_of(choices["sentence"]), words_of(choices["alphabet"]), choices["seed"])

    def caption(self, shown: Shown) -> str:
        return (
            "Accidents strike one word after another: absorbing noise hides a word, uniform noise puts any word there. "
            "The longer the noise goes on, the fewer words are left, along the same curve for every text."
        )

    def controls(self, choices: Choices, figure: Figure | None) -> tuple[Control, ...]:
        says = noise_says(float(SIGMAS[choices["level"]]), "absorb").replace("hidden", "expected")
        return (
            Slide("level", "Noise", len(SIGMAS) - 1, says, SECONDS, "How much noise there is."),
            Press("seed", "", {1: "Other accidents"}, "The same noise strikes other words."),
        )

    def about(self, choices: Choices) -> tuple[Control, ...]:
        return (
            Write("sentence", "Sentence", LONGEST, SENTENCE, SAYS, share=2),
            Write("alphabet", "Other words", LONGEST, "none", "What uniform noise draws from, beside the sentence."),
        )

    def choose(self, choices: Choices, figure: Figure | None, name: str, value: Any) -> Choices:
        return {**choices, name: choices["seed"] + value if name == "seed" else value}

    def spoken(self, shown: Shown) -> str:
        figure, at = shown.figure, shown.choices["level"]
        hidden = [
            figure.names[word] if left else "hidden" for word, left in zip(figure.text, _left(shown), strict=True)
        ]
        read = [figure.names[word] for word in figure.uniform[at]]
        return (
            f"{noise_says(float(figure.sigma[at]), 'absorb').replace('hidden', 'expected to be struck')}. "
            f"Absorbing: {' '.join(hidden)}. Uniform: {' '.join(read)}."
        )

    def formula(self, shown: Shown) -> tuple[str, ...]:
        figure, at = shown.figure, shown.choices["level"]
        sigma, states = number(float(figure.sigma[at]), 2), len(figure.names)
        kept, same = float(figure.kept[at]), float(figure.same[at])
        return (
            rf"P(\mathrm{{kept}}) = e^{{-\sigma}} = e^{{-{sigma}}} = {result(kept)}",
            r"P(\mathrm{same}) = e^{-\sigma} + \frac{1 - e^{-\sigma}}{N}",
            rf"= {number(kept)} + \frac{{1 - {number(kept)}}}{{{states}}} = {result(same)}",
        )

    def numbers(self, shown: Shown) -> Where:
        at = (shown.choices["level"],)
        moving = ("sigma", "accidents", "uniform", "kept", "same", "struck", "other")
        return {"names": (), "text": (), "first": (), **dict.fromkeys(moving, at)}

    def trial(self, shown: Shown) -> Trial:
        figure = shown.figure
        words = [
            SIGNS.sub(r"\\\g<0>", figure.names[word]) if left else "[2]"
            for word, left in zip(figure.text, _left(shown), strict=True)
        ]
        prompt = " ".join(words if "[2]" in words else [*words, "[2]"])
        return Trial(
            f"{prompt}.",
            "The words that are left are locked, the others are gaps: run it, and the model fills them.",
            {"steps": 32, "samples": 1, "sampler": "auto", "seed": 1},
        )

    def about_says(self, choices: Choices) -> str:
        return f"{len(set(words_of(choices['sentence'])) | set(words_of(choices['alphabet'])))} different words"


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text. A character of a script without spaces is one, and so is each where it is one long word."""
    words = text.split()
    if len(words) == 1 and len(words[0]) > LONGEST_WORD // 2:
        return _characters(words[0])
    return tuple(part for word in words for part in _parts(word))


def _parts(word: str) -> Iterable[str]:
    """Its characters that are of a script without spaces, and what stands between them."""
    if not any(map(is_without_spaces, word)):
        return (word,)
    runs = groupby(_characters(word), lambda character: is_without_spaces(character[0]))
    return (part for alone, run in runs for part in (run if alone else ("".join(run),)))


def _characters(word: str) -> tuple[str, ...]:
    """A word's whole characters, as people see them."""
    spelt = [letter.encode(errors="replace") for letter in word]
    return tuple(each.text or "" for each in graphemes(spelt))


def _left(shown: Shown) -> list[bool]:
    """Which words no accident has struck."""
    return [not count for count in shown.figure.accidents[shown.choices["level"]]]


CHAPTER = Breaking()
