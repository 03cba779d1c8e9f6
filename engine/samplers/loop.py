"""The one loop that runs a reverse chain, whatever the sampler.

On a CPU every sample has a chain of its own: matrix kernels round differently for different batch sizes, and a
sample must not depend on its company. A batch gains nothing there anyway. They round differently for different numbers
of threads, too: a step is computed in `lanes`, where threads cannot change a result.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from engine.protocol import Tokens
from engine.samplers.blockwise import BlockChain, Turn, kind_of, turns
from engine.samplers.chain import Chain
from engine.samplers.draws import Clocks
from engine.samplers.locking import Clamp
from engine.samplers.protocols import Attendant, LockMethod, Sampler
from engine.theory.conditioning import Locks, Shaping
from engine.theory.diffusion import Diffusion
from engine.theory.grid import Spacing, Step, grid
from engine.theory.lanes import Lanes
from engine.theory.randomness import Streams

if TYPE_CHECKING:
    from engine.language.patterns import Pattern


@dataclass(frozen=True)
class Plan:
    """All that decides a chain beside the model, the sampler and the seed.

    `start` (B, L), if given, is where the chain stood before step `first` (1 at full noise): it goes on from there.
    """

    locks: Locks
    samples: int = 1
    steps: int = 64
    spacing: Spacing | Sequence[float] = "time"
    shaping: Shaping = field(default_factory=Shaping)
    pattern: Pattern | None = None
    start: np.ndarray | None = None
    first: int = 1


@dataclass(frozen=True)
class State:
    """A chain after `step` steps: `tokens` (B, L) int64, time t, sigma, and as in `Chain` `calls` and `log_weight`."""

    step: int
    tokens: Tokens
    time: float
    sigma: float
    calls: np.ndarray
    log_weight: np.ndarray


@torch.no_grad()
def run_chain(
    diffusion: Diffusion,
    sampler: Sampler[Any],
    plan: Plan,
    seed: int,
    first_sample: int = 0,
    locking: LockMethod | None = None,
) -> Iterator[State]:
    """Yields the chain where it begins and after each step; closing the generator cancels it.

    Sample k of the batch draws from the streams of (`seed`, `first_sample` + k).
    """
    length = len(plan.locks.tokens)
    steps = grid(diffusion.schedule, plan.steps, plan.spacing)[plan.first - 1 :]
    whole = turns(diffusion, length, plan.steps, plan.spacing)
    passed = hazard_before(whole, plan.first, length, diffusion.block_size)
    locking = locking or Clamp()
    each = locking.particles
    kind = kind_of(diffusion)
    attended = []
    for samples in batches(plan.samples, diffusion.device):
        shape = each * len(samples), length
        streams = Streams(seed, *shape, each * (first_sample + samples.start))
        if plan.start is None:
            clocks = Clocks(streams, shape, kind.stays)
            tokens = diffusion.graph.limit(torch.from_numpy(streams.uniform(0)).to(diffusion.device))
        else:
            clocks = Clocks(streams, shape, kind.stays, passed, plan.first)
            tokens = torch.from_numpy(plan.start[samples].repeat(each, axis=0)).to(diffusion.device)
        free = np.broadcast_to(~plan.locks.locked.numpy(), shape)
        chain = kind(diffusion, plan.locks.clamp(tokens), free, clocks, plan.shaping, plan.pattern)
        attended.append((chain, locking.attend(chain, plan.locks)))
    chains = [chain for chain, _ in attended]
    yield _state(chains, plan, plan.first - 1, steps[0].t, steps[0].sigma_t, each)
    with Lanes() as lanes:
        for step in steps:
            with lanes.open() if diffusion.device.type == "cpu" else nullcontext():
                for chain, attendant in attended:
                    for turn in whole[step.number - 1]:
                        if isinstance(chain, BlockChain):
                            chain.enter(turn.block or 0)
                        take(chain, turn.step, sampler, attendant)
            yield _state(chains, plan, step.number, step.s, step.sigma_s, each)


def hazard_before(whole: Sequence[Sequence[Turn]], first: int, length: int, size: int) -> np.ndarray:
    """The hazard (L,) of being revealed that lies behind a masked token where a run goes on with step `first`."""
    turn = whole[first - 1][0]
    passed = math.log(whole[0][0].step.lambda_t / turn.step.lambda_t)
    here = np.ones(length, np.bool_) if turn.block is None else np.arange(length) // size == turn.block
    hazard: np.ndarray = np.where(here, passed, 0.0)
    return hazard


def take(chain: Chain, step: Step, sampler: Sampler[Any], attendant: Attendant[Any] | None) -> None:
    """Takes a chain through a step, its locks attended to."""
    if attendant:
        attendant.before(chain, step)
    sampler.step(chain, step)
    if attendant:
        attendant.after(chain, step)


def batches(samples: int, device: torch.device) -> list[range]:
    """The samples of each chain."""
    return [range(k, k + 1) for k in range(samples)] if device.type == "cpu" else [range(samples)]


def _state(chains: list[Chain], plan: Plan, number: int, time: float, sigma: float, particles: int) -> State:
    tokens = np.concatenate([chain.tokens[::particles].cpu().numpy() for chain in chains])
    return State(
        number,
        np.where(plan.locks.locked.numpy(), plan.locks.tokens.numpy(), tokens),
        time,
        sigma,
        np.concatenate([chain.calls.reshape(-1, particles).sum(-1) for chain in chains]),
        np.concatenate([chain.log_weight[::particles] for chain in chains]),
    )
