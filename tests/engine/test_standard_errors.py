"""Values and their errors in cases that are worked out by hand."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from engine.exact.toy import ToyWorld, diffusion
from engine.language.quality import perplexity_by_text, perplexity_by_token
from engine.likelihood.estimators import Draws
from engine.likelihood.noised_text import Points
from engine.likelihood.result import Bound, mean_of, ratio_of
from engine.likelihood.running import Offsets, bound, sampler_bound

MODEL = diffusion(ToyWorld.random("absorb", 3, 3, 0.5, seed=1), "posterior")
TEXT = np.array([0, 2, 1])


def test_a_single_value_has_no_error_and_no_interval() -> None:
    single = list(bound(MODEL, [TEXT], draws=1, max_calls=1))
    first_of_two = next(bound(MODEL, [TEXT, TEXT[:2]], draws=1))
    one_order = list(sampler_bound(MODEL, [TEXT], steps=1, max_calls=1))
    assert (len(single), single[0].calls, len(one_order), one_order[0].calls) == (1, 1, 1, 1)
    for found in (single[0], first_of_two, one_order[0]):
        assert math.isfinite(found.nats)
        assert found.values == 1
        assert all(map(math.isnan, (found.standard_error, found.half_width)))


def test_two_estimates_of_one_text_differ_by_their_standard_deviation() -> None:
    """1 and 3 nats in 2 tokens: 1/2 and 3/2, a deviation of 1 / sqrt 2, over sqrt 2."""
    found = mean_of(np.array([1.0, 3.0]), tokens=2, calls=7)
    assert found == Bound(1.0, found.standard_error, 2, 1, 7, 2)
    assert found.standard_error == pytest.approx(0.5)
    assert found.half_width == pytest.approx(12.7062 / 2, abs=1e-4)  # Student's t with 1 degree of freedom


def test_two_texts_of_unequal_length_have_the_error_of_a_ratio() -> None:
    """2 nats in 1 token and 6 in 2: residuals -2/3 and 2/3 from 8/3 a token, so sqrt(8/9 x 2) / 3."""
    found = ratio_of(np.array([2.0, 6.0]), np.array([1, 2]), sequences=2, calls=5)
    assert found == Bound(8 / 3, found.standard_error, 3, 2, 5, 2)
    assert found.standard_error == pytest.approx(4 / 9)
    perplexity = perplexity_by_token([np.array([2.0]), np.array([1.0, 5.0])])
    assert perplexity.value == pytest.approx(math.exp(8 / 3))
    assert perplexity.error == pytest.approx(math.exp(8 / 3) * 4 / 9)
    assert perplexity_by_text([np.array([2.0]), np.array([1.0, 5.0])]).value == pytest.approx(
        (math.exp(2) + math.exp(3)) / 2
    )


def test_three_texts_of_unequal_length_have_the_error_of_a_ratio() -> None:
    """1, 2 and 9 nats in 1, 2 and 3 tokens: residuals -1, -2 and 3 from 2 a token, so sqrt(14 x 3 / 2) / 6."""
    found = ratio_of(np.array([1.0, 2.0, 9.0]), np.array([1, 2, 3]), 3, 5)
    assert found.nats == 2
    assert found.standard_error == pytest.approx(math.sqrt(21) / 6)
    perplexity = perplexity_by_token([np.array([1.0]), np.array([0.5, 1.5]), np.array([2.0, 3.0, 4.0])])
    assert perplexity.error == pytest.approx(math.exp(2) * math.sqrt(21) / 6)


def draws_of(noised: np.ndarray, weight: float, losses: np.ndarray) -> Draws:
    points = Points(noised, np.zeros(noised.shape), np.ones(len(noised)), np.full(len(noised), weight))
    losses = np.where(noised, losses, 0.0)
    return Draws(points, losses, weight * losses, len(noised))


@pytest.mark.parametrize("k", [1, 2, 3])
def test_what_replicates_taught_of_tokens_changes_no_expectation(k: int) -> None:
    """Over all sets of k of the 4 free positions, whatever was learned before: the offsets must have zero sum."""
    free = np.array([True, True, False, True, True])
    offsets, losses = Offsets(free), np.array([1.0, 4.0, 0.0, 2.0, 8.0])
    one = np.array([[True, False, False, False, True]])
    offsets.learn(draws_of(one, 1.0, losses))
    offsets.learn(draws_of(np.array([[False, True, False, False, True]]), 1.0, losses))
    sets = np.zeros((math.comb(4, k), 5), np.bool_)
    for row, chosen in enumerate(combinations((0, 1, 3, 4), k)):
        sets[row, list(chosen)] = True
    every = draws_of(sets, 1 / k, losses)
    assert offsets.correct(every).mean() == pytest.approx(every.totals.mean(), abs=1e-12)
    # Losses less the mean of their draw: -3.5, then -2, and 3.5 + 2; over 2 draws more than there were.
    learned = np.array([-3.5 / 3, -2 / 3, 0.0, 0.0, 5.5 / 4])
    centred = np.where(free, learned - learned[free].mean(), 0.0)
    assert offsets.correct(every) == pytest.approx(every.totals - sets @ centred / k)
