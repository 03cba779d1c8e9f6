"""Locked tokens: what each method gives against the true conditional, known by enumeration."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.exact.sampler_law import exact_law, expected_distance, sampled_law, total_variation
from engine.exact.toy import ToyWorld, diffusion
from engine.protocol import FREE, Noise, UserError
from engine.samplers import sampler_named
from engine.samplers.locking import METHODS, Particles, lock_method
from engine.samplers.loop import Plan
from engine.samplers.protocols import LockMethod
from engine.theory.conditioning import Locks
from engine.theory.diffusion import Diffusion

COMMON, RARE = 1, 0
REQUESTS = {lock: np.array([FREE, lock, FREE]) for lock in (COMMON, RARE)}
UNIFORM = ToyWorld.random("uniform", 2, 3, 0.3, seed=0)


def distance(model: Diffusion, sampler: str, steps: int, lock: int, method: LockMethod | None = None) -> float:
    world: ToyWorld = model.network.world  # type: ignore[assignment]
    noise: Noise = "uniform" if world.graph.mask is None else "absorb"
    law = exact_law(model, sampler_named(sampler, noise), steps, REQUESTS[lock], method)
    return total_variation(law, world.condition(torch.from_numpy(REQUESTS[lock])).joint)


@pytest.mark.parametrize("lock", [COMMON, RARE])
@pytest.mark.parametrize(("sampler", "steps"), [("subset", 2), ("entropy-bounded", 3), ("first-hitting", 1)])
def test_clamping_is_exact_under_absorbing_noise(sampler: str, steps: int, lock: int) -> None:
    world = ToyWorld.random("absorb", 3, 3, 0.3, seed=11)
    options = (("gamma", 0.0),) if sampler == "entropy-bounded" else ()
    law = exact_law(diffusion(world), sampler_named(sampler, "absorb", options), steps, REQUESTS[lock])
    assert total_variation(law, world.condition(torch.from_numpy(REQUESTS[lock])).joint) < 1e-12


def test_clamping_is_wrong_under_uniform_noise_however_many_steps_are_made() -> None:
    model = diffusion(UNIFORM, geometric=True)
    few, many = (distance(model, "tweedie", steps, RARE) for steps in (24, 96))
    assert few > 0.15
    assert many > 0.15


def test_gibbs_sweeps_mend_it_at_fewer_calls() -> None:
    """8 steps with 7 sweeps of 2 positions are 22 calls; plain clamping gets 24."""
    model = diffusion(UNIFORM, geometric=True)
    for lock, swept, clamped in ((COMMON, 1e-4, 0.02), (RARE, 0.003, 0.15)):
        assert distance(model, "tweedie", 8, lock, METHODS["gibbs"]) < swept
        assert distance(model, "tweedie", 24, lock) > clamped


def test_a_network_that_marks_locks_makes_clamping_exact_in_the_limit() -> None:
    model = diffusion(UNIFORM, marks_locks=True, geometric=True)
    errors = [distance(model, "tweedie", steps, COMMON) for steps in (16, 32)]
    assert 1.7 < errors[0] / errors[1] < 2.3
    assert errors[1] < 0.015


def test_particles_come_closer_the_more_there_are() -> None:
    samples, steps = 2000, 16
    model = diffusion(UNIFORM, geometric=True)
    plan = Plan(Locks.of(REQUESTS[RARE], 2, 3), samples, steps)
    truth = UNIFORM.condition(torch.from_numpy(REQUESTS[RARE])).joint
    tweedie = sampler_named("tweedie", "uniform")
    errors = [total_variation(sampled_law(model, tweedie, plan, 3, Particles(count)), truth) for count in (1, 4, 16)]
    noise = expected_distance(truth, samples)[0]
    assert errors[0] - noise > errors[1] - noise > errors[2] - noise
    assert errors[2] < 0.16


def test_particles_keep_the_locked_tokens_and_estimate_their_probability() -> None:
    """Without resampling the mean weight is the probability of the lock under the stepwise model: near p(lock)."""
    from engine.exact.sampler_law import SharedStreams
    from engine.samplers.chain import UniformChain
    from engine.samplers.draws import Clocks
    from engine.theory.grid import grid

    model, locks, count = diffusion(UNIFORM, geometric=True), Locks.of(REQUESTS[COMMON], 2, 3), 4000
    streams = SharedStreams(1, count, 3)
    tokens = locks.clamp(model.graph.limit(torch.from_numpy(streams.uniform(0))))
    clocks = Clocks(streams, (count, 3))
    chain = UniformChain(model, tokens, np.tile(~locks.locked.numpy(), (count, 1)), clocks)
    bridge = Particles(1).attend(chain, locks)
    steps = grid(model.schedule, 48)
    for step in steps:
        bridge.before(chain, step)
        sampler_named("tweedie", "uniform").step(chain, step)
        bridge.after(chain, step)
    assert (chain.tokens[:, 1] == COMMON).all()
    estimate = np.exp(bridge.log_weight)
    error = float(estimate.std() / count**0.5)
    assert abs(float(estimate.mean()) - float(UNIFORM.joint[:, COMMON].sum())) < 4 * error + 0.02


def test_auto_clamps_where_that_is_exact_and_sweeps_elsewhere() -> None:
    locked, free = Locks.of(REQUESTS[RARE], 3, 3), Locks.of(np.full(3, FREE), 3, 3)
    plain, marking = (diffusion(UNIFORM, marks_locks=marks) for marks in (False, True))
    absorbing = diffusion(ToyWorld.random("absorb", 3, 3, 0.3, seed=1))
    assert lock_method("auto", plain, locked) is METHODS["gibbs"]
    assert lock_method("auto", plain, free) is METHODS["clamp"]
    assert lock_method("auto", marking, locked) is METHODS["clamp"]
    assert lock_method("auto", absorbing, locked) is METHODS["clamp"]


def test_methods_that_are_not_known_or_make_no_sense_are_refused() -> None:
    locked = Locks.of(REQUESTS[RARE], 3, 3)
    with pytest.raises(UserError, match="choose auto, clamp, gibbs, particles"):
        lock_method("glue", diffusion(UNIFORM), locked)
    with pytest.raises(UserError, match="given words stay as they are"):
        lock_method("gibbs", diffusion(ToyWorld.random("absorb", 3, 3, 0.3, seed=1)), locked)
