"""Requests go down to the engine. Each is frozen and holds everything that decides a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt

from engine.protocol.lessons.lesson import Lesson
from engine.protocol.option_kinds import MANY, SEED, STEPS, Real, Whole
from engine.protocol.tokens import Tokens

Limit = tuple[int, int, tuple[int | str, ...]]
"""Positions start .. stop - 1, and the only token ids that may stand at each of them, or the words that fill them."""


@dataclass(frozen=True, slots=True)
class LoadModel:
    """Load the checkpoint at `path`. `device` and `precision` are "auto" or a name such as "cpu", "bf16".

    Unless it is to be `hashed` the hash of large weights waits until somebody asks to `Identify` the model.
    """

    path: str
    device: str = "auto"
    precision: str = "auto"
    hashed: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Identify:
    """Which weights has the model that is loaded?"""


def names_words(named: tuple[int | str, ...]) -> bool:
    """Whether a soft lock names words, and not token ids."""
    return bool(named) and isinstance(named[0], str)


@dataclass(frozen=True, slots=True, eq=False)
class Generate:
    """Fill the free positions of `tokens` (L,), int64: a token id where locked, `FREE` elsewhere.

    `samples` chains run; chain k draws from the streams of sample `first_sample + k`. Where the model writes from left
    to right each free position is a step, however many `steps` are asked for. `engine.protocol.options` has a row for
    each option.

    - `sampler` is a name from `engine.protocol.sampler_table` or "auto"; `options` are its numbers, by name.
    - `spacing` of the steps: "time", "sigma", "cosine", or the times themselves, falling from 1 to 0.
    - `temperature` and `top_p` shape the law of each token. `banned` token ids are never drawn; `words` never
      appear in the text; `pattern` is a regular expression that the whole text matches, or the name of a pattern of the
      model's domain.
    - `limits` are soft locks: each is a run of positions, start and stop, and the only token ids that may stand there,
      or words: whole ones of these alone fill the run.
    - `label` is a class of texts that the model knows, from 0, or -1 for any; `guidance` how much more it counts than
      in the model's law, which 1 is.
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
    label: int = -1
    guidance: float = 1.0

    @property
    def calls(self) -> int:
        """Network calls for each answer: two with guidance."""
        return 2 if self.label >= 0 and self.guidance != 1 else 1

    @property
    def word_runs(self) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
        """The soft locks that name words."""
        return tuple((start, stop, tuple(map(str, named))) for start, stop, named in self.limits if names_words(named))

    @property
    def token_limits(self) -> tuple[tuple[int, int, tuple[int, ...]], ...]:
        """The soft locks that name token ids."""
        limits = ((start, stop, named) for start, stop, named in self.limits if not names_words(named))
        return tuple((start, stop, tuple(map(int, named))) for start, stop, named in limits)


@dataclass(frozen=True, slots=True, eq=False)
class Inspect:
    """What would the model put at `position` of `tokens` (L,), given all others as they stand?

    Masked tokens are `FREE`; `locked` (L,) bool are given; `sigma` is the noise at which the text stands, NaN where it
    is in no run. The answer names the `most` likely tokens of those that may stand there `within` a run that is asked
    for, by its limits, banned tokens and words, and pattern.
    """

    tokens: Tokens
    locked: npt.NDArray[np.bool_]
    position: int
    sigma: float
    most: Annotated[int, Whole(1, 4096)] = 10
    within: Generate | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """What would the model say of `tokens` (L,) if it had to stop now? Entries as in `Inspect`; `label` and `guidance`
    as in `Generate`."""

    tokens: Tokens
    locked: npt.NDArray[np.bool_]
    sigma: float
    label: Annotated[int, Whole(-1, 10**6 - 1)] = -1
    guidance: Annotated[float, Real(0.0, 100.0)] = 1.0


Run = tuple[int, int]
"""Half-open: characters of a text, or positions."""


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """What does the model think of tokens of a run now, and what did it think of them when it chose them?

    `tokens` (L,), `locked` (L,) bool and the noise `sigma` are as in `Inspect`. The `positions` (P,) are asked about,
    in this order. Each was chosen from a row of `states` (S, L), masks as `FREE`, at the noise of that row in `levels`
    (S,): `chosen` (P,) says from which. `label` and `guidance` are those of the run.
    """

    tokens: Tokens
    locked: npt.NDArray[np.bool_]
    sigma: float
    positions: Tokens
    chosen: Tokens
    states: Tokens
    levels: tuple[float, ...]
    label: Annotated[int, Whole(-1, 10**6 - 1)] = -1
    guidance: Annotated[float, Real(0.0, 100.0)] = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """How much does each of the `words`, runs of positions of `tokens` (L,), change the laws of other positions?

    Entries as in `Inspect`. Under absorbing noise what stands beside a word is `given` as "locks", with all that is not
    locked hidden, which takes a network call a word and one more; or as "text", with each of the `positions` (P,)
    hidden in turn, which takes as many for each of them; words, or positions where there are more, are answered in
    their order. Without positions they are all that are not locked. Under uniform noise, where no token is hidden,
    words are of one token, and the law without one is its mean over `draws` of what else could stand there, or over the
    whole vocabulary if that is no larger. `label` and `guidance` as in `Generate`.
    """

    tokens: Tokens
    locked: npt.NDArray[np.bool_]
    sigma: float
    words: tuple[Run, ...]
    positions: tuple[int, ...] = ()
    given: Literal["locks", "text"] = "locks"
    draws: Annotated[int, Whole(1, 65_536)] = 16
    seed: Annotated[int, SEED] = 0
    label: Annotated[int, Whole(-1, 10**6 - 1)] = -1
    guidance: Annotated[float, Real(0.0, 100.0)] = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """Bound -log p of `tokens` (L,), given those that `given` (L,) bool marks, if it marks any.

    It goes on until half of the 95 % interval is `precision` nats a token, or `max_calls` network calls are made,
    without either as long as it takes for an error. The numbers are those of `sedd score` with the same seed.

    - `draws` network calls go to each estimate, spread as the `estimator` says: a name from
      `engine.likelihood.estimators.ESTIMATORS` or "auto".
    - `steps`: bound what the sampler "subset" writes in so many even steps, instead of the model.
    - `orders`: tighten the bound by what so many orders of the text differ, with the calls that are left.
    - `by_token`: share it out over the tokens at last; `early`: with the first bound, too, as far as a few draws tell.
    - `label` is the class of texts that the model is told, from 0, or -1 for none: -log p given that class.
    - `more` passages are scored together with `tokens`, of which none is given then. `texts` holds for each passage,
      `tokens` first, the number of its text if the error is to be one over texts of several passages.
    """

    tokens: Tokens
    given: npt.NDArray[np.bool_]
    precision: Annotated[float | None, Real(1e-6, 1e6)] = 0.02
    max_calls: Annotated[int | None, MANY] = 4096
    seed: Annotated[int, SEED] = 0
    by_token: bool = True
    draws: Annotated[int, STEPS] = 4
    estimator: str = "auto"
    steps: Annotated[int | None, STEPS] = None
    orders: Annotated[int, Whole(1, 1024)] = 1
    more: tuple[Tokens, ...] = ()
    texts: tuple[int, ...] | None = None
    early: bool = False
    label: Annotated[int, Whole(-1, 10**6 - 1)] = -1


@dataclass(frozen=True, slots=True, eq=False)
class Weigh:
    """What does the autoregressive model in the folder `path` give `tokens` (L,)? It must have the same tokenizer."""

    path: str
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Judge:
    """What does the autoregressive model in the folder `path` make of `texts`, whose tokens are `tokens`?

    Without `tokens` the entropy is that of the judge's own.
    """

    path: str
    texts: tuple[str, ...]
    tokens: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Evaluate:
    """What does `text` cost the model in the folder `model`, whatever its tokenizer, and how does that model write?

    `given` are runs of characters: tokens that lie wholly inside one are given, all others are scored with `draws`
    network calls an estimate, and drawn anew by the run `chain`, which has no tokens yet; both of its class, if it has
    one. What it writes is read by the autoregressive model in the folder `judge`, if there is one. Without a `model` it
    is the one that is loaded.
    """

    text: str
    given: tuple[Run, ...]
    chain: Generate
    judge: str = ""
    model: str = ""
    draws: Annotated[int, STEPS] = 16


@dataclass(frozen=True, slots=True, eq=False)
class Mend:
    """How often does a spoilt word come back where a text is noised and denoised, and how many others change?

    `words` are the runs of characters of `text` that are looked at; number `spoilt` of them once was `original`. For
    each of the `levels`, shares of noised tokens, texts are noised, all tokens alike, and taken back to no noise as the
    run `chain`, which has no tokens yet, would do it from there. Without a `model`, a folder, it is the one that is
    loaded.
    """

    text: str
    words: tuple[Run, ...]
    spoilt: int
    original: str
    levels: tuple[float, ...]
    chain: Generate
    model: str = ""


Question = Identify | Inspect | Guess | Review | Influence | Score | Weigh | Judge | Generate | Evaluate | Mend | Lesson
"""What may be asked without ending what is going on."""
Request = LoadModel | Question
