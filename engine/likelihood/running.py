"""Bounds that tighten as more of the network is asked, and stop when they are good enough.

Texts are independent of each other, so the error over many is that of their mean: how far off the mean over all
texts of this kind may be. One text is estimated again and again in independent replicates, and the error is that of
the estimate. Draws inside a replicate depend on each other and say nothing about the error.

A run with a `precision` ends when half of the 95 % interval is no wider than that (nats per token). Ending at a
lucky moment makes intervals slightly optimistic, so it never ends before `REPLICATES` values; texts are then taken
in a random order, or else the first ones would stand for all. `max_calls` network calls are exceeded by the first
value at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.likelihood.estimators import AUTO, Draws, Estimator, choose, draw
from engine.likelihood.noised_text import Text
from engine.likelihood.result import Bound, mean_of, ratio_of
from engine.likelihood.reveal_order import block_sizes, one_order, slack_of_orders
from engine.protocol import UserError
from engine.theory.diffusion import Diffusion

REPLICATES = 8
MAX_CALLS = 4096
"""Network calls at which a run for a precision gives up, for one text."""


class Value(NamedTuple):
    """An estimate of a sequence's bound, nats, and the network calls that it took."""

    nats: float
    calls: int


Estimate = Callable[[Text, np.random.Generator], Value]


@dataclass(frozen=True)
class Limits:
    """When a run ends: half of the 95 % interval in nats per token, and network calls."""

    precision: float | None
    max_calls: int | None

    def reached(self, bound: Bound) -> bool:
        return self.precision is not None and bound.values >= REPLICATES and bound.half_width <= self.precision

    def allow(self, calls: int, more: int) -> bool:
        return self.max_calls is None or calls + more <= self.max_calls


def bound(
    diffusion: Diffusion,
    sequences: Sequence[np.ndarray],
    draws: int = 4,
    seed: int = 0,
    estimator: str = AUTO,
    precision: float | None = None,
    max_calls: int | None = None,
    groups: Sequence[int] | None = None,
    locked: np.ndarray | None = None,
) -> Iterator[Bound]:
    """Running bounds over `sequences`, each (L,) int64 of clean tokens; one yield a sequence.

    `draws` network evaluations go to each sequence; a single sequence gets so many again in each of `REPLICATES`
    replicates, or as many as `precision` takes. `estimator` is a name from `ESTIMATORS` or "auto". With `groups`,
    sequences of the same number are pieces of one text, and the error is over texts. `locked` (L,) bool marks the given
    tokens of a single sequence; the bound is then that of a free token. A UserError if something cannot be scored.
    """
    row = choose(estimator, diffusion.config.noise)
    texts = [Text.of(diffusion, tokens, locked) for tokens in sequences]
    estimate = _drawing(row, draws, learn=len(texts) == 1)
    yield from _over(texts, groups, estimate, seed, Limits(precision, max_calls))


def sampler_bound(
    diffusion: Diffusion,
    sequences: Sequence[np.ndarray],
    steps: int,
    seed: int = 0,
    precision: float | None = None,
    max_calls: int | None = None,
    groups: Sequence[int] | None = None,
    locked: np.ndarray | None = None,
) -> Iterator[Bound]:
    """Running bounds on what "subset" writes in `steps` even steps, for absorbing noise: see `reveal_order`.

    Otherwise as in `bound`; a value is one random order of the positions.
    """
    texts = [Text.of(diffusion, tokens, locked) for tokens in sequences]
    diffusion.graph.need_absorbing("The bound of a sampler is known for absorbing noise only; leave out the steps.")
    if diffusion.block_size:
        raise UserError("Of a model that writes block by block no bound of a sampler is known; leave out the steps.")

    def estimate(text: Text, generator: np.random.Generator) -> Value:
        return Value(*one_order(text, block_sizes(diffusion.schedule, text.count, steps), generator))

    yield from _over(texts, groups, estimate, seed, Limits(precision, max_calls))


def slack(
    diffusion: Diffusion,
    sequences: Sequence[np.ndarray],
    orders: int,
    seed: int = 0,
    max_calls: int | None = None,
    groups: Sequence[int] | None = None,
    locked: np.ndarray | None = None,
) -> Iterator[Bound]:
    """Running means of how far the bound is from the likelihood, at least, for absorbing noise: see `reveal_order`.

    `orders` orders of a text are compared, of a single one 0 is found. Texts are taken in a random order, so that those
    which `max_calls` allows stand for all. Otherwise as in `sampler_bound`; `tightened` takes the slack off a bound.
    """
    need_orders(diffusion)
    texts = [Text.of(diffusion, tokens, locked) for tokens in sequences]

    def estimate(text: Text, generator: np.random.Generator) -> Value:
        return Value(*slack_of_orders(text, orders, generator))

    yield from _over(texts, groups, estimate, seed, Limits(None, max_calls), shuffled=True)


def need_orders(diffusion: Diffusion) -> None:
    """A UserError unless orders of a text can be compared."""
    diffusion.graph.need_absorbing("Only under absorbing noise has a text orders; leave them out for this model.")


class Offsets:
    """How much harder each token of a text is than the others, learned from earlier replicates.

    Subtracting from l_i a number o_i with zero sum, where i is noised, changes no expectation: with k noised
    positions each has the weight 1/k in k of L cases. It changes the variance, which comes in good part from which
    positions happen to be noised. o_i must not come from the draws that it corrects.
    """

    def __init__(self, free: np.ndarray) -> None:
        self.free = free
        self.total, self.seen = np.zeros(len(free)), np.full(len(free), 2.0)  # two draws without offset

    def correct(self, draws: Draws) -> np.ndarray:
        """Estimates (B,), nats, with offsets taken out."""
        offset = self.total / self.seen
        offset = np.where(self.free, offset - offset[self.free].mean(), 0.0)
        corrected: np.ndarray = draws.totals - draws.points.weight * (draws.points.noised @ offset)
        return corrected

    def learn(self, draws: Draws) -> None:
        """Adds each noised position's loss, less the mean loss of the noised positions of its draw."""
        noised = draws.points.noised
        mean = (draws.losses * noised).sum(-1) / np.maximum(noised.sum(-1), 1)
        self.total += ((draws.losses - mean[:, None]) * noised).sum(0)
        self.seen += noised.sum(0)


def _drawing(row: Estimator, n: int, learn: bool) -> Estimate:
    """Means of groups of `n` draws by an estimator; with `learn`, of one text, each learning from the last."""
    offsets: Offsets | None = None

    def estimate(text: Text, generator: np.random.Generator) -> Value:
        nonlocal offsets
        draws = draw(text, row, 1, n, generator)
        if not learn or row.family != "count":
            return Value(float(draws.totals.mean()), draws.calls)
        offsets = offsets or Offsets(text.free)
        nats = float(offsets.correct(draws).mean())
        offsets.learn(draws)
        return Value(nats, draws.calls)

    return estimate


def _replicated(text: Text, estimate: Estimate, seed: int, limits: Limits) -> Iterator[Bound]:
    """The mean of independent estimates of one text."""
    if limits.precision is not None and limits.max_calls is None:
        limits = Limits(limits.precision, MAX_CALLS)
    totals: list[float] = []
    calls = 0
    while limits.precision is not None or len(totals) < REPLICATES:
        value = estimate(text, _generator(seed, len(totals)))
        totals.append(value.nats)
        calls += value.calls
        result = mean_of(np.array(totals), text.count, calls)
        yield result
        if limits.reached(result) or not limits.allow(calls, value.calls):
            return


def _over(
    texts: Sequence[Text],
    groups: Sequence[int] | None,
    estimate: Estimate,
    seed: int,
    limits: Limits,
    shuffled: bool = False,
) -> Iterator[Bound]:
    """The mean over texts, each of one or more sequences, or of replicates where there is a single one.

    For a precision, or if `shuffled`, texts are taken in a random order.
    """
    if len(texts) == 1:
        yield from _replicated(texts[0], estimate, seed, limits)
        return
    numbers = np.arange(len(texts)) if groups is None else np.asarray(groups)
    order = np.unique(numbers)
    if shuffled or limits.precision is not None:
        order = _generator(seed, len(texts)).permutation(order)
    totals: list[float] = []
    lengths: list[int] = []
    sequences = calls = 0
    for group in order:
        totals.append(0.0)
        lengths.append(0)
        for number in np.nonzero(numbers == group)[0].tolist():
            value = estimate(texts[number], _generator(seed, number))
            totals[-1] += value.nats
            lengths[-1] += texts[number].count
            sequences += 1
            calls += value.calls
            result = ratio_of(np.array(totals), np.array(lengths), sequences, calls)
            yield result
        if limits.reached(result) or not limits.allow(calls, value.calls):
            return


def _generator(seed: int, number: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[seed, number]))
