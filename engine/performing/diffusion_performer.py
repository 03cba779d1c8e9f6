"""A diffusion model that answers: it writes by a sampler's chain, and scores by bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from engine.estimates import Shape, running, scoring
from engine.language.domains import domain_named
from engine.language.word_tokens import as_tokens
from engine.likelihood.attribution import running_attribution
from engine.likelihood.noised_text import LAWS, MAX_ELEMENTS, MAX_POSITIONS
from engine.likelihood.result import Bound, tightened
from engine.likelihood.running import bound, need_orders, sampler_bound, slack
from engine.models.loading import Model
from engine.protocol import (
    FREE,
    Attributed,
    Bounded,
    Event,
    Finished,
    Frame,
    Generate,
    Guess,
    Guessed,
    Influence,
    Influenced,
    Insight,
    Inspect,
    ModelInfo,
    Review,
    Reviewed,
    Score,
    Started,
    Tightened,
    Tokens,
    UserError,
    frozen,
)
from engine.protocol.options import OPTIONS
from engine.protocol.sampler_table import default_sampler
from engine.samplers import sampler_named
from engine.samplers.locking import lock_method
from engine.samplers.loop import Plan, run_chain
from engine.stopping import worked
from engine.theory.conditioning import Locks, Shaping
from engine.theory.guidance import guided
from engine.theory.hindsight import influence, review
from engine.theory.inspection import look, outlook
from engine.theory.lanes import shared
from engine.theory.randomness import Streams

if TYPE_CHECKING:
    from engine.language.patterns import Pattern
    from engine.theory.diffusion import Diffusion

ATTRIBUTION = 64
"""Network calls, at least, by which a bound is shared out over tokens."""


class DiffusionPerformer:
    """Performs by a diffusion model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.info, self.tokenizer = model.info, model.tokenizer
        self._by_pattern = OPTIONS["pattern"].fits(self.info.noise)

    def identify(self) -> ModelInfo:
        """Its description with the hash of the weights."""
        self.info = self.model.identify()
        return self.info

    def run_memory(self, request: Generate) -> int:
        shape, patterned = Shape.of(self.model.diffusion.network), request.pattern or request.words or request.word_runs
        how = request.top_p < 1, self.info.device, bool(patterned)
        return running(shape, request.samples, len(request.tokens), *how)

    def score_memory(self, request: Score) -> tuple[int, int]:
        shape, longest = Shape.of(self.model.diffusion.network), max(map(len, (request.tokens, *request.more)))
        largest = laws = MAX_ELEMENTS
        if self.info.device == "cpu":
            largest, laws = min(MAX_ELEMENTS, MAX_POSITIONS * shape.states), LAWS
        return scoring(shape, request.draws, longest, largest, laws), request.draws * request.orders

    def generate(self, run_id: int, request: Generate) -> Iterator[Event]:
        if not 1 <= request.first_step <= request.steps:
            raise UserError(
                f"A run of {request.steps} steps cannot go on from step {request.first_step}; choose another."
            )
        diffusion, noise = self._asked_of(request), self.info.noise
        request = self._spelled(request)
        name = default_sampler(noise) if request.sampler == "auto" else request.sampler
        sampler = sampler_named(name, noise, request.options)
        shaping = Shaping.of(request, self.info.vocabulary)
        plan = Plan(
            Locks.of(request.tokens, self.info.vocabulary, self.info.length),
            request.samples,
            request.steps,
            request.spacing,  # type: ignore[arg-type]
            shaping,
            self._pattern(request, shaping),
            self._start(request),
            request.first_step,
        )
        locking = lock_method(request.locking, diffusion, plan.locks)
        started = worked()
        chain = run_chain(diffusion, sampler, plan, request.seed, request.first_sample, locking)
        state = next(chain)
        before = state.tokens
        yield Started(
            run_id, frozen(state.tokens), request.tokens >= 0, request.steps, state.sigma, request.first_step, name
        )
        for state in chain:
            calls, seconds = int(state.calls.max()), worked() - started
            changed = np.nonzero(state.tokens != before)
            sample, position, token = map(frozen, (*changed, state.tokens[changed]))
            yield Frame(run_id, state.step, state.time, state.sigma, sample, position, token, calls, seconds)
            before = state.tokens
        yield Finished(
            run_id,
            int(state.calls.max()),
            worked() - started,
            evaluations=int(state.calls.sum()),
            log_weights=tuple(state.log_weight.tolist()),
        )

    def _asked_of(self, request: Generate | Score | Guess | Review | Influence) -> Diffusion:
        """The model, which writes or reads texts of one class if the request asks for one."""
        diffusion = self.model.diffusion
        if request.label < 0:
            return diffusion
        return guided(diffusion, request.label, 1.0 if isinstance(request, Score) else request.guidance)

    def _spelled(self, request: Generate) -> Generate:
        """The same with lists of words as single tokens, where each token is drawn on its own."""
        return request if self._by_pattern else as_tokens(request, self.tokenizer)

    def _pattern(self, request: Generate, shaping: Shaping) -> Pattern | None:
        """What the whole text must match; None where nothing is asked for."""
        if not request.pattern and not request.words and not request.word_runs:
            return None
        from engine.language.patterns import Pattern
        from engine.language.word_runs import stretches

        need_absorbing = self.model.diffusion.graph.need_absorbing
        need_absorbing("Patterns and banned words need absorbing noise; leave them out, or choose another model.")
        named = domain_named(self.info.domain).patterns
        pattern = Pattern.compile(
            request.pattern, self.tokenizer, request.words, named, stretches(request, self.tokenizer)
        )
        pattern.check(request.tokens, None if shaping.allowed is None else shaping.allowed.numpy())
        return pattern

    def _start(self, request: Generate) -> np.ndarray | None:
        """Where the chains begin (samples, L), with the mask's own id; None for full noise."""
        if request.start is None:
            if request.first_step != 1:
                raise UserError(
                    "A run that goes on from a later step needs the tokens of that step; start from step 1."
                )
            return None
        if request.start.shape != (request.samples, len(request.tokens)):
            raise UserError("The frame to go on from has another size than the prompt; run from the beginning.")
        refusal = "Under uniform noise there are no masked tokens to go on from; run from the beginning."
        return self.model.diffusion.graph.states_of(request.start, refusal)

    def inspect(self, run_id: int, request: Inspect) -> Insight:
        within = request.within
        if within is None:
            return self._looked(self.model.diffusion, request, run_id)
        if self._by_pattern:  # else what stands there may be noise
            here = np.arange(len(request.tokens)) == request.position
            within = replace(within, tokens=frozen(np.where(here, FREE, request.tokens)))
        within = self._spelled(within)
        shaping = Shaping.of(within, self.info.vocabulary)
        return self._looked(self._asked_of(within), request, run_id, shaping, self._pattern(within, shaping))

    def _looked(self, *asked: Any) -> Insight:
        with shared(self.model.diffusion.device):
            return look(*asked)

    def noised(self, tokens: Tokens, level: float, seed: int, first: int, samples: int) -> tuple[Tokens, float]:
        """By the clocks of the chain that goes on from there where they say who is noised, under absorbing noise: a
        token is masked while its clock has not rung. Else by draws that no clock has."""
        diffusion, graph = self.model.diffusion, self.model.diffusion.graph
        if diffusion.block_size:
            name = self.info.name
            raise UserError(f"{name} writes block by block and never noises a whole text; choose another model.")
        Locks.of(tokens, self.info.vocabulary, self.info.length)  # checks size and tokens
        most = -torch.expm1(-diffusion.schedule(torch.ones(1, dtype=torch.float64)).total)
        sigma = -torch.log1p(-level * most)
        streams = Streams(seed, samples, len(tokens), first)
        flip, target = (torch.from_numpy(draws) for draws in (streams.uniform(1), streams.uniform(0)))
        clean = torch.from_numpy(np.tile(tokens, (samples, 1)))
        noised = graph.perturb(clean, sigma, flip * most if graph.shows_noise else flip, target).numpy()
        return frozen(graph.tokens_of(noised)), float(diffusion.schedule.time(sigma))

    def guess(self, run_id: int, request: Guess) -> Guessed:
        with shared(self.model.diffusion.device):
            return outlook(self._asked_of(request), request, run_id)

    def review(self, run_id: int, request: Review) -> Iterator[Event]:
        return followed(run_id, review(self._asked_of(request), request, run_id))

    def influence(self, run_id: int, request: Influence) -> Iterator[Event]:
        return followed(run_id, influence(self._asked_of(request), request, run_id))

    def score(self, run_id: int, request: Score) -> Iterator[Event]:
        """The bound as it tightens, then what several orders take off it, then what each token adds."""
        if request.orders > 1:
            need_orders(self._asked_of(request))
        started, shares = worked(), self._shares(run_id, request)
        for number, so_far in enumerate(self._bounds(request)):
            error, width = so_far.standard_error, so_far.half_width
            yield Bounded(run_id, so_far.nats, error, width, so_far.tokens, so_far.calls, so_far.sequences)
            if number == 0 and request.by_token and request.early:
                yield next(shares)
        if request.orders > 1:
            yield from self._tightened(run_id, request, so_far)
        if request.by_token:
            yield from shares
        else:
            yield Finished(run_id, so_far.calls, worked() - started)

    def _bounds(self, request: Score) -> Iterator[Bound]:
        diffusion, limits = self._asked_of(request), (request.precision, request.max_calls)
        passages, given, how = (request.tokens, *request.more), given_in(request), (request.seed, request.estimator)
        if request.steps is not None:
            return sampler_bound(diffusion, passages, request.steps, request.seed, *limits, request.texts, given)
        return bound(diffusion, passages, request.draws, *how, *limits, request.texts, given)

    def _tightened(self, run_id: int, request: Score, found: Bound) -> Iterator[Tightened]:
        """What orders make of the bound that was found, by the calls that it left."""
        left = None if request.max_calls is None else max(1, request.max_calls - found.calls)
        passages, how = (request.tokens, *request.more), (request.orders, request.seed, left)
        for less in slack(self._asked_of(request), passages, *how, request.texts, given_in(request)):
            tight, taken = tightened(found, less), (less.nats, less.standard_error, less.calls, less.sequences)
            yield Tightened(run_id, tight.nats, tight.standard_error, tight.half_width, tight.tokens, *taken)

    def _shares(self, run_id: int, request: Score) -> Iterator[Attributed]:
        """What each token of all passages adds, one passage after the other; 0 where that is not known yet."""
        passages, given = (request.tokens, *request.more), given_in(request)
        draws, known = max(ATTRIBUTION, request.draws), np.zeros(sum(map(len, passages)))
        start = 0
        for number, tokens in enumerate(passages, start=1):
            for sums in running_attribution(self._asked_of(request), tokens, draws, request.seed, given):
                known[start : start + len(tokens)] = sums.steady()
                done = number == len(passages) and sums.draws == draws
                yield Attributed(run_id, known.copy(), done, sums.profile())
            start += len(tokens)


def followed(run_id: int, events: Iterator[Reviewed | Influenced]) -> Iterator[Event]:
    """Events that count network calls, and `Finished` after the last."""
    started, calls = worked(), 0
    for event in events:
        calls = event.calls
        yield event
    yield Finished(run_id, calls, worked() - started, calls)


def given_in(request: Score) -> np.ndarray | None:
    """The given tokens (L,) of a text, None where all are scored."""
    return request.given if request.given.any() else None
