"""In which order a run was filled: its ranks, its mean over samples, and what tells orders apart."""

from __future__ import annotations

import numpy as np
import pytest

from engine.protocol import Frame, Started, frozen
from engine.runs.fill_order import RANDOM, mean_order, order_of, ranks, way_of
from engine.runs.trajectory import Trajectory

MASK = 9


def filled(orders: list[list[int]], locked: tuple[int, ...] = ()) -> Trajectory:
    """A run whose samples fill position i in step orders[sample][i], 0 for never."""
    steps, length = max(map(max, orders)), len(orders[0])
    begun = np.full((len(orders), length), MASK)
    begun[:, list(locked)] = 1
    run = Trajectory(Started(1, frozen(begun), np.isin(np.arange(length), locked), steps, 1.0), MASK)
    for step in range(1, steps + 1):
        sample, position = np.nonzero(np.array(orders) == step)
        where = frozen(sample), frozen(position), frozen(np.ones(len(sample)))
        run.append(Frame(1, step, 1 - step / steps, 0.5, *where, step, 0.1))
    return run


def test_the_order_is_the_step_and_the_mean_that_of_the_samples_that_filled_it() -> None:
    run = filled([[1, 2, 0, 3], [3, 2, 0, 0]], locked=(2,))
    np.testing.assert_array_equal(order_of(run, 0), [1, 2, np.nan, 3])
    np.testing.assert_array_equal(order_of(run, 1), [3, 2, np.nan, np.nan])
    np.testing.assert_array_equal(mean_order(run), [2, 2, np.nan, 3])


def test_what_comes_together_shares_a_rank() -> None:
    np.testing.assert_allclose(ranks(np.array([5.0, np.nan, 1.0, 5.0, 9.0])), [0.5, np.nan, 0, 0.5, 1])


def test_left_to_right_right_to_left_and_random_tell_themselves_apart() -> None:
    there, random = np.arange(200.0), np.random.default_rng(3).permutation(200).astype(float)
    assert way_of(there).direction == pytest.approx(1)
    assert way_of(-there).direction == pytest.approx(-1)
    assert way_of(there).apart == pytest.approx(1 / 199)
    assert abs(way_of(random).direction) < 0.15
    assert way_of(random).apart == pytest.approx(RANDOM, abs=0.05)
    islands = np.abs(there % 40 - 20)  # it goes on beside what stands
    assert abs(way_of(islands).direction) < 0.15
    assert way_of(islands).apart < RANDOM / 2
    assert "from left to right (+1.00)" in way_of(there).said
    assert "in no direction" in way_of(random).said


def test_too_few_tokens_have_no_way() -> None:
    assert "too few tokens" in way_of(np.array([1.0, np.nan, 2.0])).said
    assert way_of(np.array([1.0, 1.0, 1.0, 1.0])).direction == 0
