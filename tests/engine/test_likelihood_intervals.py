"""The error of the bound is honest: intervals hold the truth as often as they say."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from engine.exact.toy import diffusion
from engine.likelihood.result import Bound, student_quantile
from engine.likelihood.running import bound
from engine.protocol import Noise
from tests.engine.test_likelihood import NOISES
from tests.engine.truth import MarkovWorld, negative_log_likelihood


@pytest.mark.parametrize("noise", NOISES)
def test_an_interval_holds_the_truth_as_often_as_it_says(noise: Noise) -> None:
    """1,000 runs of one text each; 93 to 97 % of the 95 % intervals."""
    world = MarkovWorld.random(noise, 3, 4, 0.6, seed=1)
    tokens = world.sample(1, torch.Generator().manual_seed(3))[0]
    truth = negative_log_likelihood(world, tokens) / 4
    model, covered = diffusion(world, geometric=True), 0
    for seed in range(1000):
        *_, last = bound(model, [tokens.numpy()], draws=8, seed=seed)
        low, high = last.nats - last.half_width, last.nats + last.half_width
        covered += low <= truth <= high
    assert 0.93 * 1000 <= covered <= 0.97 * 1000, covered


def test_an_interval_over_texts_is_students_over_their_means() -> None:
    world = MarkovWorld.random("absorb", 3, 6, 0.6, seed=3)
    sequences = list(world.sample(40, torch.Generator().manual_seed(0)).numpy())
    *_, last = bound(diffusion(world), sequences, draws=2)
    assert last.values == last.sequences == 40
    assert last.half_width == pytest.approx(2.0227 * last.standard_error, rel=1e-4)  # t, 39 degrees of freedom
    errors = [b.standard_error for b in bound(diffusion(world), sequences * 4, draws=2)]
    assert math.isnan(errors[0])
    assert errors[-1] == pytest.approx(errors[39] / 2, rel=0.2)


def test_pieces_of_one_text_count_as_one_value() -> None:
    world = MarkovWorld.random("absorb", 3, 6, 0.6, seed=3)
    sequences = list(world.sample(12, torch.Generator().manual_seed(0)).numpy())
    *_, last = bound(diffusion(world), sequences, groups=[k // 3 for k in range(12)])
    assert (last.values, last.sequences, last.tokens) == (4, 12, 72)


@pytest.mark.parametrize(
    ("freedom", "point"), [(1, 12.7062), (2, 4.3027), (7, 2.3646), (30, 2.0423), (120, 1.9799), (1000, 1.9623)]
)
def test_students_quantile_is_the_tabulated_one(freedom: int, point: float) -> None:
    assert student_quantile(freedom) == pytest.approx(point, abs=6e-5)


def test_a_run_for_a_precision_ends_when_it_is_reached() -> None:
    world = MarkovWorld.random("absorb", 3, 8, 0.6, seed=1)
    tokens = world.sample(1, torch.Generator().manual_seed(3))[0].numpy()
    points = list(bound(diffusion(world), [tokens], precision=0.02))
    assert points[-1].half_width <= 0.02
    assert all(point.half_width > 0.02 for point in points[7:-1])
    assert all(later.calls > sooner.calls for sooner, later in pairwise(points))
    *_, capped = bound(diffusion(world), [tokens], precision=1e-9, max_calls=64)
    assert capped.calls <= 64


def test_a_single_value_has_no_interval() -> None:
    assert math.isnan(Bound(1.0, math.nan, 2, 1, 1).half_width)
