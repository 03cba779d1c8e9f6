"""Events come up from the engine. Every event carries the id of the run that it belongs to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.protocol.lessons.lesson import Figure
from engine.protocol.model_info import ModelInfo
from engine.protocol.tokens import Tokens

if TYPE_CHECKING:
    from engine.language.tokenizers import Tokenizer


@dataclass(frozen=True, slots=True, eq=False)
class RunEvent:
    """What every event tells: the id of its run."""

    run_id: int


@dataclass(frozen=True, slots=True)
class ModelLoaded(RunEvent):
    """The model of a `LoadModel` request is ready; `tokenizer` may be shared with the window (it is immutable)."""

    info: ModelInfo
    tokenizer: Tokenizer


@dataclass(frozen=True, slots=True)
class Identified(RunEvent):
    """The model that is loaded, with the hash of its weights."""

    info: ModelInfo


@dataclass(frozen=True, slots=True)
class Introduced(RunEvent):
    """The run that begins is one of another model than the one that is loaded."""

    info: ModelInfo


@dataclass(frozen=True, slots=True, eq=False)
class Started(RunEvent):
    """The chain stands at noise `sigma` before step `first_step`: `tokens` (B, L), `locked` (L,) bool.

    Frames of the steps `first_step` to `steps` will follow. `sampler` is the one that "auto" stood for, too.
    """

    tokens: Tokens
    locked: npt.NDArray[np.bool_]
    steps: int
    sigma: float
    first_step: int = 1
    sampler: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Frame(RunEvent):
    """The state after step `step` (1..steps), as what changed: entry k sets tokens[sample[k], position[k]] = token[k].

    `time` is t and `sigma` the total noise after the step; `calls` counts network calls so far for the sample that
    needed most, `seconds` the time since the run began.
    """

    step: int
    time: float
    sigma: float
    sample: Tokens
    position: Tokens
    token: Tokens
    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Finished(RunEvent):
    """The run came to its end after `seconds` of wall time.

    `calls` are the network calls of the sample that needed most, `evaluations` those of all samples together.
    `log_weights` holds for each sample its log importance weight towards the law, restricted to what constraints allow,
    of the same steps without them: 0 without constraints, NaN where it is not known.
    """

    calls: int
    seconds: float
    evaluations: int = 0
    log_weights: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Cancelled(RunEvent):
    """The run was stopped or superseded before its end."""


@dataclass(frozen=True, slots=True)
class Failed(RunEvent):
    """The run ended by an error: `headline` is a sentence for the user, `detail` what a developer wants to read.

    `found` are lines for the user about a model that was not opened.
    """

    headline: str
    detail: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Insight(RunEvent):
    """The answer to `Inspect`: the likely `tokens` (K,) with their `probability` (K,), the likeliest first.

    The law is that of the clean token given all others, `entropy` its entropy in nats, `own` the probability of the
    token that stands there, None where none does. `score` (K,) is the concrete score of each, None where undefined.
    """

    position: int
    tokens: Tokens
    probability: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64] | None
    entropy: float
    own: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Guessed(RunEvent):
    """The answer to `Guess`: the likeliest clean `tokens` (L,), their `probability` (L,), and the `entropy` (L,) of the
    law of each position's clean token, nats. A token that is known is itself, with NaN for both numbers.
    """

    tokens: Tokens
    probability: npt.NDArray[np.float64]
    entropy: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reviewed(RunEvent):
    """Part of the answer to `Review`: log probabilities of the tokens at `positions` (K,), nats: `now` (K,), all other
    positions given, and `then` (K,), in the state from which they were chosen; and the `entropy` (K,) of the law there,
    nats. `calls` of about `of` are made; `Finished` follows the last.
    """

    positions: Tokens
    now: npt.NDArray[np.float64]
    then: npt.NDArray[np.float64]
    entropy: npt.NDArray[np.float64]
    calls: int
    of: int


@dataclass(frozen=True, slots=True, eq=False)
class Influenced(RunEvent):
    """Part of the answer to `Influence`: the divergence `nats` (K,) of the law at each of `positions` (K,) with the
    word from that without it; positions of the word itself are left out. `calls` of about `of` are made: without
    positions it tells of that alone. `Finished` follows the last.
    """

    word: tuple[int, int]
    positions: Tokens
    nats: npt.NDArray[np.float64]
    calls: int
    of: int


@dataclass(frozen=True, slots=True)
class Bounded(RunEvent):
    """A bound on -log p so far: `nats` a token, its `standard_error`, and half of its 95 % interval; NaN at first.

    It is over `tokens` tokens in `passages` passages, from `calls` network calls.
    """

    nats: float
    standard_error: float
    half_width: float
    tokens: int
    calls: int
    passages: int = 1


@dataclass(frozen=True, slots=True)
class Tightened(RunEvent):
    """What several orders of a text make of the bound before it, so far: as `Bounded`, and the `slack` in nats a token
    that they take off it. `calls` and `passages` are those that went into the slack.
    """

    nats: float
    standard_error: float
    half_width: float
    tokens: int
    slack: float
    slack_error: float
    calls: int
    passages: int


@dataclass(frozen=True, slots=True, eq=False)
class Attributed(RunEvent):
    """What each token adds to the bound, `nats` (L,), 0 where it is given, passage after passage; the last one has
    `done`.

    `profile` (K,) is where along the noise the bound comes from: entry k holds nats a token for each unit of the noised
    share, between k / K and (k + 1) / K, NaN while not known; the mean of all is the bound.
    """

    nats: npt.NDArray[np.float64]
    done: bool
    profile: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True, eq=False)
class Weighed(RunEvent):
    """The answer to `Weigh`: -log p of each token given those before it, `nats` (L,), exact; the model's `name`."""

    name: str
    nats: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged(RunEvent):
    """The answer to `Judge`: generative perplexity by token with its standard error over the texts (NaN for a single
    one); beside it the entropy of a text's tokens, nats, with its error.
    """

    perplexity: float
    entropy: float
    error: float = float("nan")
    entropy_error: float = float("nan")


@dataclass(frozen=True, slots=True)
class Evaluated(RunEvent):
    """The answer to `Evaluate`, so far; what is not known yet, or cannot be known, is NaN.

    `bits` a byte of what is scored are an upper bound, or exact of an autoregressive model. `perplexity` is generative,
    by the judge, `entropy` that of a text's tokens, nats: the judge's, or where there is none the model's own. Errors
    are standard errors. `tokens` are scored; `shared` characters among them are of runs that are given, because a token
    reaches over their edge. `share` of the work is done; `note` says in a sentence what is missing and why.
    """

    tokens: int
    shared: int
    bits: float = math.nan
    bits_error: float = math.nan
    perplexity: float = math.nan
    perplexity_error: float = math.nan
    entropy: float = math.nan
    entropy_error: float = math.nan
    samples: int = 0
    share: float = 0.0
    note: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Mended(RunEvent):
    """What became of `samples` texts that were noised to `level`, so far: the share in which the spoilt word is
    `mended`, and the share of all other words that are `damaged`, NaN where there are none; each with a standard error.
    The spoilt word takes `tokens` tokens, and its original `before`.
    """

    level: float
    samples: int
    mended: float
    mended_error: float
    damaged: float
    damaged_error: float
    tokens: int
    before: int


@dataclass(frozen=True, slots=True, eq=False)
class Told(RunEvent):
    """The answer to a `Lesson`, so far; `Finished` follows the last."""

    figure: Figure


Event = (
    ModelLoaded
    | Identified
    | Introduced
    | Started
    | Frame
    | Finished
    | Cancelled
    | Failed
    | Insight
    | Guessed
    | Reviewed
    | Influenced
    | Bounded
    | Tightened
    | Attributed
    | Weighed
    | Judged
    | Evaluated
    | Mended
    | Told
)


def ends(event: Event) -> bool:
    """Whether an event is the last of its request: each ends with exactly one such."""
    if isinstance(event, Attributed | Evaluated):
        return event.done
    return isinstance(
        event, ModelLoaded | Identified | Finished | Cancelled | Failed | Insight | Guessed | Weighed | Judged
    )
