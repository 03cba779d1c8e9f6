"""The records in which the session says how things stand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from engine.messages import Tokens


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
    a free token last changed, -1 where it has not. `step` of `steps` of the run; `length` is L.
    """

    tokens: Tokens
    locked: np.ndarray
    age: np.ndarray
    step: int
    steps: int
    length: int


@dataclass(frozen=True)
class RunForm:
    """What the next run is asked for."""

    steps: int
    sampler: str
    seed: int
    samples: int


@dataclass(frozen=True)
class RunProgress:
    """How far the engine is: `calls` of the network and `seconds` so far; `seconds_left` is None while unknown."""

    step: int = 0
    steps: int = 0
    calls: int = 0
    seconds: float = 0.0
    seconds_left: float | None = None


@dataclass(frozen=True)
class StepInfo:
    """The step that is shown: time t, total noise sigma, and how many of the `free` positions are settled."""

    step: int
    steps: int
    time: float
    sigma: float
    settled: int
    free: int


@dataclass(frozen=True)
class ErrorNote:
    """What went wrong, in a sentence, and what a developer wants to read."""

    headline: str
    detail: str = ""
