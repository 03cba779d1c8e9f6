"""The exact law of a sampler on a toy world, by following every choice that it can make.

The very code that samples is run, on one sample, with `Branching` in the place of the clocks: it answers each
question of the sampler with one of the possible answers and notes their probability. Starting the step again
with other answers until all have been given yields the whole row of the step's transition matrix, and pushing
a law through the steps yields that of the finished text: no sampling noise.

Where a sampler makes choices in continuous time the law is estimated from samples (`sampled_law`), with the
expected distance of an exact sampler beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.exact.toy import ToyWorld
from engine.samplers.chain import chain_class
from engine.samplers.draws import Clocks, Flags, Rows
from engine.samplers.locking import Clamp
from engine.samplers.loop import Plan, take
from engine.samplers.protocols import LockMethod, Sampler
from engine.theory.conditioning import Locks, Shaping
from engine.theory.diffusion import Diffusion
from engine.theory.grid import Spacing, grid
from engine.theory.network import Features
from engine.theory.randomness import Indices, Streams, Times, Uniforms

if TYPE_CHECKING:
    from engine.language.patterns import Pattern

LONG = 80.0
"""Noise after which a chain is at its limit: e^-80 is below every rounding error."""
TINY = 1e-30


class Branching:
    """`Draws` that follows a list of answers, then always the first possible one, and notes the alternatives."""

    def __init__(self, answers: list[int]) -> None:
        self.answers = answers
        self.choices: list[int] = []
        self.probability = 1.0
        self._asked = 0

    def toss(self, rows: Rows, chance: np.ndarray) -> Flags:
        return np.array([self._choose(np.array([1 - p, p])) == 1 for p in chance], np.bool_)

    def draw(self, rows: Rows, weights: np.ndarray) -> Indices:
        weights = weights.astype(np.float64)
        return np.array([self._choose(row / row.sum()) for row in weights], np.int64)

    def number(self, rows: Rows, number: int) -> None:
        """Every draw is followed, whatever its number."""

    def order(self, rows: Rows) -> Indices:
        every = list(permutations(range(rows.size)))
        return np.array(every[self._choose(np.full(len(every), 1 / len(every)))], np.int64)

    shuffle = order

    def _choose(self, law: np.ndarray) -> int:
        """One of the possible answers; `choices` holds how many there are."""
        possible = np.nonzero(law > 0)[0]
        number = self.answers[self._asked] if self._asked < len(self.answers) else 0
        if self._asked == len(self.answers):
            self.answers.append(0)
        self.choices.append(len(possible))
        self._asked += 1
        self.probability *= float(law[possible[number]])
        return int(possible[number])


def every_branch() -> Iterator[Branching]:
    """One `Branching` for each way that the code run between two of them can go."""
    answers: list[int] = []
    while True:
        branch = Branching(answers)
        yield branch
        answers = answers[: len(branch.choices)]
        while answers and answers[-1] + 1 == branch.choices[len(answers) - 1]:
            answers.pop()
        if not answers:
            return
        answers[-1] += 1


@torch.no_grad()
def exact_law(
    diffusion: Diffusion,
    sampler: Sampler[Any],
    steps: int,
    tokens: np.ndarray,
    locking: LockMethod | None = None,
    shaping: Shaping | None = None,
    pattern: Pattern | None = None,
    spacing: Spacing = "time",
) -> Tensor:
    """The law (V,) * L of the finished sequence, for a request's tokens (L,) with `FREE` at what is sampled.

    Each path counts with its importance weight, so with constraints the sum is the mean weight.
    """
    graph, length = diffusion.graph, len(tokens)
    locks = Locks.of(tokens, diffusion.vocabulary, length)
    attendant_of = (locking or Clamp()).attend
    law = start_law(diffusion, locks)
    diffusion = Diffusion(diffusion.config, Remembering(diffusion.network), diffusion.graph)  # type: ignore[arg-type]
    for step in grid(diffusion.schedule, steps, spacing):
        after: dict[tuple[int, ...], float] = {}
        for state, mass in law.items():
            for branch in every_branch():
                free = ~locks.locked.numpy()[None]
                chain = chain_class(diffusion)(diffusion, torch.tensor([state]), free, branch, shaping, pattern)
                take(chain, step, sampler, attendant_of(chain, locks))
                end = tuple(chain.tokens[0].tolist())
                after[end] = after.get(end, 0.0) + mass * branch.probability * math.exp(chain.log_weight[0])
        law = after
    table = torch.zeros((graph.states,) * length, dtype=torch.float64)
    for state, mass in law.items():
        table[state] = mass
    return table


class Remembering(nn.Module):
    """A network that is asked the same thing many times and computes it once."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.known: dict[tuple[object, ...], Features] = {}

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def body(self, tokens: Tensor, sigma: Tensor, locked: Tensor | None = None) -> Features:
        key = (*tokens.ravel().tolist(), *sigma.tolist(), *(locked.ravel().tolist() if locked is not None else ()))
        if key not in self.known:
            self.known[key] = self.network.body(tokens, sigma, locked)  # type: ignore[operator]
        return self.known[key]

    def head(self, features: Features) -> Tensor:
        return self.network.head(features)  # type: ignore[operator, no-any-return]


def start_law(diffusion: Diffusion, locks: Locks) -> dict[tuple[int, ...], float]:
    """The law at full noise, the limit of the graph at every position; locked tokens in place."""
    world = ToyWorld(torch.ones((1,) * len(locks.tokens)), diffusion.graph)
    limit = world.transition_matrix(torch.tensor([LONG]))[0][:, 0]
    law: dict[tuple[int, ...], float] = {}
    for sequence, chances in zip(locks.clamp(world.sequences()), limit[world.sequences()], strict=True):
        state, mass = tuple(sequence.tolist()), float(chances.prod())
        if mass > TINY:
            law[state] = law.get(state, 0.0) + mass
    return law


@torch.no_grad()
def sampled_law(
    diffusion: Diffusion, sampler: Sampler[Any], plan: Plan, seed: int, locking: LockMethod | None = None
) -> Tensor:
    """The frequencies (V,) * L of `plan.samples` finished sequences, all drawn in one batch."""
    length = len(plan.locks.tokens)
    locking = locking or Clamp()
    streams = SharedStreams(seed, plan.samples * locking.particles, length)
    tokens = plan.locks.clamp(diffusion.graph.limit(torch.from_numpy(streams.uniform(0))))
    free = np.broadcast_to(~plan.locks.locked.numpy(), tuple(tokens.shape))
    kind = chain_class(diffusion)
    chain = kind(diffusion, tokens, free, Clocks(streams, (len(tokens), length), kind.stays))
    attendant = locking.attend(chain, plan.locks)
    for step in grid(diffusion.schedule, plan.steps, plan.spacing):
        take(chain, step, sampler, attendant)
    return frequencies(chain.tokens[:: locking.particles], diffusion.graph.states)


class SharedStreams(Streams):
    """Draws for very many samples at once: independent ones, though each depends on the number of samples and on what
    was drawn before."""

    def __init__(self, seed: int, count: int, length: int) -> None:
        super().__init__(seed, count, length)
        self._shared = self._stream(0, 0, 0, 1)

    def _block(self, draw: int, again: int) -> Uniforms:
        return self._stream(0, draw, again).random((len(self._samples), self._length))

    def exponential(self, sample: Indices, position: Indices, draw: Indices, again: Indices, size: int) -> Times:
        return self._shared.standard_exponential((len(sample), size))


def frequencies(tokens: Tensor, states: int) -> Tensor:
    """How often each sequence occurs among tokens (B, L), as a table (V,) * L that sums to 1."""
    length = tokens.shape[1]
    weights = states ** torch.arange(length - 1, -1, -1)
    counts = torch.bincount((tokens * weights).sum(-1), minlength=states**length)
    return (counts.double() / len(tokens)).reshape((states,) * length)


def total_variation(first: Tensor, second: Tensor) -> float:
    """Half the sum of the differences of two tables; a smaller one has no mass elsewhere."""
    if first.shape != second.shape:
        padded = torch.zeros_like(max(first, second, key=Tensor.numel))
        small = min(first, second, key=Tensor.numel)
        padded[tuple(slice(size) for size in small.shape)] = small
        first, second = (padded, second) if small is first else (first, padded)
    return float((first - second).abs().sum() / 2)


def expected_distance(law: Tensor, samples: int) -> tuple[float, float]:
    """Mean and standard deviation (at most) of the total variation between `law` and so many draws from it.

    Each cell's error is nearly normal with variance p (1 - p) / n; the standard deviation is McDiarmid's bound.
    """
    mean = 0.5 * float((law * (1 - law) * 2 / math.pi / samples).sqrt().sum())
    return mean, 0.5 / math.sqrt(samples)
