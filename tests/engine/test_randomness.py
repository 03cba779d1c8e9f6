"""Draws belong to (seed, sample, position), and the categorical draw has the right law down to its tail."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.theory.randomness import Streams, categorical


@given(seed=st.integers(0, 2**63), sample=st.integers(0, 50), draw=st.integers(0, 9))
def test_a_sample_draws_the_same_alone_and_in_company(seed: int, sample: int, draw: int) -> None:
    alone = Streams(seed, 1, 16, first=sample).uniform(draw)[0]
    together = Streams(seed, 51, 16).uniform(draw)[sample]
    np.testing.assert_array_equal(alone, together)


def test_a_position_draws_the_same_in_a_longer_text() -> None:
    np.testing.assert_array_equal(Streams(3, 2, 10).uniform(4), Streams(3, 2, 99).uniform(4)[:, :10])


def test_seeds_samples_and_draws_give_different_numbers() -> None:
    drawn = [Streams(seed, 2, 8).uniform(draw) for seed in (0, 1) for draw in (0, 1)]
    assert len(np.unique(np.concatenate([d.ravel() for d in drawn]))) == 4 * 16


def test_draws_are_uniform() -> None:
    drawn = np.sort(Streams(11, 100, 1000).uniform(0).ravel())
    distance = np.abs(drawn - (np.arange(drawn.size) + 0.5) / drawn.size).max()
    assert distance < 2.2 / drawn.size**0.5  # Kolmogorov-Smirnov, 1 in 10,000


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        Streams(-1, 1, 1)


def test_rare_tokens_are_drawn_as_often_as_they_should_be() -> None:
    """One of 50,257 Zipf tokens against a stay of 1023/1024, at evenly spaced uniforms.

    A float32 race draws the rarest nine tenths fifty times too seldom here (2 in 100 of their mass).
    """
    zipf = 1 / np.arange(1, 50_258)
    weights = np.append(zipf / zipf.sum() / 1024, 1023 / 1024)
    rare = slice(5_026, 50_257)
    mass = weights[rare].sum()
    count = 200
    start = weights[: rare.start].sum()
    levels = start + mass * (np.arange(count) + 0.5) / count  # uniforms that ought to hit the rare ones, evenly
    drawn = np.concatenate([categorical(weights[None], levels[k : k + 1]) for k in range(count)])
    shares, _ = np.histogram(drawn, bins=[5_026, 10_000, 25_000, 50_257])
    expected = [
        weights[5_026:10_000].sum() / mass,
        weights[10_000:25_000].sum() / mass,
        weights[25_000:50_257].sum() / mass,
    ]
    np.testing.assert_allclose(shares / count, expected, atol=1.5 / count)


@given(st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=1, max_size=20), st.floats(0, 1, exclude_max=True))
def test_a_weight_of_zero_is_never_drawn(weights: list[float], uniform: float) -> None:
    row = np.array(weights)
    if row.sum() <= 0:
        row[0] = 1.0
    assert row[categorical(row[None], np.array([uniform]))[0]] > 0


def test_categorical_inverts_the_cumulative_law() -> None:
    weights = np.array([[2.0, 0.0, 1.0, 1.0]])
    levels = np.linspace(0, 1, 4000, endpoint=False)
    drawn = categorical(np.repeat(weights, 4000, axis=0), levels)
    np.testing.assert_array_equal(np.bincount(drawn, minlength=4), [2000, 0, 1000, 1000])
