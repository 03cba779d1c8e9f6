"""Every sampler in one table: what menus, `--help` and the documentation say of it. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.protocol import Noise
from engine.protocol.option_kinds import Real


@dataclass(frozen=True, slots=True)
class SamplerOption:
    """A number that a sampler takes: its `default`, and the range that makes sense."""

    name: str
    summary: str
    default: float
    low: float
    high: float

    @property
    def kind(self) -> Real:
        return Real(self.low, self.high)


@dataclass(frozen=True, slots=True)
class SamplerInfo:
    """One row of the sampler table, for menus, for `--help` and for the documentation.

    `noises` names the solver for each kind of noise that it is for: a class in the file of `engine.samplers` that has
    the sampler's name. N is the number of steps, L that of free positions. `calls` is the cost in network calls a
    sample; `order` the power of the step in which the error falls with exact scores (None: no such power); `exact` says
    when there is no error.
    """

    name: str
    title: str
    summary: str
    noises: Mapping[Noise, str] = field(hash=False)
    calls: str
    order: int | None = 1
    exact: str = ""
    biased: bool = False
    options: tuple[SamplerOption, ...] = ()

    @property
    def accuracy(self) -> str:
        """How far it is from exact, in a few words."""
        order = "" if self.order is None else f"order {self.order}"
        exact = f"exact {self.exact}" if self.exact else ""
        return "biased" if self.biased else ", ".join(part for part in (order, exact) if part)


SAMPLERS: tuple[SamplerInfo, ...] = (
    SamplerInfo(
        "surest",
        "Surest first",
        "Reveals the same number of tokens in each step: those the model is surest of, far from each other.",
        {"absorb": "Surest"},
        "N, at most L",
        exact="from L steps on",
        options=(
            SamplerOption("spread", "Nats that it costs to stand beside one of the same step.", 20.0, 0.0, 1000.0),
        ),
    ),
    SamplerInfo(
        "subset",
        "Fixed-size subsets",
        "Reveals the same number of tokens in each step, at random positions.",
        {"absorb": "Subset"},
        "N, at most L",
        exact="from L steps on",
    ),
    SamplerInfo(
        "second-look",
        "Second look (biased)",
        "Fills the text in half of the steps; in the others it draws anew what does not fit. For the best sentences.",
        {"absorb": "SecondLook"},
        "at most N, with a pattern at most 1.5 N; at most L where L is at most 16",
        order=None,
        biased=True,
        options=(SamplerOption("surprise", "Nats by which a token may surprise more than is usual.", 1.0, 0.0, 100.0),),
    ),
    SamplerInfo(
        "tweedie",
        "Tweedie",
        "Moves each position by its own true law; steps in which nothing can change cost nothing.",
        {"absorb": "AbsorbingTweedie", "uniform": "UniformTweedie"},
        "at most N",
    ),
    SamplerInfo(
        "first-hitting",
        "First hitting",
        "Reveals one token at a time, each at its own moment; steps only decide how many frames are shown.",
        {"absorb": "FirstHitting"},
        "L",
        order=None,
        exact="always",
    ),
    SamplerInfo(
        "trapezoidal",
        "Theta-trapezoidal",
        "Two stages a step, the second extrapolated; needs fewer steps for the same error where data are smooth.",
        {"absorb": "AbsorbingTrapezoidal", "uniform": "UniformTrapezoidal"},
        "at most 2 N",
        order=2,
        options=(SamplerOption("theta", "Where the first stage ends, as a share of the step.", 0.5, 0.05, 0.95),),
    ),
    SamplerInfo(
        "entropy-bounded",
        "Entropy-bounded",
        "Reveals as many tokens at once as are nearly independent, the surest first.",
        {"absorb": "EntropyBounded"},
        "at most N, at most L",
        order=None,
        exact="for gamma 0, from L steps on",
        options=(SamplerOption("gamma", "Nats that tokens revealed together may know of each other.", 0.1, 0.0, 5.0),),
    ),
    SamplerInfo(
        "confidence",
        "Confidence (biased)",
        "Keeps the most probable of the drawn tokens; sharpens the law like a lower temperature.",
        {"absorb": "Confidence"},
        "N, at most L",
        order=None,
        biased=True,
    ),
    SamplerInfo(
        "remask",
        "Remasking",
        "Masks revealed tokens again now and then, so that early mistakes can be undone; for many steps.",
        {"absorb": "Remask"},
        "at most N",
        options=(SamplerOption("rate", "How often a token is masked again in a run.", 4.0, 0.0, 50.0),),
    ),
    SamplerInfo(
        "tau-leaping",
        "Tau-leaping",
        "Holds the rates of the reverse chain over each step.",
        {"absorb": "AbsorbingTauLeaping", "uniform": "UniformTauLeaping"},
        "at most N",
    ),
    SamplerInfo(
        "uniformization",
        "Uniformization",
        "Makes every jump at its own moment; steps only decide how many frames are shown.",
        {"uniform": "Uniformization"},
        "some 20 L to 30 L",
        order=None,
        exact="always",
    ),
    SamplerInfo(
        "gibbs",
        "Gibbs corrector",
        "Draws some tokens anew after each step, given all others, which mends what does not fit together.",
        {"absorb": "AbsorbingGibbs", "uniform": "UniformGibbs"},
        "at most (1 + corrections) N + sweeps L",
        order=None,
        exact="from L steps on (absorbing); in the limit, but for (L sigma)^2 of the last step (uniform)",
        options=(
            SamplerOption("corrections", "Tokens drawn anew after each step.", 1, 0, 4096),
            SamplerOption("sweeps", "How often all are drawn anew at the end (absorbing noise).", 0, 0, 64),
        ),
    ),
    SamplerInfo(
        "analytic",
        "Analytic, as published",
        "Tweedie steps with the scores as they are, for comparison with published numbers.",
        {"absorb": "Analytic", "uniform": "Analytic"},
        "N",
    ),
    SamplerInfo(
        "euler",
        "Euler, as published",
        "Follows the reverse rates over each step, for comparison with published numbers.",
        {"absorb": "Euler", "uniform": "Euler"},
        "N",
    ),
)
"""Every sampler, the default of a noise type before the others."""


LEFT_TO_RIGHT = SamplerInfo(
    "left-to-right",
    "From left to right",
    "Writes one token after another; each sees what stands to its left, and nothing to its right.",
    {"none": ""},
    "L",
    order=None,
    exact="where nothing is locked to the right of a gap",
)
"""The only way of an autoregressive model: no sampler of diffusion, and in no file of its own."""


ANCESTRAL = SamplerInfo(
    "ancestral",
    "Ancestral",
    "Draws each position anew given all others, from the most noise to none; tokens may change until the end.",
    {"mixed": "Ancestral"},
    "at most N + corrections",
    options=(
        SamplerOption("corrections", "Tokens of the finished text, at most, that are mended one by one.", 0, 0, 4096),
        SamplerOption("temperature", "At which they are drawn.", 0.1, 0.01, 1.0),
    ),
)
"""The only way of a model of masks and uniform noise mixed."""

ALL_SAMPLERS = (*SAMPLERS, ANCESTRAL)
"""What can be asked for by name."""
TITLES = {row.name: row.title for row in (*ALL_SAMPLERS, LEFT_TO_RIGHT)}


def samplers_for(noise: Noise) -> list[SamplerInfo]:
    """The rows that work with a noise type, the default one first."""
    return [row for row in (*ALL_SAMPLERS, LEFT_TO_RIGHT) if noise in row.noises]


def default_sampler(noise: Noise) -> str:
    """The first in the table that fits."""
    return samplers_for(noise)[0].name
