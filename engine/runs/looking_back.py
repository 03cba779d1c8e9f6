"""What is asked about a run that is over: what the model thinks of each token now, and thought when it chose it."""

from __future__ import annotations

import numpy as np

from engine.protocol import Review, Reviewed, frozen
from engine.runs.trajectory import Trajectory


def reviewable(run: Trajectory, sample: int) -> np.ndarray:
    """The positions (P,) of a sample whose tokens were chosen in the run and still stand, from left to right."""
    tokens, last = run.at(run.recorded, sample)
    return np.flatnonzero((last > 0) & ~run.locked & (tokens != run.mask))


def review_of(run: Trajectory, sample: int, positions: np.ndarray | None = None) -> Review:
    """The question about the tokens of a sample as they stand after the newest step, or about some of them.

    Each was chosen in the step in which it changed last, from the state and at the noise before that step.
    """
    asked = reviewable(run, sample) if positions is None else positions
    tokens, last = run.at(run.recorded, sample)
    steps, chosen = np.unique(last[asked] - 1, return_inverse=True)
    states = [run.shown(run.at(step, sample)[0]) for step in steps.tolist()]
    return Review(
        frozen(run.shown(tokens)),
        np.array(run.locked, bool),
        run.moments[run.recorded].sigma,
        frozen(asked),
        frozen(chosen),
        frozen(np.array(states).reshape(len(states), run.length)),
        tuple(run.moments[step].sigma for step in steps.tolist()),
        *(() if run.origin is None else (run.origin.request.label, run.origin.request.guidance)),
    )


def worst(regret: np.ndarray, count: int) -> np.ndarray:
    """Which positions (L,) bool have the lowest of the log ratios (L,), NaN for none: `count` of them, or all that the
    model thinks less of than when it chose them, if those are fewer."""
    chosen = np.zeros(len(regret), bool)
    ranked = np.argsort(np.where(np.isnan(regret), np.inf, regret), kind="stable")
    lower = int((regret < 0).sum())
    chosen[ranked[: min(count, lower)]] = True
    return chosen


class LookedBack:
    """What is known of the tokens of a sample of `length` positions. Of each (L,), NaN where it is not known: its log
    probability `now`, all else given, and `then`, when it was chosen, and the `entropy` of the law that it was chosen
    from; nats."""

    def __init__(self, length: int) -> None:
        self.now, self.then, self.entropy = (np.full(length, np.nan) for _ in range(3))

    @property
    def regret(self) -> np.ndarray:
        """The log ratios (L,): below 0 where the model thinks less of a token now."""
        ratio: np.ndarray = self.now - self.then
        return ratio

    @property
    def confidence(self) -> np.ndarray:
        """The probability (L,) that each token had when it was chosen."""
        probability: np.ndarray = np.exp(self.then)
        return probability

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """What is told of each position (L,), by name."""
        return {"confidence": self.confidence, "entropy": self.entropy, "regret": self.regret}

    def take(self, event: Reviewed) -> None:
        """What has come of the answer."""
        self.now[event.positions], self.then[event.positions] = event.now, event.then
        self.entropy[event.positions] = event.entropy
