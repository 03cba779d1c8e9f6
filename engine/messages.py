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
Limit = tuple[int, int, tuple[int, ...]]
"""Positions start .. stop - 1, and the only token ids that may stand at each of them."""
Noise = Literal["absorb", "uniform", "none"]
"""What a model takes away: "none" is an autoregressive model, which writes from left to right."""


class UserError(Exception):
    """Something the user can put right. The message says in one sentence what is wrong and what to do."""


def frozen(array: npt.ArrayLike) -> Tokens:
    """A read-only int64 copy of `array`."""
    copy = np.array(array, dtype=np.int64)
    copy.setflags(write=False)
    return copy


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known about a loaded model.

    `vocabulary` counts clean tokens; `mask_id` is the token id of the mask, None where the noise has none. From left
    to right it stands for what is not written yet.
    `length` is the longest sequence in tokens. `facts` holds lines from the checkpoint, such as training steps;
    `weights` is the SHA-256 of the file of weights, in hexadecimal.
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
    weights: str = ""

    @property
    def domain(self) -> str:
        """The kind of sequence that it writes: a name from `engine.domains`."""
        return self.facts.get("domain", "text")


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

    `samples` chains run; chain k draws from the streams of sample `first_sample + k`. Where the model writes from left
    to right each free position is a step, however many `steps` are asked for.

    - `sampler` is a name from `engine.sampler_table` or "auto"; `options` are its numbers, by name.
    - `spacing` of the steps: "time", "sigma", "cosine", or the times themselves, falling from 1 to 0.
    - `temperature` and `top_p` shape the law of each token. `banned` token ids are never drawn; `words` never
      appear in the text; `pattern` is a regular expression that the whole text matches, or the name of a pattern of the
      model's domain.
    - `limits` are soft locks: each is a run of positions, start and stop, and the only token ids that may stand there.
    - `locking` says how locked tokens are honoured: "auto", "clamp", "gibbs" or "particles".
    - `model` is the folder of another model than the one that is loaded, if it is not to be that one; it must have the
      same tokenizer.
    - `start` (samples, L), if given, is where the chains stand before step `first_step`; masks are `FREE`. They go on
      from there, with locks that may have changed.
    """

    tokens: Tokens
    steps: int = 64
    sampler: str = "auto"
    seed: int = 0
    samples: int = 1
    first_sample: int = 0
    options: tuple[tuple[str, float], ...] = ()
    spacing: str | tuple[float, ...] = "time"
    temperature: float = 1.0
    top_p: float = 1.0
    banned: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    pattern: str = ""
    locking: str = "auto"
    start: Tokens | None = None
    first_step: int = 1
    model: str = ""
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Inspect:
    """What would the model put at `position` of `tokens` (L,), given all others as they stand?

    Masked tokens are `FREE`; `locked` (L,) bool are given; `sigma` is the noise at which the text stands, NaN where it
    is in no run. The answer names the `most` likely tokens.
    """

    tokens: Tokens
    locked: npt.NDArray[np.bool_]
    position: int
    sigma: float
    most: int = 10


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """What would the model say of `tokens` (L,) if it had to stop now? Entries as in `Inspect`."""

    tokens: Tokens
    locked: npt.NDArray[np.bool_]
    sigma: float


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """Bound -log p of `tokens` (L,), given those that `given` (L,) bool marks, if it marks any.

    It goes on until half of the 95 % interval is `precision` nats a token, or `max_calls` network calls are made; then
    it is shared out over the tokens, unless `by_token` is not wanted. The numbers are those of `sedd score` with the
    same seed.
    """

    tokens: Tokens
    given: npt.NDArray[np.bool_]
    precision: float = 0.02
    max_calls: int = 4096
    seed: int = 0
    by_token: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Weigh:
    """What does the autoregressive model in the folder `path` give `tokens` (L,)? It must have the same tokenizer."""

    path: str
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Judge:
    """What does the autoregressive model in the folder `path` make of `texts`, whose tokens are `tokens`?"""

    path: str
    texts: tuple[str, ...]
    tokens: tuple[tuple[int, ...], ...]


Question = Inspect | Guess | Score | Weigh | Judge | Generate
"""What may be asked without ending what is going on."""
Request = LoadModel | Question


# ---- events


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """The model of a `LoadModel` request is ready; `tokenizer` may be shared with the window (it is immutable)."""

    run_id: int
    info: ModelInfo
    tokenizer: Tokenizer


@dataclass(frozen=True, slots=True)
class Introduced:
    """The run that begins is one of another model than the one that is loaded."""

    run_id: int
    info: ModelInfo


@dataclass(frozen=True, slots=True, eq=False)
class Started:
    """The chain stands at noise `sigma` before step `first_step`: `tokens` (B, L), `locked` (L,) bool.

    Frames of the steps `first_step` to `steps` will follow. `sampler` is the one that "auto" stood for, too.
    """

    run_id: int
    tokens: Tokens
    locked: npt.NDArray[np.bool_]
    steps: int
    sigma: float
    first_step: int = 1
    sampler: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The state after step `step` (1..steps), as what changed: entry k sets tokens[sample[k], position[k]] = token[k].

    `time` is t and `sigma` the total noise after the step; `calls` counts network calls so far for the sample that
    needed most, `seconds` the time since the run began.
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
    """The run came to its end after `seconds` of wall time.

    `calls` are the network calls of the sample that needed most, `evaluations` those of all samples together.
    `log_weights` holds for each sample the log importance weight towards the model's law restricted to what the
    constraints allow: 0 without constraints, NaN where it is not known.
    """

    run_id: int
    calls: int
    seconds: float
    evaluations: int = 0
    log_weights: tuple[float, ...] = ()


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


@dataclass(frozen=True, slots=True, eq=False)
class Insight:
    """The answer to `Inspect`: the likely `tokens` (K,) with their `probability` (K,), the likeliest first.

    The law is that of the clean token given all others, `entropy` its entropy in nats, `own` the probability of the
    token that stands there, None where none does. `score` (K,) is the concrete score of each, None where undefined.
    """

    run_id: int
    position: int
    tokens: Tokens
    probability: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64] | None
    entropy: float
    own: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Guessed:
    """The answer to `Guess`: the likeliest clean `tokens` (L,), their `probability` (L,), and the `entropy` (L,) of the
    law of each position's clean token, nats. A token that is known is itself, with NaN for both numbers.
    """

    run_id: int
    tokens: Tokens
    probability: npt.NDArray[np.float64]
    entropy: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bounded:
    """A bound on -log p so far: `nats` a token, its `standard_error`, and half of its 95 % interval; NaN at first.

    It is over `tokens` tokens, from `calls` network calls.
    """

    run_id: int
    nats: float
    standard_error: float
    half_width: float
    tokens: int
    calls: int


@dataclass(frozen=True, slots=True, eq=False)
class Attributed:
    """What each token adds to the bound, `nats` (L,), 0 where it is given; the last one has `done`.

    `profile` (K,) is where along the noise the bound comes from: entry k holds nats a token for each unit of the noised
    share, between k / K and (k + 1) / K, NaN while not known; the mean of all is the bound.
    """

    run_id: int
    nats: npt.NDArray[np.float64]
    done: bool
    profile: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """The answer to `Weigh`: -log p of each token given those before it, `nats` (L,), exact; the model's `name`."""

    run_id: int
    name: str
    nats: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """The answer to `Judge`: generative perplexity by token with its standard error over the texts (NaN for a single
    one); beside it the entropy of a text's tokens, nats, with its error.
    """

    run_id: int
    perplexity: float
    entropy: float
    error: float = float("nan")
    entropy_error: float = float("nan")


Event = (
    ModelLoaded
    | Introduced
    | Started
    | Frame
    | Finished
    | Cancelled
    | Failed
    | Insight
    | Guessed
    | Bounded
    | Attributed
    | Weighed
    | Judged
)


def ends(event: Event) -> bool:
    """Whether an event is the last of its request: each ends with exactly one such."""
    if isinstance(event, Attributed):
        return event.done
    return isinstance(event, ModelLoaded | Finished | Cancelled | Failed | Insight | Guessed | Weighed | Judged)
