"""What can be done about locked tokens under uniform noise, where clamping alone is the wrong conditional.

A network that does not mark locks reads a clean locked token as a noisy one that happens to look the same, so it
believes it too little. Three answers, in the order of their cost:

- "clamp": nothing more. Approximate, and no number of steps mends it. Exact under absorbing noise, and for a network
  that was trained with given tokens marked.
- "gibbs": after each step all free tokens are drawn anew, one after the other, given the others and the locks, at
  that step's noise level. As the level falls a noisy reading of a lock becomes a certain one. A call for each token.
- "particles": several chains whose locked positions take part in the noise, led to their tokens by the bridge
  q(x_s | x_t, c) proportional to q(x_t | x_s) q(x_s | c) and weighted by p(x_s | x_t) / q(x_s | x_t, c) there; chains
  of little weight are replaced by others (sequential Monte Carlo; Wu et al., arXiv 2306.17775, for continuous noise).
  Exact for many particles and steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from engine.protocol import Noise, UserError
from engine.samplers.chain import Chain, UniformChain
from engine.samplers.draws import Clocks, Rows
from engine.samplers.gibbs import correct
from engine.samplers.protocols import LockMethod
from engine.samplers.tweedie import kernel
from engine.theory.conditioning import Locks
from engine.theory.diffusion import Diffusion
from engine.theory.grid import Step


class Clamp:
    """Keeps locked tokens clean from the first step on, and does nothing else."""

    noises: tuple[Noise, ...] = ("absorb", "uniform", "mixed")
    particles = 1

    def attend(self, chain: Chain, locks: Locks) -> None:
        """There is nothing to attend to."""


class GibbsSweep:
    """A sweep of all free positions after each step, at its noise level."""

    noises: tuple[Noise, ...] = ("uniform",)
    particles = 1

    def attend(self, chain: UniformChain, locks: Locks) -> GibbsSweep:
        return self

    def before(self, chain: UniformChain, step: Step) -> None: ...

    def after(self, chain: UniformChain, step: Step) -> None:
        if not step.last:
            correct(chain, step.sigma_s, chain.free.shape[1])


@dataclass(frozen=True)
class Particles:
    """`particles` chains for each sample, resampled when their effective number falls below half."""

    particles: int = 8
    noises: ClassVar[tuple[Noise, ...]] = ("uniform",)

    def attend(self, chain: UniformChain, locks: Locks) -> Bridge:
        return Bridge(chain, locks, self.particles)


class Bridge:
    """Leads the locked positions of particles to their tokens, and weighs the particles.

    The chain holds B samples of K particles each, sample after sample. The mean over a sample's particles of
    exp(`log_weight`) (B, K) estimates the probability of the locked tokens.
    """

    def __init__(self, chain: UniformChain, locks: Locks, particles: int) -> None:
        count = len(chain.tokens)
        self.rows = Rows.where(np.broadcast_to(locks.locked.numpy(), chain.free.shape))
        self.given = locks.tokens[locks.locked].repeat(count).to(chain.tokens.device)
        self.log_weight = np.zeros((count // particles, particles))
        self.proposed = np.empty(0, np.int64)
        # Full noise is taken for the limit: there the bridge starts from the limit's own law, with even weights.
        start = chain.diffusion.graph.limit(torch.from_numpy(_clocks(chain).targets(self.rows)))
        chain.place(self.rows, start.cpu().numpy())

    def before(self, chain: UniformChain, step: Step) -> None:
        """Proposes the locked positions' next tokens and weighs them by what the model says of them."""
        if not self.rows.size:
            return
        now = chain.own(self.rows)
        model = kernel(chain.law(self.rows, step.sigma_t).weights, now, step)
        certain = torch.zeros_like(model).scatter(-1, self.given[:, None], 1.0)
        bridge = kernel(certain, now, step)
        self.proposed = chain.draws.draw(self.rows, bridge.cpu().numpy())
        chosen = torch.from_numpy(self.proposed).to(model.device)[:, None]
        gain = (model.gather(-1, chosen).double().log() - bridge.gather(-1, chosen).double().log())[:, 0]
        np.add.at(self.log_weight.reshape(-1), self.rows.sample, gain.cpu().numpy())

    def after(self, chain: Chain, step: Step) -> None:
        """Places the proposals, and replaces particles of little weight."""
        if not self.rows.size:
            return
        chain.place(self.rows, self.proposed)
        top = self.log_weight.max(axis=1, keepdims=True)
        weights = np.exp(self.log_weight - top)
        mean = weights.mean(axis=1, keepdims=True)
        weights /= weights.sum(axis=1, keepdims=True)
        poor = 1 / (weights**2).sum(axis=1) < weights.shape[1] / 2
        if step.last:
            poor[:] = True
        self.log_weight[poor] = np.broadcast_to(np.log(mean) + top, weights.shape)[poor]
        self._resample(chain, weights, poor)

    def _resample(self, chain: Chain, weights: np.ndarray, poor: np.ndarray) -> None:
        """Systematic resampling of the samples marked in `poor` (B,), turned by a random number of places: the first
        particle is the one that is shown, and must be any of them."""
        samples, count = weights.shape
        firsts = Rows(np.arange(samples) * count, np.full(samples, self.rows.position[0]))
        offset, turn = (_clocks(chain).targets(firsts) for _ in range(2))
        levels = (offset[:, None] + np.arange(count)) / count
        chosen = (np.cumsum(weights, axis=1)[:, None, :] <= levels[:, :, None]).sum(-1).clip(max=count - 1)
        places = (np.arange(count) + (turn[:, None] * count).astype(np.int64)) % count
        chosen = np.where(poor[:, None], np.take_along_axis(chosen, places, axis=1), np.arange(count))
        index = (chosen + firsts.sample[:, None]).ravel()
        whole = Rows.where(np.ones(chain.free.shape, np.bool_))
        chain.place(whole, chain.tokens.cpu().numpy()[index].ravel())


def _clocks(chain: Chain) -> Clocks:
    if not isinstance(chain.draws, Clocks):
        raise TypeError("particles need clocks")
    return chain.draws


METHODS: dict[str, LockMethod] = {"clamp": Clamp(), "gibbs": GibbsSweep(), "particles": Particles()}


def methods_for(noise: Noise) -> dict[str, LockMethod]:
    """Those that work with a noise, by name."""
    return {name: method for name, method in METHODS.items() if noise in method.noises}


def lock_method(name: str, diffusion: Diffusion, locks: Locks) -> LockMethod:
    """The method called `name`; "auto" is clamping where that is exact or nothing is locked, Gibbs sweeps elsewhere."""
    fitting = methods_for(diffusion.config.noise)
    if name == "auto":
        sweeps = "gibbs" in fitting and not diffusion.knows_locks and locks.locked.any()
        return METHODS["gibbs" if sweeps else "clamp"]
    if name not in METHODS:
        raise UserError(f'There is no way to lock tokens called "{name}"; choose auto, {", ".join(METHODS)}.')
    if name not in fitting:
        if diffusion.knows_locks:
            raise UserError(f"Under absorbing noise given words stay as they are; choose auto instead of {name}.")
        raise UserError(f"The method {name} is for uniform noise without masks; choose auto.")
    return fitting[name]
