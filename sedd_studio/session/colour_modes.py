"""What the colours behind the tokens mean: one row a mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.protocol import FREE
from engine.runs.map_modes import MOST_REGRET
from sedd_studio.session.view import View

if TYPE_CHECKING:
    from sedd_studio.session.guessing import Guesser
    from sedd_studio.session.hindsight import Hindsight
    from sedd_studio.session.influencing import Influencer, Way
    from sedd_studio.session.scoring import Scorer

MOST_NATS = 8.0
MOST_CHANGES = 6
MOST_INFLUENCE, LEAST_INFLUENCE = 1.0, 0.05
"""Nats of the strongest colour, and from which on influence is written above a word."""
LEAST_NOTED = 0.5
"""Nats from which on regret is written above a word."""
Shares = np.ndarray | None


@dataclass(frozen=True)
class Sources:
    """Where the modes read what they show."""

    view: View
    scorer: Scorer
    guesser: Guesser
    hindsight: Hindsight
    influencer: Influencer


@dataclass(frozen=True)
class Mode:
    """A way to colour: `shares` (L,) are from 0, no colour, to 1, the strongest, NaN for none; None if not known.

    `low` and `high` say in the legend what the ends mean; `missing` what to do where nothing is known, `none` why no
    token has a colour where that is known. A mode that `guesses` has the model asked at every step on show, one that
    `looks_back` about the run once it is over, one of `influence` about the word that is pointed at. `notes`
    (L,) are written small above the tokens.
    """

    title: str
    low: str
    high: str
    missing: str
    shares: Callable[[Sources], Shares]
    none: str = "Nothing has settled at this step yet."
    guesses: bool = False
    looks_back: bool = False
    influence: Way | None = None
    notes: Callable[[Sources], Sequence[str]] = lambda sources: ()


def when_settled(sources: Sources) -> Shares:
    """Early tokens faint, late ones strong."""
    run, state = sources.view.run, sources.view.canvas()
    if run is None:
        return None
    _, settled = run.at(sources.view.playhead.step, sources.view.playhead.sample)
    chosen = (settled > 0) & ~state.locked & (state.tokens != FREE)
    return np.where(chosen, settled / max(1, run.steps), np.nan)


def in_which_step(sources: Sources) -> Sequence[str]:
    """The step in which each token settled."""
    run, state = sources.view.run, sources.view.canvas()
    if run is None:
        return ()
    _, settled = run.at(sources.view.playhead.step, sources.view.playhead.sample)
    chosen = (settled > 0) & ~state.locked & (state.tokens != FREE)
    return [str(step) if told else "" for step, told in zip(settled.tolist(), chosen.tolist(), strict=True)]


def as_at_the_end(sources: Sources, values: np.ndarray | None) -> np.ndarray | None:
    """Numbers (L,) of the tokens at the end of the run where the same stand on show, NaN elsewhere."""
    run, state, sample = sources.view.run, sources.view.canvas(), sources.view.playhead.sample
    if run is None or values is None or len(values) != state.length:
        return None
    return np.where(state.tokens == run.at(run.recorded, sample)[0], values, np.nan)


def regretted(sources: Sources) -> Shares:
    """What the model thinks less of now than when it chose it."""
    regret = as_at_the_end(sources, sources.hindsight.regret)
    return None if regret is None else np.clip(-regret / MOST_REGRET, 0.0, 1.0)


def ratios(sources: Sources) -> Sequence[str]:
    """The log ratios of what is regretted, nats."""
    regret = as_at_the_end(sources, sources.hindsight.regret)
    return () if regret is None else [f"{nats:.1f}" if nats < -LEAST_NOTED else "" for nats in regret.tolist()]


def moved(sources: Sources) -> Shares:
    """How far the laws move."""
    nats = sources.influencer.on_show()
    return None if nats is None else np.clip(nats / MOST_INFLUENCE, 0.0, 1.0)


def nats_moved(sources: Sources) -> Sequence[str]:
    """By how many nats, where it is worth a word."""
    nats = sources.influencer.on_show()
    return () if nats is None else [f"{each:.2f}" if each >= LEAST_INFLUENCE else "" for each in nats.tolist()]


def how_often(sources: Sources) -> Shares:
    """Tokens that changed more than once."""
    run, state = sources.view.run, sources.view.canvas()
    if run is None:
        return None
    counts = run.change_counts(sources.view.playhead.step, sources.view.playhead.sample)
    return np.where(~state.locked & (counts > 0), np.minimum(counts / MOST_CHANGES, 1.0), np.nan)


def cost(sources: Sources) -> Shares:
    """What each token adds to the bound on the likelihood."""
    costs = sources.scorer.costs_on_show()
    return None if costs is None else np.minimum(costs / MOST_NATS, 1.0)


def confidence(sources: Sources) -> Shares:
    """The probability of the likeliest token, where one is still to be found."""
    guess = sources.guesser.current()
    return None if guess is None else guess.probability


def entropy(sources: Sources) -> Shares:
    """How undecided the model is, where a token is still to be found."""
    guess = sources.guesser.current()
    return None if guess is None else np.minimum(guess.entropy / MOST_NATS, 1.0)


ASK, ALONE = "Point at a word, or select one.", "There is nothing beside the word."
LEFT = "Nothing is left to guess at this step; go back to an earlier one."
MODES: dict[str, Mode] = {
    "plain": Mode("No colours", "", "", "", lambda sources: None),
    "settled": Mode("When it settled", "first step", "last step", "Run first.", when_settled, notes=in_which_step),
    "changed": Mode("How often it changed", "never", f"{MOST_CHANGES} times and more", "Run first.", how_often),
    "confidence": Mode(
        "How sure the model is", "0%", "100%", "Wait for the run to end, or stop it.", confidence, LEFT, guesses=True
    ),
    "entropy": Mode(
        "Entropy",
        "0 nats",
        f"{MOST_NATS:g} nats and more",
        "Wait for the run to end, or stop it.",
        entropy,
        LEFT,
        guesses=True,
    ),
    "regret": Mode(
        "Regret",
        "as likely now as when chosen",
        f"{MOST_REGRET:g} nats less",
        "The model is asked once the run is over.",
        regretted,
        "No token of the run stands here.",
        looks_back=True,
        notes=ratios,
    ),
    "influence": Mode(
        "What a word does",
        "0 nats",
        f"{MOST_INFLUENCE:g} nat and more",
        ASK,
        moved,
        ALONE,
        influence="does",
        notes=nats_moved,
    ),
    "leans": Mode(
        "What a word leans on",
        "0 nats",
        f"{MOST_INFLUENCE:g} nat and more",
        ASK,
        moved,
        ALONE,
        influence="leans",
        notes=nats_moved,
    ),
    "cost": Mode(
        "What it costs", "0 nats", f"{MOST_NATS:g} nats and more", "Score the text in the Likelihood panel.", cost
    ),
}
