"""Chapter "Walking back"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.protocol.lessons import WORLDS, Figure
from engine.protocol.lessons.walking import SHOWN, WALKS, WalkingFigure, WalkingLesson
from sedd_studio.record.chapters.chapter import (
    NOISES,
    Chapter,
    Choices,
    Control,
    Pick,
    Press,
    Shown,
    Strip,
    Trial,
    Where,
)
from sedd_studio.record.chapters.formulas import counted, per_cent, result, spelled
from sedd_studio.record.chapters.formulas import shown as number

_, WORLD = WORLDS["tick"]
FACTORS = {0.5: "Half", 1.0: "True", 2.0: "Double"}
"""What the score of the first word is multiplied by."""
SAMPLERS = {"absorb": "first-hitting", "uniform": "uniformization"}
"""Which of the studio's samplers walks so."""
SECONDS = 15.0
"""Of the walks of a strip, from none to all, when they play."""
STRIP: tuple[str | int, ...] = (*["jump"] * 9, *[10] * 20, *[1000] * 9, *[10_000] * 9)
"""What is pressed for it, one after another."""


@dataclass(frozen=True)
class Stand:
    """How things stand: `ended` walks are over, in this `row` of the counts; number `walk` is on show, after `jump`."""

    row: int
    ended: int
    walk: int
    jump: int
    over: bool


class Walking(Chapter):
    """`ended` walks are over, `walk` is the number of the one on show, `jump` how far it has come."""

    help = "Right makes a jump, Down ten walks, End all of them."

    def start(self) -> Choices:
        return {"noise": "absorb", "factor": 1.0, "seed": 1, "ended": 0, "walk": 0, "jump": 0}

    def lesson(self, choices: Choices) -> WalkingLesson:
        return WalkingLesson(WORLD, choices["noise"], choices["factor"], choices["seed"])

    def caption(self, shown: Shown) -> str:
        if shown.choices["factor"] == 1.0:
            return (
                "From pure noise one jump after another leads back to a text; the score says how likely each jump is. "
                "With the true score walks end as often at each text as the data has it."
            )
        return (
            "Here the score of “tick” is wrong by a factor of two, so that each jump is a little unfair. "
            "Many walks show it: their pile does not come to the marks, however many there are."
        )

    def controls(self, choices: Choices, figure: Figure | None) -> tuple[Control, ...]:
        most = choices["ended"] >= WALKS
        doings = {"jump": "Jump", 10: "Ten walks", 1000: "1,000", "all": "Start over" if most else f"{WALKS:,}"}
        return (
            Press("go", "", doings, "One jump, or whole walks at once."),
            Pick("factor", "Score of “tick”", FACTORS, "The true score of “tick”, or one that is wrong.", titled=True),
            Pick("noise", "Kind of noise", NOISES, "Noise hides words, or puts any word in their place."),
        )

    def choose(self, choices: Choices, figure: Figure | None, name: str, value: Any) -> Choices:
        if name != "go":
            begins = name in ("factor", "noise", "seed")  # other walks
            return {**choices, name: value, **({"jump": 0} if begins else {})}
        if not isinstance(figure, WalkingFigure):
            return choices
        stand = stand_of(Shown(figure, choices))
        if value == "jump":
            return _jumped(figure, choices, stand)
        if value == "all" and stand.ended == figure.walks[-1]:
            return {**choices, "ended": 0, "walk": 0, "jump": 0}
        wanted = WALKS if value == "all" else stand.ended + int(value)
        ended = int(figure.walks[np.searchsorted(figure.walks, min(wanted, figure.walks[-1]), "right") - 1])
        walk = (ended - 1) % SHOWN
        return {**choices, "ended": ended, "walk": walk, "jump": int(figure.jumps[walk])}

    def spoken(self, shown: Shown) -> str:
        figure, stand = shown.figure, stand_of(shown)
        text = spelled(figure.texts[figure.visited[stand.walk, stand.jump]], figure.words)
        where = f"Walk {stand.walk + 1} stands at {text}, at {per_cent(figure.moment[stand.walk, stand.jump])} noise."
        if not stand.ended:
            return f"{where} No walk has ended yet."
        shares = ", ".join(
            f"{spelled(figure.texts[text], figure.words)} {per_cent(count / stand.ended)}"
            for text, count in zip(figure.clean, figure.counts[stand.row], strict=True)
        )
        distance = number(figure.distance[stand.row])
        return f"{where} {ended_says(stand.ended)}: {shares}. Distance from the data: {distance}."

    def formula(self, shown: Shown) -> tuple[str, ...]:
        figure, stand = shown.figure, stand_of(shown)
        if not stand.ended:
            return ()
        terms = [
            f"|{number(count / stand.ended)} - {number(chance)}|"
            for count, chance in zip(figure.counts[stand.row], figure.law, strict=True)
        ]
        half = len(terms) // 2
        return (
            r"d = \frac{1}{2} \sum_x |\,\mathrm{ended}(x) - p(x)\,|",
            rf"= \frac{{1}}{{2}} (\,{' + '.join(terms[:half])}",
            rf"+ {' + '.join(terms[half:])}\,) = {result(figure.distance[stand.row])}",
        )

    def numbers(self, shown: Shown) -> Where:
        stand = stand_of(shown)
        walk = dict.fromkeys(("visited", "moment", "chance", "probability"), (stand.walk, stand.jump))
        pile = dict.fromkeys(("walks", "counts", "distance", "expected", "spread"), (stand.row,))
        return {"words": (), "texts": (), "clean": (), "law": (), **walk, **pile}

    def strip(self, shown: Shown) -> Strip:
        """Some walks jump by jump, then more and more of them at once."""
        figure, made = shown.figure, [{**shown.choices, "ended": 0, "walk": 0, "jump": 0}]
        for press in STRIP:
            made.append(dict(self.choose(made[-1], figure, "go", press)))
            if made[-1]["ended"] == made[-2]["ended"] >= figure.walks[-1]:
                made.pop()
                break
        ended = [each["ended"] for each in made]
        at = min(int(np.searchsorted(ended, shown.choices["ended"])), len(ended) - 1)
        return Strip("Walks", tuple(made), tuple(map(ended_says, ended)), SECONDS, at)

    def trial(self, shown: Shown) -> Trial:
        noise = shown.choices["noise"]
        return Trial(
            "Once upon a time, there was a [16]. The end.",
            "The sampler jumps one word at a time, at its own moments: run it, or take single steps.",
            {"steps": 64, "samples": 1, "sampler": SAMPLERS[noise], "seed": 1},
            noise,
        )

    def about_says(self, choices: Choices) -> str:
        return "The tick-tock world: 2 words, exact scores"


def stand_of(shown: Shown) -> Stand:
    """How things stand, as far as there are walks."""
    figure, choices = shown.figure, shown.choices
    row = int(np.searchsorted(figure.walks, min(choices["ended"], figure.walks[-1]), "right")) - 1
    walk = choices["walk"] % len(figure.jumps)
    jump = min(choices["jump"], int(figure.jumps[walk]))
    return Stand(row, int(figure.walks[row]), walk, jump, jump == figure.jumps[walk])


def ended_says(ended: int) -> str:
    """How many walks are over."""
    return f"{counted(ended, 'walk')} {'has' if ended == 1 else 'have'} ended"


def _jumped(figure: WalkingFigure, choices: Choices, stand: Stand) -> Choices:
    """After one jump more: a walk that comes to its end is one more that has; the next one begins after it."""
    if stand.over:
        return {**choices, "walk": (stand.walk + 1) % SHOWN, "jump": 0}
    ends = stand.jump + 1 == figure.jumps[stand.walk]
    ended = stand.ended + (1 if ends and stand.ended < SHOWN else 0)
    return {**choices, "walk": stand.walk, "jump": stand.jump + 1, "ended": ended}


CHAPTER = Walking()
