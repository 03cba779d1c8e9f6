"""The engine as the window and the command line see it: requests in, events out."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.causal.writer import Writer, is_causal
from engine.language.domains import domain_named
from engine.language.tokenizers import find_tokenizer
from engine.likelihood import bound, conditional_bound, running_attribution
from engine.models.loading import Model, checkpoint_folder, load
from engine.performing.kept import Kept
from engine.performing.memory import give_back
from engine.protocol import (
    FREE,
    Attributed,
    Bounded,
    Event,
    Failed,
    Finished,
    Frame,
    Generate,
    Guess,
    Guessed,
    Insight,
    Inspect,
    Introduced,
    Judge,
    Judged,
    LoadModel,
    ModelLoaded,
    Request,
    Score,
    Started,
    UserError,
    Weigh,
    Weighed,
    frozen,
    is_lack_of_memory,
)
from engine.protocol.options import check_options
from engine.protocol.sampler_table import default_sampler
from engine.samplers import sampler_named
from engine.samplers.locking import lock_method
from engine.samplers.loop import State, run_chain
from engine.samplers.plan import Plan
from engine.theory.conditioning import Locks, Shaping
from engine.theory.inspection import look, outlook

if TYPE_CHECKING:
    from engine.causal.causal_model import CausalModel

FRAME_BYTES = 24
ATTRIBUTION = 64
"""Network calls by which a bound is shared out over tokens, as in `sedd score --tokens`."""
MEMORY_CAP = 2 * 2**30


class Engine:
    """Holds the loaded model and performs one request at a time."""

    def __init__(self, model: Model | Writer | None = None) -> None:
        self.model = model
        self._others: Kept[Model | Writer] = Kept(open_folder)
        self._causal: Kept[CausalModel] = Kept(load_causal)

    def perform(self, run_id: int, request: Request) -> Iterator[Event]:
        """The events of a request, ending with one that `protocol.ends` it; closing the iterator cancels.

        Nothing is raised: what goes wrong comes as `Failed`.
        """
        try:
            yield from self._work(run_id, request)
        except UserError as error:
            yield Failed(run_id, str(error))
        except Exception as error:  # the boundary: whatever it was, the window must go on
            if is_lack_of_memory(error):
                yield Failed(run_id, lacking_for(request))
                return
            yield Failed(run_id, f"The engine stopped with an unexpected error: {error}", traceback.format_exc())

    def _work(self, run_id: int, request: Request) -> Iterator[Event]:
        match request:
            case LoadModel():
                model = open_model(request.path, request.device, request.precision)
                loaded = ModelLoaded(run_id, model.info, model.tokenizer)
                self.model = model
                give_back()  # what the model before took
                yield loaded
            case Generate():
                yield from self._generate(run_id, request)
            case Inspect():
                yield self._inspect(run_id, request)
            case Guess():
                yield self._guess(run_id, request)
            case Score():
                yield from self._score(run_id, request)
            case Weigh():
                yield self._weigh(run_id, request)
            case Judge():
                yield self._judge(run_id, request)

    @property
    def _loaded(self) -> Model | Writer:
        if self.model is None:
            raise UserError("No model is loaded yet; open one first.")
        return self.model

    def _inspect(self, run_id: int, request: Inspect) -> Insight:
        model = self._loaded
        seen = model.look(request) if isinstance(model, Writer) else look(model.diffusion, request)
        return Insight(
            run_id, request.position, frozen(seen.tokens), seen.probability, seen.score, seen.entropy, seen.own
        )

    def _guess(self, run_id: int, request: Guess) -> Guessed:
        model = self._loaded
        if isinstance(model, Writer):
            raise UserError(f"{model.info.name} writes from left to right and makes no guess of what comes later.")
        seen = outlook(model.diffusion, request)
        return Guessed(run_id, frozen(seen.tokens), seen.probability, seen.entropy)

    def _score(self, run_id: int, request: Score) -> Iterator[Event]:
        model = self._loaded
        if isinstance(model, Writer):
            yield from model.score(run_id, request)
            return
        started = time.perf_counter()
        diffusion, limits = model.diffusion, (request.precision, request.max_calls)
        if request.given.any():
            found = conditional_bound(diffusion, request.tokens, request.given, 4, request.seed, "auto", *limits)
        else:
            found = bound(diffusion, [request.tokens], 4, request.seed, "auto", *limits)
        for so_far in found:
            error, width = so_far.standard_error, so_far.half_width
            yield Bounded(run_id, so_far.nats, error, width, so_far.tokens, so_far.calls)
        if not request.by_token:
            yield Finished(run_id, so_far.calls, time.perf_counter() - started)
            return
        given = request.given if request.given.any() else None
        for sums in running_attribution(diffusion, request.tokens, ATTRIBUTION, request.seed, given):
            yield Attributed(run_id, sums.steady(), sums.draws == ATTRIBUTION, sums.profile())

    def _weigh(self, run_id: int, request: Weigh) -> Weighed:
        writer = self._causal_model(request.path)
        if find_tokenizer(request.path).fingerprint != self._loaded.tokenizer.fingerprint:
            raise UserError(f"{writer.name} has another tokenizer, so the two cannot be compared token by token.")
        if len(request.tokens) > writer.length:
            raise UserError(f"{writer.name} reads {writer.length} tokens at once; shorten the text.")
        return Weighed(run_id, writer.name, writer.token_nats([request.tokens])[0])

    def _judge(self, run_id: int, request: Judge) -> Judged:
        from engine.language.quality import Estimate, measure

        nats = self._causal_model(request.path).text_nats(request.texts)
        quality = measure(np.array(request.tokens), nats)
        by_token = quality.by_token or Estimate(math.nan, math.nan)
        return Judged(run_id, by_token.value, quality.entropy.value, by_token.error, quality.entropy.error)

    def _causal_model(self, path: str) -> CausalModel:
        """An autoregressive model, where and in what the loaded model computes; the last one is kept."""
        info = self.model.info if self.model is not None else None
        return self._causal.model(Path(path), info.device if info else "auto", info.precision if info else "auto")

    def _other(self, path: str) -> Model | Writer:
        """Another model than the one that is loaded, with the same tokenizer; the last one is kept."""
        here = self._loaded
        other = self._others.model(checkpoint_folder(Path(path)), here.info.device, here.info.precision)
        if other.tokenizer.fingerprint != here.tokenizer.fingerprint:
            raise UserError(f"{other.info.name} has another tokenizer than {here.info.name}; choose another model.")
        return other

    def _generate(self, run_id: int, request: Generate) -> Iterator[Event]:
        model = self._other(request.model) if request.model else self._loaded
        check(request, by_steps=not isinstance(model, Writer))
        if request.model:
            yield Introduced(run_id, model.info)
        if isinstance(model, Writer):
            yield from model.write(run_id, request, shaping_of(request, model.info.vocabulary))
            return
        name = default_sampler(model.info.noise) if request.sampler == "auto" else request.sampler
        sampler = sampler_named(name, model.info.noise, request.options)
        plan = plan_of(request, model)
        locking = lock_method(request.locking, model.diffusion, plan.locks)
        started = time.perf_counter()
        chain = run_chain(model.diffusion, sampler, plan, request.seed, request.first_sample, locking)
        state = next(chain)
        tokens = frozen(state.tokens.cpu().numpy())
        yield Started(run_id, tokens, request.tokens >= 0, request.steps, state.sigma, request.first_step, name)
        for state in chain:
            seconds = time.perf_counter() - started
            now = frozen(state.tokens.cpu().numpy())
            yield frame(run_id, state, tokens, now, seconds)
            tokens = now
        yield Finished(
            run_id,
            int(state.calls.max()),
            time.perf_counter() - started,
            evaluations=int(state.calls.sum()),
            log_weights=tuple(state.log_weight.tolist()),
        )


def lacking_for(request: Request) -> str:
    """The sentence for a request for which there is not enough memory."""
    match request:
        case LoadModel():
            return "There is not enough memory for this model; close other programs, or choose a smaller model."
        case Score() | Weigh():
            return "There is not enough memory to score this text; shorten it, or close other programs."
        case Judge():
            return "There is not enough memory to judge these texts; choose fewer or shorter ones, or a smaller judge."
        case _:
            return "There is not enough memory for this run; choose fewer samples or a shorter text."


def open_model(path: str, device: str, precision: str) -> Model | Writer:
    """The model in a folder, whichever kind it is of; a UserError says what is wrong with it."""
    return open_folder(checkpoint_folder(Path(path)), device, precision)


def open_folder(folder: Path, device: str, precision: str) -> Model | Writer:
    """The model in a model's own folder, as `open_model`."""
    return Writer.load(folder, device, precision) if is_causal(folder) else load(folder, device, precision)


def load_causal(folder: Path, device: str, precision: str) -> CausalModel:
    """The autoregressive model in a folder; a UserError if it holds none."""
    from engine.causal.causal_model import CausalModel  # brings a large library, which runs and scores do without

    return CausalModel.load(folder, device, precision)


def shaping_of(request: Generate, vocabulary: int) -> Shaping:
    """How a request shapes the law of each token."""
    return Shaping(request.temperature, request.top_p, allowed_tokens(request, vocabulary))


def plan_of(request: Generate, model: Model) -> Plan:
    """The chain that a request asks for; a UserError where it does not fit the model."""
    diffusion = model.diffusion
    locks = Locks.of(request.tokens, diffusion.vocabulary, diffusion.config.network.length)
    pattern = None
    if request.pattern or request.words:
        from engine.language.patterns import Pattern

        if diffusion.graph.mask is None:
            raise UserError("Patterns and banned words need absorbing noise; leave them out, or choose another model.")
        named = domain_named(model.info.domain).patterns
        pattern = Pattern.compile(request.pattern, model.tokenizer, request.words, named)
        pattern.check(request.tokens)
    return Plan(
        locks,
        request.samples,
        request.steps,
        request.spacing,  # type: ignore[arg-type]
        shaping_of(request, diffusion.vocabulary),
        pattern,
        start_of(request, diffusion.graph.mask),
        request.first_step,
    )


def allowed_tokens(request: Generate, vocabulary: int) -> Tensor | None:
    """(V,) bool, or (L, V) where positions are limited; None where every token may stand everywhere."""
    if not request.banned and not request.limits:
        return None
    named = {*request.banned, *(token for *_, tokens in request.limits for token in tokens)}
    if named and not 0 <= min(named) <= max(named) < vocabulary:
        raise UserError("A banned or allowed token is not in this model's vocabulary; name tokens of this model.")
    allowed = torch.ones(vocabulary, dtype=torch.bool)
    allowed[list(request.banned)] = False
    if not request.limits:
        return allowed
    each = allowed.repeat(len(request.tokens), 1)
    for start, stop, tokens in request.limits:
        if not 0 <= start < stop <= len(each):
            raise UserError(f"There are no positions {start} to {stop - 1} to limit; choose others.")
        only = torch.zeros(vocabulary, dtype=torch.bool)
        only[list(tokens)] = True
        each[start:stop] &= only
    return each


def start_of(request: Generate, mask: int | None) -> np.ndarray | None:
    """Where the chains begin (samples, L), with the mask's own id; None for full noise."""
    if request.start is None:
        if request.first_step != 1:
            raise UserError("A run that goes on from a later step needs the tokens of that step; start from step 1.")
        return None
    if request.start.shape != (request.samples, len(request.tokens)):
        raise UserError("The frame to go on from has another size than the prompt; run from the beginning.")
    masked = request.start == FREE
    if mask is None and masked.any():
        raise UserError("Under uniform noise there are no masked tokens to go on from; run from the beginning.")
    return np.where(masked, mask, request.start) if mask is not None else request.start


def frame(run_id: int, state: State, before: np.ndarray, now: np.ndarray, seconds: float) -> Frame:
    """What changed between the token states `before` and `now` (B, L)."""
    sample, position = np.nonzero(before != now)
    return Frame(
        run_id=run_id,
        step=state.step,
        time=state.time,
        sigma=state.sigma,
        sample=frozen(sample),
        position=frozen(position),
        token=frozen(now[sample, position]),
        calls=int(state.calls.max()),
        seconds=seconds,
    )


def check(request: Generate, by_steps: bool = True) -> None:
    """Refuses a request that makes no sense or would not fit into memory; its steps count only `by_steps`."""
    check_options(request)
    if by_steps and not 1 <= request.first_step <= request.steps:
        raise UserError(f"A run of {request.steps} steps cannot go on from step {request.first_step}; choose another.")
    # At worst every position of every sample changes in every step (uniform noise).
    needed = FRAME_BYTES * request.steps * request.samples * len(request.tokens)
    if needed > MEMORY_CAP:
        raise UserError(
            f"Recording this run could take {needed / 2**30:.1f} GiB, more than the {MEMORY_CAP / 2**30:.0f} GiB "
            "allowed; choose fewer steps or samples."
        )
