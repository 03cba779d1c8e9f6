"""The records in which the session says how things stand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from engine.protocol import Tokens


class RunState(Enum):
    """What the engine is doing for us, or how the last run ended."""

    LOADING = auto()
    IDLE = auto()
    RUNNING = auto()
    DONE = auto()
    STOPPED = auto()
    FAILED = auto()


@dataclass(frozen=True, eq=False)
class CanvasState:
    """What the canvas shows, for L positions.

    `tokens` (L,) int64, `FREE` where masked or unknown; `locked` (L,) bool; `age` (L,) int64 counts the steps since
    a free token last changed, -1 where it has not; `unsettled` (L,) bool marks tokens that still change in the run.
    `step` of `steps` of the run; `length` is L.
    """

    tokens: Tokens
    locked: np.ndarray
    age: np.ndarray
    unsettled: np.ndarray
    step: int
    steps: int
    length: int


@dataclass(frozen=True)
class StepInfo:
    """The step that is shown: time t, total noise sigma, and how many of the `free` positions are settled.

    Where the noise has no mask nothing says what is settled before the end: then it `counts_changes` up to here.
    """

    step: int
    steps: int
    time: float
    sigma: float
    settled: int
    free: int
    counts_changes: bool = False

    @property
    def filled(self) -> str:
        """That in words."""
        return f"{self.settled} changes" if self.counts_changes else f"{self.settled} of {self.free} settled"


@dataclass(frozen=True)
class Candidate:
    """A token that could stand at a position: its text, its probability, its concrete score where that is defined."""

    token: int
    text: str
    probability: float
    score: float | None


@dataclass(frozen=True)
class Pointed:
    """The position that is pointed at, and what the model would put there; no candidates while that is not known.

    `shown` is the text that stands there, None where it is masked; `own` is its probability, `entropy` in nats; `cost`
    is its share of the bound on the text in nats, None where that was not scored. What is `limited` is the law of what
    may stand there; `refusal` says why there is none.
    """

    position: int
    shown: str | None
    locked: bool
    candidates: tuple[Candidate, ...] = ()
    entropy: float | None = None
    own: float | None = None
    cost: float | None = None
    limited: bool = False
    refusal: str = ""
