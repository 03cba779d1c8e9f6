"""Draws belong to (seed, sample, position), and the categorical draw has the right law down to its tail."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.samplers.draws import Clocks, Rows
from engine.theory.randomness import Streams, race


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


def times_of(streams: Streams, sample: int, position: int, draw: int = 2, again: int = 0, size: int = 50) -> np.ndarray:
    k, i, n, r = (np.array([number]) for number in (sample, position, draw, again))
    times: np.ndarray = streams.exponential(k, i, n, r, size)[0]
    return times


@given(seed=st.integers(0, 2**63), sample=st.integers(0, 50), position=st.integers(0, 9), draw=st.integers(0, 9))
def test_a_race_is_the_same_alone_and_in_company_and_in_a_longer_text(
    seed: int, sample: int, position: int, draw: int
) -> None:
    alone, together = Streams(seed, 1, 10, first=sample), Streams(seed, 51, 99)
    np.testing.assert_array_equal(times_of(alone, 0, position, draw), times_of(together, sample, position, draw))


def test_no_two_races_share_their_times() -> None:
    streams = [Streams(seed, 2, 4) for seed in (0, 1)]
    rows = [
        times_of(of, sample, position, draw, again)
        for of in streams
        for sample in (0, 1)
        for position in (0, 3)
        for draw in (2, 4)
        for again in (0, 1)
    ]
    assert len(np.unique(np.concatenate(rows))) == 32 * 50


def test_races_and_uniform_draws_read_different_parts_of_a_stream() -> None:
    """Each position its own, 2^64 counts apart: not a race's time comes of the bits of a uniform number."""
    counter = np.array([0, 4, 0, 2], np.uint64)
    raw = [np.random.Generator(np.random.Philox(key=np.zeros(2, np.uint64), counter=counter)) for _ in range(2)]
    np.testing.assert_array_equal(times_of(Streams(0, 1, 4), 0, 3), raw[0].standard_exponential(50))
    assert not np.isin(raw[1].random(4000), Streams(0, 1, 4000).uniform(2)).any()


def test_times_are_exponential_down_to_where_float32_has_no_numbers() -> None:
    times = np.sort(times_of(Streams(5, 1, 1), 0, 0, size=2**24))
    rank = (np.arange(times.size) + 0.5) / times.size
    assert np.abs(-np.expm1(-times) - rank).max() < 2.2 / times.size**0.5  # Kolmogorov-Smirnov, 1 in 10,000
    small = times[times < 2.0**-18]
    assert abs(small.size - 64) < 4 * 8
    assert len(np.unique(np.round(small * 2.0**24))) < len(np.unique(small)) == small.size


def drawn(law: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Tokens (count,) of one law, as a run draws them."""
    positions = Rows.where(np.ones((1, count), np.bool_))
    return Clocks(Streams(seed, 1, count), (1, count)).draw(positions, np.broadcast_to(law, (count, len(law))))


def chi_squared(counts: np.ndarray, expected: np.ndarray) -> float:
    return float(((counts - expected) ** 2 / expected).sum())


def test_tokens_are_drawn_by_their_probabilities() -> None:
    law = np.array([0.4, 0.0, 0.3, 0.2, 0.06, 0.03, 0.01])
    for weights in (law, 1e-300 * law, 1e30 * law.astype(np.float32)):
        counts = np.bincount(drawn(weights, 20_000), minlength=len(law))
        assert counts[1] == 0
        assert chi_squared(counts[law > 0], 20_000 * law[law > 0]) < 25.7  # 5 degrees of freedom, 1 in 10,000


def test_rare_tokens_are_drawn_as_often_as_they_should_be() -> None:
    """Zipf's law over GPT-2's vocabulary, in parts: its rarest nine tenths have a fifth of the mass."""
    law = 1 / np.arange(1, 50_258)
    law /= law.sum()
    edges = np.array([0, 1, 10, 100, 1_000, 5_026, 10_000, 25_000, 50_257])
    counts, _ = np.histogram(drawn(law, 3_000), edges)
    assert chi_squared(counts, 3_000 * np.add.reduceat(law, edges[:-1])) < 29.9  # 7 degrees of freedom, 1 in 10,000


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20), st.integers(0, 2**32))
def test_a_weight_of_zero_is_never_drawn(weights: list[float], seed: int) -> None:
    row = np.array(weights)
    if row.sum() <= 0:
        row[0] = 1.0
    times = np.random.default_rng(seed).standard_exponential((1, len(row)))
    times[0, seed % len(row)] = 0.0
    assert row[race(row[None], times)[0]] > 0


def test_a_law_of_one_token_is_that_token_and_ties_go_to_the_first() -> None:
    assert race(np.array([[0.0, 0.0, 1e-30]]), np.array([[0.0, 1.0, 700.0]])).tolist() == [2]
    assert race(np.array([[1.0, 2.0, 4.0]]), np.array([[1.0, 1.0, 2.0]])).tolist() == [1]


def coupled(p: np.ndarray, q: np.ndarray) -> float:
    """The chance that a race draws the same token by both laws: the sum over v of 1 / sum over u of the larger of
    p_u / p_v and q_u / q_v."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slower = np.maximum(p / p[:, None], q / q[:, None]).sum(1)
    return float((1 / slower[(p > 0) & (q > 0)]).sum())


@pytest.mark.parametrize("nearness", [0.02, 0.2, 1.0])
def test_laws_that_are_alike_draw_the_same_token(nearness: float) -> None:
    """As often as the closed form says, which is at least (1 - d) / (1 + d), d their total variation, and more often
    than by inverting the cumulative sums with the same uniform number."""
    generator = np.random.default_rng(3)
    p = generator.dirichlet(np.full(200, 0.3))
    q = (1 - nearness) * p + nearness * generator.dirichlet(np.full(200, 0.3))
    distance, count = np.abs(p - q).sum() / 2, 8_000
    assert coupled(p, q) >= (1 - distance) / (1 + distance)
    same = (drawn(p, count) == drawn(q, count)).mean()
    assert abs(same - coupled(p, q)) < 4 * (coupled(p, q) * (1 - coupled(p, q)) / count) ** 0.5
    ends = np.cumsum([p, q], axis=1)
    inverted = np.clip(np.minimum(*ends) - np.maximum(*(ends - [p, q])), 0, None).sum()
    assert same > inverted + 0.05
