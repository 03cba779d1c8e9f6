"""Chapter "The rule of the noise"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.protocol import Noise
from engine.protocol.lessons import SIGMAS, Figure
from engine.protocol.lessons.levels import level_near
from engine.protocol.lessons.rule import RATES, Rates, RuleFigure, RuleLesson, notch_of
from sedd_studio.record.chapters.chapter import Chapter, Choices, Control, Pick, Shown, Slide, Trial, Where
from sedd_studio.record.chapters.formulas import SIGMA, per_cent, result, word
from sedd_studio.record.chapters.formulas import shown as number

SECONDS = 10.0
"""Of the noise, from none to the most, when it plays."""
WORDS = ("sun", "rain", "snow")
HIDDEN = "hidden"
KEYS = ("q", "w", "e", "a", "s")
"""Five keys of a keyboard: three above two."""
BESIDE = {"q": "wa", "w": "qeas", "e": "ws", "a": "qws", "s": "wea"}
"""Which keys a finger may hit in the place of one."""
OWN = "own"
"""What a rule is called that was edited."""


@dataclass(frozen=True)
class Kind:
    """A rule to begin with: its `rates` [to][from] between the tokens `names`, the entry that is shown first, and the
    noise of the models to try it with."""

    title: str
    names: tuple[str, ...]
    rate: Callable[[str, str], float]
    """From the names of the token that comes and of the one that goes."""
    first: tuple[int, int] = (1, 0)
    noise: Noise = "absorb"

    @property
    def rates(self) -> Rates:
        return tuple(tuple(self.rate(to, origin) for origin in self.names) for to in self.names)


KINDS = {
    "absorb": Kind("Absorbing", (*WORDS, HIDDEN), lambda to, origin: float(to == HIDDEN != origin), (len(WORDS), 0)),
    "uniform": Kind("Uniform", (*WORDS, "wind"), lambda to, origin: 0.25 * (to != origin), noise="uniform"),
    "keyboard": Kind("Slips on a keyboard", KEYS, lambda to, origin: 0.25 * (to in BESIDE[origin])),
}


class Rule(Chapter):
    """`names` and `rates` [to][from] are the rule, `kind` what it is called; `row` and `column` say which entry is
    edited, `rate` is its notch, `level` that of the noise."""

    help = "Click an entry of the rule to edit its rate. Left and Right change the noise, Up and Down the entry."

    def start(self) -> Choices:
        return self._of_kind({"level": level_near(0.6)}, "absorb")

    def lesson(self, choices: Choices) -> RuleLesson:
        return RuleLesson(choices["names"], choices["rates"], divmod(choices["entry"], len(choices["names"])))

    def caption(self, shown: Shown) -> str:
        return (
            "The rule says how fast each token becomes another; its columns sum up to 0, because what leaves one token "
            "arrives at the others. The longer it is at work, the less a token remembers what it was."
        )

    def controls(self, choices: Choices, figure: Figure | None) -> tuple[Control, ...]:
        sigma, rate = float(SIGMAS[choices["level"]]), float(RATES[choices["rate"]])
        return (
            Slide("level", "Noise", len(SIGMAS) - 1, f"{SIGMA} {sigma:.2f}", SECONDS, "How long the rule is at work."),
            Slide("rate", _title(choices), len(RATES) - 1, f"rate {rate:.2f}", help="How fast that happens."),
            Pick("kind", "Rule", {name: kind.title for name, kind in KINDS.items()}, "Which rule it is."),
        )

    def choose(self, choices: Choices, figure: Figure | None, name: str, value: Any) -> Choices:
        match name:
            case "kind":
                return self._of_kind(choices, value)
            case "rate" if value != choices["rate"]:
                return {**choices, "rate": value, "kind": OWN}
            case "entry":
                return self._at(self._kept(choices, figure), value)
        return {**choices, name: value}

    def spoken(self, shown: Shown) -> str:
        figure, choices = shown.figure, shown.choices
        column = choices["entry"] % len(figure.names)
        law = figure.law[choices["rate"], choices["level"]][:, column]
        rows = ", ".join(f"{name} {per_cent(chance)}" for name, chance in zip(figure.names, law, strict=True))
        rate = float(RATES[choices["rate"]])
        sigma = float(figure.sigma[choices["level"]])
        return f"{SIGMA} {sigma:.2f}. {_title(choices)}: rate {rate:.2f}. From {figure.names[column]}: {rows}."

    def formula(self, shown: Shown) -> tuple[str, ...]:
        figure, choices = shown.figure, shown.choices
        row, column = divmod(choices["entry"], len(figure.names))
        rule = figure.rule[choices["rate"]]
        law = figure.law[choices["rate"], choices["level"], row, column]
        others = [number(rule[each, column], 2) for each in range(len(rule)) if each != column]
        to, origin = word(figure.names[row]), word(figure.names[column])
        sigma = number(float(figure.sigma[choices["level"]]), 2)
        return (
            rf"Q_{{{origin}\,{origin}}} = -({' + '.join(others)}) = {result(rule[column, column], 2)}",
            rf"p_\sigma({to}\,|\,{origin}) = [e^{{{sigma}\,Q}}]_{{{to}\,{origin}}} = {result(law)}",
        )

    def numbers(self, shown: Shown) -> Where:
        rate, level = shown.choices["rate"], shown.choices["level"]
        own = dict.fromkeys(("rule", "limit", "mended"), (rate,))
        return {"names": (), "sigma": (level,), "law": (rate, level), **own}

    def trial(self, shown: Shown) -> Trial:
        return Trial(
            "Once upon a time, there was a [24]. The end.",
            "Run it: the timeline shows this rule at work, from the most noise to none.",
            {"steps": 64, "samples": 1, "sampler": "auto", "seed": 1},
            KINDS[shown.choices["kind"]].noise if shown.choices["kind"] in KINDS else "absorb",
        )

    def about_says(self, choices: Choices) -> str:
        own = "A rule of your own. " if choices["kind"] == OWN else ""
        return f"{own}{len(choices['names'])} tokens: the column says which it was, the row which it becomes"

    def _of_kind(self, choices: Choices, kind: str) -> Choices:
        rule = KINDS[kind]
        row, column = rule.first
        made = {**choices, "kind": kind, "names": rule.names, "rates": rule.rates}
        return self._at(made, row * len(rule.names) + column)

    def _at(self, choices: Choices, entry: int) -> Choices:
        """With another entry to edit, and the slider where it stands."""
        row, column = divmod(entry, len(choices["names"]))
        rates = choices["rates"]
        out = sum(rates[each][column] for each in range(len(rates)) if each != column)
        return {**choices, "entry": entry, "rate": notch_of(out if row == column else rates[row][column])}

    def _kept(self, choices: Choices, figure: Figure | None) -> Choices:
        """With the rates as they have been edited."""
        if not isinstance(figure, RuleFigure):
            return choices
        return {**choices, "rates": tuple(map(tuple, figure.rule[choices["rate"]].tolist()))}


def _title(choices: Choices) -> str:
    """What the rate that is edited is of."""
    row, column = divmod(choices["entry"], len(choices["names"]))
    names = choices["names"]
    return f"Away from {names[column]}" if row == column else f"{names[column]} to {names[row]}"


CHAPTER = Rule()
