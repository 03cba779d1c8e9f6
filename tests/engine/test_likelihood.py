"""The bound's estimators against likelihoods that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.likelihood import bound, estimates, uniform_prior
from engine.messages import Noise, UserError
from engine.toy import ToyWorld


def values(world: ToyWorld, tokens: list[int], repeats: int, draws: int) -> np.ndarray:
    diffusion = world.diffusion()
    generator = np.random.Generator(np.random.Philox(key=[0, 0]))
    return np.array([estimates(diffusion, np.array(tokens), draws, generator).mean() for _ in range(repeats)])


@pytest.mark.parametrize(("noise", "draws", "gap"), [("absorb", 6, 0.0), ("uniform", 64, 2e-3)])
def test_with_exact_scores_the_estimate_is_the_likelihood(noise: Noise, draws: int, gap: float) -> None:
    """`gap`: the uniform bound starts at sigma = 1e-4 and ends at sigma(1) = 6.9, where it is loose by a little."""
    world = ToyWorld.random(noise, 3, 3, 0.5, seed=1)
    drawn = values(world, [0, 1, 2], repeats=60, draws=draws)
    truth = -math.log(float(world.joint[0, 1, 2]))
    error = drawn.std(ddof=1) / math.sqrt(len(drawn))
    assert abs(drawn.mean() - truth) < 4 * error + gap


def test_with_wrong_scores_the_bound_is_above_the_likelihood() -> None:
    world = ToyWorld.random("absorb", 3, 3, 0.5, seed=1)
    wrong = ToyWorld.random("absorb", 3, 3, 5.0, seed=2)
    blend = ToyWorld(0.5 * world.joint + 0.5 * wrong.joint, world.graph)
    total = 0.0
    for index in np.ndindex(3, 3, 3):
        p = float(world.joint[index])
        total += p * (values(blend, list(index), repeats=10, draws=6).mean() + math.log(p))
    # The mean excess is the divergence of the blend from the truth.
    divergence = float((world.joint * (world.joint / blend.joint).log()).sum())
    assert total == pytest.approx(divergence, abs=0.05)
    assert total > 0


def test_the_standard_error_is_honest() -> None:
    world = ToyWorld.random("absorb", 3, 3, 0.5, seed=3)
    diffusion = world.diffusion()
    truth = -math.log(float(world.joint[2, 0, 1])) / 3
    covered = 0
    for seed in range(200):
        *_, last = bound(diffusion, [np.array([2, 0, 1])], draws=2, seed=seed)
        covered += abs(last.nats - truth) < 2.36 * last.standard_error  # t of 7 degrees of freedom, 95 %
    assert 0.90 * 200 < covered < 0.99 * 200


def test_the_error_over_many_sequences_falls_as_they_grow_in_number() -> None:
    world = ToyWorld.random("absorb", 3, 3, 0.5, seed=3)
    sequences = [np.array(index) for index in np.ndindex(3, 3, 3)] * 4
    errors = [b.standard_error for b in bound(world.diffusion(), sequences, draws=2)]
    assert math.isnan(errors[0])
    assert errors[-1] == pytest.approx(errors[26] / 2, rel=0.15)


def test_the_uniform_prior_term_is_the_divergence_of_the_noised_token() -> None:
    world = ToyWorld.random("uniform", 5, 1, 1.0, seed=0)
    law = world.transition_matrix(0.8)[:, 2]
    assert uniform_prior(0.8, 5) == pytest.approx(float((law * (law * 5).log()).sum()), abs=1e-7)
    assert uniform_prior(30.0, 50_257) == pytest.approx(0, abs=1e-6)


def test_units_agree() -> None:
    *_, last = bound(ToyWorld.random("absorb", 3, 2, 1.0, seed=0).diffusion(), [np.array([0, 1])])
    assert last.perplexity == pytest.approx(2**last.bits) == pytest.approx(math.exp(last.nats))


def test_the_same_seed_gives_the_same_estimate() -> None:
    diffusion = ToyWorld.random("uniform", 3, 2, 1.0, seed=0).diffusion()
    first, second = (list(bound(diffusion, [np.array([0, 1])] * 3, seed=7)) for _ in range(2))
    assert first[1:] == second[1:]


def test_a_text_longer_than_the_model_is_refused() -> None:
    with pytest.raises(UserError, match="1 to 2"):
        next(bound(ToyWorld.random("absorb", 3, 2, 1.0, seed=0).diffusion(), [np.zeros(3, np.int64)]))


def test_scoring_leaves_gradients_on() -> None:
    next(bound(ToyWorld.random("absorb", 3, 2, 1.0, seed=0).diffusion(), [np.array([0, 1])] * 2))
    assert torch.is_grad_enabled()
