"""What crosses the boundary between the window and the engine: requests go down, events come up.

Every request is frozen and holds everything that decides a run; every event carries the id of the run that
it belongs to. Arrays are read-only copies. This module imports no torch, so the window can use it at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.tokenizers import Tokenizer

FREE = -1
"""The entry of `Generate.tokens` at a position that the sampler fills."""

Tokens = npt.NDArray[np.int64]
Noise = Literal["absorb", "uniform"]


class UserError(Exception):
    """Something the user can put right. The message says in one sentence what is wrong and what to do."""


def frozen(array: npt.ArrayLike) -> Tokens:
    """A read-only int64 copy of `array`."""
    copy = np.array(array, dtype=np.int64)
    copy.setflags(write=False)
    return copy


@dataclass(frozen=True, slots=True)
class SamplerInfo:
    """One row of the sampler table, for menus and for `--help`."""

    name: str
    title: str
    summary: str
    noises: tuple[Noise, ...]


SAMPLERS: tuple[SamplerInfo, ...] = (
    SamplerInfo(
        "analytic",
        "Analytic (Tweedie)",
        "Reverses each step exactly, position by position, for the score at its start.",
        ("absorb", "uniform"),
    ),
    SamplerInfo(
        "euler",
        "Euler",
        "Follows the reverse rates over each step; the simplest choice.",
        ("absorb", "uniform"),
    ),
)
"""Every sampler. `engine.samplers` holds one file for each name."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known about a loaded model.

    `vocabulary` counts clean tokens; `mask_id` is the token id of the mask, None where the noise has none.
    `length` is the longest sequence in tokens. `facts` holds lines from the checkpoint, such as training steps.
    """

    name: str
    path: str
    noise: Noise
    schedule: str
    length: int
    vocabulary: int
    mask_id: int | None
    parameters: int
    device: str
    precision: str
    facts: dict[str, str] = field(default_factory=dict)


# ---- requests


@dataclass(frozen=True, slots=True)
class LoadModel:
    """Load the checkpoint at `path`. `device` and `precision` are "auto" or a name such as "cpu", "bf16"."""

    path: str
    device: str = "auto"
    precision: str = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class Generate:
    """Fill the free positions of `tokens` (L,), int64: a token id where locked, `FREE` elsewhere.

    `samples` chains run in one batch; chain k draws from the streams of sample `first_sample + k`.
    """

    tokens: Tokens
    steps: int = 64
    sampler: str = "analytic"
    seed: int = 0
    samples: int = 1
    first_sample: int = 0


Request = LoadModel | Generate


# ---- events


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """The model of a `LoadModel` request is ready; `tokenizer` may be shared with the window (it is immutable)."""

    run_id: int
    info: ModelInfo
    tokenizer: Tokenizer


@dataclass(frozen=True, slots=True, eq=False)
class Started:
    """The chain stands at full noise `sigma`: `tokens` (B, L); `locked` (L,) bool; `steps` frames will follow."""

    run_id: int
    tokens: Tokens
    locked: npt.NDArray[np.bool_]
    steps: int
    sigma: float


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The state after step `step` (1..steps), as what changed: entry k sets tokens[sample[k], position[k]] = token[k].

    `time` is t and `sigma` the total noise after the step; `calls` counts network calls so far and `seconds`
    the time since the run began.
    """

    run_id: int
    step: int
    time: float
    sigma: float
    sample: Tokens
    position: Tokens
    token: Tokens
    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The run came to its end. `calls` network calls, `seconds` of wall time."""

    run_id: int
    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The run was stopped or superseded before its end."""

    run_id: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The run ended by an error: `headline` is a sentence for the user, `detail` what a developer wants to read."""

    run_id: int
    headline: str
    detail: str = ""


Event = ModelLoaded | Started | Frame | Finished | Cancelled | Failed
