"""The one loop that runs a reverse chain, whatever the sampler.

On a CPU every sample has a chain of its own: matrix kernels round differently for different batch sizes, and a
sample must not depend on its company. A batch gains nothing there anyway. They round differently for different numbers
of threads, too: a step is computed in `lanes`, where threads cannot change a result.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.samplers.chain import Chain, chain_class
from engine.samplers.grid import Step, grid
from engine.samplers.locking import Clamp
from engine.samplers.plan import Plan
from engine.samplers.protocols import Attendant, LockMethod, Sampler
from engine.theory.diffusion import Diffusion
from engine.theory.lanes import Lanes
from engine.theory.randomness import Streams


@dataclass(frozen=True)
class State:
    """A chain after `step` steps: `tokens` (B, L) int64, time t, sigma, and as in `Chain` `calls` and `log_weight`."""

    step: int
    tokens: Tensor
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
    whole = grid(diffusion.schedule, plan.steps, plan.spacing)
    steps = whole[plan.first - 1 :]
    passed = math.log(whole[0].lambda_t / steps[0].lambda_t)
    locking = locking or Clamp()
    particles = locking.particles
    attended = []
    for start, count in batches(plan.samples, diffusion.device, particles):
        streams = Streams(seed, count, len(plan.locks.tokens), particles * first_sample + start)
        chain = _begin(diffusion, plan, streams, slice(start // particles, (start + count) // particles), passed)
        attended.append((chain, locking.attend(chain, plan.locks)))
    chains = [chain for chain, _ in attended]
    yield _state(chains, plan, plan.first - 1, steps[0].t, steps[0].sigma_t, particles)
    with Lanes() as lanes:
        for step in steps:
            with lanes.open() if diffusion.device.type == "cpu" else nullcontext():
                for chain, attendant in attended:
                    take(chain, step, sampler, attendant)
            yield _state(chains, plan, step.number, step.s, step.sigma_s, particles)


def take(chain: Chain, step: Step, sampler: Sampler[Any], attendant: Attendant[Any]) -> None:
    """Takes a chain through a step, its locks attended to."""
    attendant.before(chain, step)
    sampler.step(chain, step)
    attendant.after(chain, step)


def batches(samples: int, device: torch.device, particles: int = 1) -> list[tuple[int, int]]:
    """First row and number of rows of each chain, for samples of so many particles."""
    if device.type == "cpu":
        return [(k * particles, particles) for k in range(samples)]
    return [(0, samples * particles)]


def _begin(diffusion: Diffusion, plan: Plan, streams: Streams, samples: slice, passed: float) -> Chain:
    """A chain of some of the samples; `passed` is the hazard of being revealed that lies behind a masked token."""
    limit = torch.from_numpy(streams.uniform(0)).to(diffusion.device)
    shape = (len(limit), limit.shape[1])
    kind = chain_class(diffusion)
    if plan.start is None:
        tokens, clocks = diffusion.graph.limit(limit), kind.clocks(streams, shape)
    else:
        start = plan.start[samples]
        tokens = torch.from_numpy(start.repeat(shape[0] // len(start), axis=0)).to(diffusion.device)
        clocks = kind.clocks(streams, shape, passed, plan.first)
    free = np.broadcast_to(~plan.locks.locked.numpy(), shape)
    return kind(diffusion, plan.locks.clamp(tokens), free, clocks, plan.shaping, plan.pattern)


def _state(chains: list[Chain], plan: Plan, number: int, time: float, sigma: float, particles: int) -> State:
    return State(
        number,
        plan.locks.clamp(torch.cat([chain.tokens for chain in chains])[::particles]),
        time,
        sigma,
        np.concatenate([chain.calls.reshape(-1, particles).sum(-1) for chain in chains]),
        np.concatenate([chain.log_weight[::particles] for chain in chains]),
    )
