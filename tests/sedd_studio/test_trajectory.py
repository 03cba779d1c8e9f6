"""The record of a run against a plain replay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.protocol import Frame, Started, frozen
from engine.runs.trajectory import KEYFRAME, Trajectory

MASK = 9


def started(samples: int, length: int, steps: int) -> Started:
    return Started(1, frozen(np.full((samples, length), MASK)), np.zeros(length, bool), steps, 1.0)


def frame(step: int, changes: list[tuple[int, int, int]]) -> Frame:
    sample, position, token = (frozen([change[k] for change in changes]) for k in range(3))
    return Frame(1, step, 1 - step / 100, 0.5, sample, position, token, step, 0.1)


@settings(deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 1), st.integers(0, 4), st.integers(0, 8)), max_size=3, unique_by=lambda c: c[:2]
        ),
        max_size=3 * KEYFRAME,
    )
)
def test_any_step_can_be_shown_at_any_time(steps: list[list[tuple[int, int, int]]]) -> None:
    trajectory = Trajectory(started(2, 5, len(steps)), MASK)
    tokens, last = np.full((2, 5), MASK), np.full((2, 5), -1)
    history = [(tokens.copy(), last.copy())]
    for number, changes in enumerate(steps, start=1):
        trajectory.append(frame(number, changes))
        for sample, position, token in changes:
            tokens[sample, position], last[sample, position] = token, number
        history.append((tokens.copy(), last.copy()))
    np.testing.assert_array_equal(trajectory.newest, tokens)
    for step in reversed(range(len(history))):
        for sample in range(2):
            got = trajectory.at(step, sample)
            np.testing.assert_array_equal(got[0], history[step][0][sample])
            np.testing.assert_array_equal(got[1], history[step][1][sample])


def test_frames_must_come_in_order() -> None:
    trajectory = Trajectory(started(1, 3, 5), MASK)
    with pytest.raises(ValueError, match="does not follow"):
        trajectory.append(frame(2, []))


def test_curve_and_marks_belong_to_the_sample() -> None:
    trajectory = Trajectory(started(2, 3, 3), MASK)
    for number, changes in enumerate([[(0, 0, 1)], [(1, 0, 1), (1, 1, 1)], [(0, 2, 4), (0, 1, 4)]], start=1):
        trajectory.append(frame(number, changes))
    assert trajectory.settled_curve(0).tolist() == [0, 1, 1, 3]
    assert trajectory.settled_curve(1).tolist() == [0, 0, 2, 2]
    assert trajectory.changed_steps(0).tolist() == [1, 3]


def test_without_a_mask_a_position_is_settled_after_its_last_change() -> None:
    trajectory = Trajectory(started(1, 3, 3), None)
    for number, changes in enumerate([[(0, 0, 1)], [(0, 0, 2)], [(0, 1, 4)]], start=1):
        trajectory.append(frame(number, changes))
    # Position 2 never changed: it stood from the start, which is known once the run is over.
    assert trajectory.settled_curve(0).tolist() == [1, 1, 2, 3]
    assert [trajectory.unsettled(step, 0).tolist() for step in range(4)] == [
        [True, True, False],
        [True, True, False],
        [False, True, False],
        [False, False, False],
    ]


def test_noise_that_nothing_has_touched_is_unsettled_while_steps_are_to_come() -> None:
    trajectory = Trajectory(started(1, 3, 2), None)
    trajectory.append(frame(1, [(0, 1, 4)]))
    assert trajectory.unsettled(1, 0).tolist() == [True, False, True]
    assert trajectory.settled_curve(0).tolist() == [0, 1]


def test_what_is_masked_or_drawn_again_later_is_not_settled() -> None:
    trajectory = Trajectory(started(1, 3, 4), MASK)
    for number, changes in enumerate([[(0, 0, 1), (0, 1, 5)], [(0, 1, MASK)], [(0, 0, 2)]], start=1):
        trajectory.append(frame(number, changes))
    assert trajectory.settled_curve(0).tolist() == [0, 0, 0, 1]
    assert trajectory.unsettled(1, 0).tolist() == [True, True, True]
    assert trajectory.unsettled(3, 0).tolist() == [False, True, True]


def test_what_was_recorded_does_not_change_when_more_comes() -> None:
    trajectory = Trajectory(started(1, 3, 3), MASK)
    trajectory.append(frame(1, [(0, 0, 1)]))
    early, _ = trajectory.at(1, 0)
    trajectory.append(frame(2, [(0, 0, 5)]))
    assert early.tolist() == [1, MASK, MASK]
