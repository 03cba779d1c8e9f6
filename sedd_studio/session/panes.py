"""The panes of a comparison: one of the runs that stand beside each other, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np

from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE, Generate, Judged, ModelInfo, Started
from sedd_studio.record.trajectory import Origin, Trajectory

SAMPLES = (1, 4, 16, 64)
"""Texts that a pane may be of: more give a surer figure."""


class PaneState(Enum):
    """How far a pane is."""

    WAITING = auto()
    RUNNING = auto()
    DONE = auto()
    CANCELLED = auto()
    FAILED = auto()


@dataclass(eq=False)
class Pane:
    """One of the runs: its request, what is recorded of it, and what the judge says.

    `question` is its id, `info` tells of its model.
    """

    title: str
    request: Generate
    info: ModelInfo | None = None
    question: int = 0
    state: PaneState = PaneState.WAITING
    run: Trajectory | None = None
    verdict: Judged | None = None
    judging: int = 0
    _final: np.ndarray | None = None

    @property
    def can_be_opened(self) -> bool:
        """Whether the window can show it: a run that is over."""
        return self.state is PaneState.DONE and self.run is not None and self.run.origin is not None

    @property
    def final(self) -> np.ndarray | None:
        """The tokens (B, L) that the run ended with, read once."""
        if self._final is None and self.run is not None and self.state is PaneState.DONE:
            self._final = self.run.newest
        return self._final

    @property
    def calls(self) -> float:
        """Network calls of a sample: so far those of the sample that needed most, the mean once the run is over."""
        run = self.run
        if run is None:
            return 0
        if run.result is not None and run.result.evaluations:
            return run.result.evaluations / run.samples
        return run.moments[-1].calls

    @property
    def work(self) -> float:
        """Network calls of all samples, about: under absorbing noise no sample needs more than it has free tokens."""
        noise = self.info.noise if self.info is not None and not self.request.model else ""
        free = int((self.request.tokens == FREE).sum())
        masks = self.run.mask is not None if self.run is not None else noise != "uniform"
        return self.request.samples * max(1, min(self.request.steps, free) if masks else self.request.steps)

    @property
    def work_done(self) -> float:
        """How much of it is over, one way or the other."""
        if self.state in (PaneState.WAITING, PaneState.RUNNING):
            return 0.0 if self.run is None else self.work * self.run.recorded / max(1, self.run.steps)
        return self.work

    @property
    def seconds(self) -> float:
        """Seconds a sample so far."""
        return self.run.moments[-1].seconds / self.run.samples if self.run is not None else 0.0


def recorded(run: Trajectory) -> Pane:
    """The pane of a run that was made before."""
    assert run.origin is not None
    asked = run.origin.request
    branch = f" from {asked.first_step - 1}" if asked.first_step > 1 else ""
    title = f"{run.steps} steps{branch}, seed {asked.seed}"
    return Pane(title, asked, run.origin.info, state=PaneState.DONE, run=run)


def unlike(pane: Pane, other: Pane) -> np.ndarray | None:
    """Where (B, L) two panes ended with other tokens; None if they are not through, or not of one size."""
    one, two = pane.final, other.final
    return None if one is None or two is None or one.shape != two.shape else one != two


def begin(pane: Pane, started: Started, tokenizer: Tokenizer | None) -> Trajectory:
    """The record of a pane's run, which can be opened later."""
    if pane.info is None or tokenizer is None:
        return Trajectory(started, FREE)
    return Trajectory(started, pane.info.mask_id, Origin.of_now(replace(pane.request, model=""), pane.info, tokenizer))
