"""The records in which the session says how things stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import numpy as np

from engine.protocol import FREE, Generate, Noise, Tokens
from engine.protocol.sampler_table import SamplerInfo, samplers_for
from sedd_studio.record.trajectory import Trajectory


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
class RunForm:
    """What the next run is asked for, each entry as in `engine.protocol.Generate`.

    `banned` holds words with commas between them. `options` holds numbers of all samplers by name; the usual ones may
    be missing.
    """

    steps: int
    sampler: str
    seed: int
    samples: int
    spacing: str = "time"
    temperature: float = 1.0
    top_p: float = 1.0
    locking: str = "auto"
    banned: str = ""
    pattern: str = ""
    options: dict[str, float] = field(default_factory=dict)

    def sampler_for(self, noise: Noise) -> SamplerInfo:
        """The sampler that is chosen, or the default one where it does not fit the noise."""
        fitting = samplers_for(noise)
        return next((row for row in fitting if row.name == self.sampler), fitting[0])

    def request(self, tokens: Tokens, noise: Noise) -> Generate:
        """The run of a prompt (L,). What does not go with the noise stays chosen and is left out.

        From left to right each free position is a step.
        """
        row = self.sampler_for(noise)
        values = {option.name: self.options.get(option.name, option.default) for option in row.options}
        usual = {option.name: option.default for option in row.options}
        absorb, by_steps = noise == "absorb", noise != "none"
        words = tuple(word.strip() for word in self.banned.split(",") if word.strip())
        return Generate(
            tokens,
            self.steps if by_steps else max(1, int((tokens == FREE).sum())),
            row.name if row.name == self.sampler else "auto",
            self.seed,
            self.samples,
            options=tuple((name, value) for name, value in values.items() if value != usual[name]),
            spacing=self.spacing if by_steps else "time",
            temperature=self.temperature,
            top_p=self.top_p,
            words=words if absorb else (),
            pattern=self.pattern if absorb else "",
            locking=self.locking if noise == "uniform" else "auto",
        )

    @staticmethod
    def entries_of(request: Generate, noise: Noise) -> dict[str, Any]:
        """The entries with which a request is asked for again; from left to right steps and sampler are no choice."""
        chosen = [name for name in SHARED if noise != "none" or name not in ("steps", "sampler")]
        found: dict[str, Any] = {name: getattr(request, name) for name in chosen}
        found |= {"banned": ", ".join(request.words), "options": dict(request.options)}
        return found | ({"spacing": request.spacing} if isinstance(request.spacing, str) else {})


SHARED = ("steps", "sampler", "seed", "samples", "temperature", "top_p", "locking", "pattern")
"""Entries of a form that a request has under the same names."""


@dataclass(frozen=True)
class RunProgress:
    """How far a run is: `calls` of the network and `seconds` so far.

    `seconds_left` is None where that is not known, or nothing more is to come.
    """

    step: int = 0
    steps: int = 0
    calls: int = 0
    seconds: float = 0.0
    seconds_left: float | None = None

    @staticmethod
    def of(run: Trajectory | None, grows: bool = False) -> RunProgress:
        """That of a recorded run, which `grows` while the engine adds to it; a branch counts what it added itself."""
        if run is None:
            return RunProgress()
        before = run.origin.request.first_step - 1 if run.origin is not None else 0
        done, last = run.recorded - before, run.moments[-1]
        if done <= 0:
            return RunProgress(run.recorded, run.steps)
        calls, seconds = (last.calls, last.seconds) if run.result is None else (run.result.calls, run.result.seconds)
        left = last.seconds / done * (run.steps - run.recorded) if grows else None
        return RunProgress(run.recorded, run.steps, calls, seconds, left)


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
    is its share of the bound on the text in nats, None where that was not scored.
    """

    position: int
    shown: str | None
    locked: bool
    candidates: tuple[Candidate, ...] = ()
    entropy: float | None = None
    own: float | None = None
    cost: float | None = None


@dataclass(frozen=True)
class ErrorNote:
    """What went wrong, in a sentence, and what a developer wants to read."""

    headline: str
    detail: str = ""
