"""The one loop that runs a reverse chain, whatever the sampler.

Every free position carries a clock: it holds a uniform number u, and changes in the step in which its
probability of having stayed so far falls to u or below. The law is that of tossing a coin at each step, but the
coin toss is drawn beforehand, once for each change. Two things follow. When the reveal probability is known
without the network (absorbing noise, normalised scores), so is the step in which each position is revealed: steps
that reveal nothing cost no network call, and the head runs on the revealed rows only. And because the numbers
belong to (seed, sample, position), budgets of different size move the same position at the same noise level and
towards the same token.

The time grid is t = 1 > ... > 0, uniform in t; the last step goes to noise zero and is always the denoising
(Tweedie) step, so nothing stays masked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.conditioning import Locks
from engine.diffusion import Diffusion
from engine.graphs import Graph
from engine.network import Features
from engine.randomness import Streams, Uniforms, categorical
from engine.samplers.analytic import denoise
from engine.schedules import Schedule


class Sampler(Protocol):
    """A solver of the reverse chain from time t (B,) to s < t. Shapes as in `engine.graphs`."""

    def probabilities(self, graph: Graph, schedule: Schedule, score: Tensor, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """Unnormalised law of each token at s, (B, L, V)."""

    def reveal_probability(self, schedule: Schedule, t: Tensor, s: Tensor) -> Tensor:
        """Chance (B,) that a masked token is revealed, when scores sum to 1 / (e^sigma - 1)."""


@dataclass(frozen=True)
class State:
    """A chain after `step` steps: `tokens` (B, L) int64, `time` t, network `calls` so far in calls per sample.

    `tokens` is live memory, written by the next step: copy what must last.
    """

    step: int
    tokens: Tensor
    time: float
    sigma: float
    calls: int


class Clocks:
    """Which free positions move in which step, and the draw that decides where to."""

    def __init__(self, streams: Streams, free: np.ndarray) -> None:
        self._streams = streams
        self.free = free
        self._stayed = np.ones(free.shape)
        self._changes = np.zeros(free.shape, np.int64)
        self._alarm = streams.uniform(1).copy()

    def ring(self, sample: np.ndarray, position: np.ndarray, move: np.ndarray) -> np.ndarray:
        """Advances the clocks of the positions (R,) by their chances to move; returns which ring, (R,) bool."""
        self._stayed[sample, position] *= 1 - move
        rings: np.ndarray = self._stayed[sample, position] <= self._alarm[sample, position]
        return rings

    def targets(self, sample: np.ndarray, position: np.ndarray) -> Uniforms:
        """The draws (R,) that choose the new tokens of positions whose clock rang; their clocks start again."""
        changes = self._changes[sample, position]
        drawn = np.empty(len(sample))
        for change in np.unique(changes):
            here = changes == change
            at = sample[here], position[here]
            drawn[here] = self._streams.uniform(2 * int(change) + 2)[at]
            self._alarm[at] = self._streams.uniform(2 * int(change) + 3)[at]
        self._changes[sample, position] += 1
        self._stayed[sample, position] = 1.0
        return drawn


@dataclass(frozen=True)
class Step:
    """One step of the chain, from time `t` to `s` (float64 scalars); `last` is the one that goes to noise zero."""

    t: Tensor
    s: Tensor
    last: bool


@torch.no_grad()
def run_chain(
    diffusion: Diffusion, sampler: Sampler, locks: Locks, streams: Streams, samples: int, steps: int
) -> Iterator[State]:
    """Yields the chain at full noise and after each of `steps` steps; closing the generator cancels it."""
    device = diffusion.device
    shape = (samples, len(locks.tokens))
    x = locks.clamp(diffusion.graph.limit(torch.from_numpy(streams.uniform(0)).to(device)))
    clocks = Clocks(streams, np.broadcast_to(~locks.locked.numpy(), shape))
    advance = reveal if diffusion.normalised else jump
    times = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
    calls = 0
    yield State(0, x, 1.0, float(diffusion.schedule(times[0]).total), calls)
    for number in range(1, steps + 1):
        step = Step(times[number - 1], times[number], last=number == steps)
        called = [advance(diffusion, sampler, x, clocks, step, group) for group in batches(samples, device)]
        calls += any(called)
        sigma = 0.0 if step.last else float(diffusion.schedule(step.s).total)
        yield State(number, x, float(step.s), sigma, calls)


def batches(samples: int, device: torch.device) -> list[slice]:
    """Samples that share a network call. One at a time on a CPU: its matrix kernels round differently for
    different batch sizes, and a sample must not depend on its company. A batch gains nothing there anyway."""
    return [slice(k, k + 1) for k in range(samples)] if device.type == "cpu" else [slice(0, samples)]


def reveal(diffusion: Diffusion, sampler: Sampler, x: Tensor, clocks: Clocks, step: Step, group: slice) -> bool:
    """One step under absorbing noise with normalised scores; returns whether the network was called."""
    sample, position = candidates(diffusion.graph, x, clocks, group)
    chance = 1.0 if step.last else float(sampler.reveal_probability(diffusion.schedule, step.t, step.s))
    rings = clocks.ring(sample, position, np.full(len(sample), chance))
    sample, position = sample[rings], position[rings]
    if not len(sample):
        return False
    features = rows(diffusion.features(x[group], sigma_of(diffusion, step, x[group])), sample - group.start, position)
    weights = diffusion.log_posterior_rows(features).exp().cpu().numpy()
    place(x, sample, position, categorical(weights, clocks.targets(sample, position)))
    return True


def jump(diffusion: Diffusion, sampler: Sampler, x: Tensor, clocks: Clocks, step: Step, group: slice) -> bool:
    """One step for any noise and any scores; returns whether the network was called."""
    graph = diffusion.graph
    sample, position = candidates(graph, x, clocks, group)
    if not len(sample):
        return False
    sigma = sigma_of(diffusion, step, x[group])
    features = rows(diffusion.features(x[group], sigma), sample - group.start, position)
    own = x[torch.from_numpy(sample), torch.from_numpy(position)]
    score = diffusion.log_score_rows(features, sigma[:1].expand(len(own)), own).exp()
    law = law_of_step(diffusion, sampler, score[None], own[None], step)[0].clamp(min=0)
    staying = law.gather(-1, own[:, None])[:, 0].double().cpu().numpy()
    weights = law.scatter(-1, own[:, None], 0.0).double().cpu().numpy()
    leaving = weights.sum(-1)
    with np.errstate(invalid="ignore"):  # a position with no weight at all stays
        rings = clocks.ring(sample, position, np.nan_to_num(leaving / (leaving + staying))) & (leaving > 0)
    sample, position = sample[rings], position[rings]
    if len(sample):
        place(x, sample, position, categorical(weights[rings], clocks.targets(sample, position)))
    return True


def law_of_step(diffusion: Diffusion, sampler: Sampler, score: Tensor, x: Tensor, step: Step) -> Tensor:
    """Unnormalised law (1, R, V) of R positions, taken as one sequence: the sampler's, or the last step's.

    The last step's has no weight at the mask state.
    """
    t, s = (time.to(x.device, torch.float32)[None] for time in (step.t, step.s))
    if step.last:
        law = denoise(diffusion.graph, score, x, diffusion.schedule(t).total)
        return F.pad(law, (0, diffusion.graph.states - law.shape[-1]))
    return sampler.probabilities(diffusion.graph, diffusion.schedule, score, x, t, s)


def candidates(graph: Graph, x: Tensor, clocks: Clocks, group: slice) -> tuple[np.ndarray, np.ndarray]:
    """Sample and position, (R,) each, of what may still change: under absorbing noise the masked positions."""
    free = clocks.free[group]
    open_ = free if graph.mask is None else free & (x[group].cpu().numpy() == graph.mask)
    sample, position = np.nonzero(open_)
    return sample + group.start, position


def sigma_of(diffusion: Diffusion, step: Step, x: Tensor) -> Tensor:
    """The noise level at the start of the step for every sequence of x, (B,)."""
    return diffusion.schedule(step.t).total.to(x.device, torch.float32).expand(len(x))


def rows(features: Features, sample: np.ndarray, position: np.ndarray) -> Features:
    """The features at the given positions: hidden (R, d), cond (R, c)."""
    at = torch.from_numpy(sample), torch.from_numpy(position)
    return Features(features.hidden[at], features.cond[at[0], 0])


def place(x: Tensor, sample: np.ndarray, position: np.ndarray, token: np.ndarray) -> None:
    """Writes the tokens (R,) into x."""
    x[torch.from_numpy(sample), torch.from_numpy(position)] = torch.from_numpy(token).to(x.device)
