"""The map of a run: its numbers against those of the record, and its picture against its numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor

from engine.protocol import Frame, Started, UserError, frozen
from engine.runs.map_colours import MAP_COLOURS
from engine.runs.map_modes import (
    DIFFERENCE_KINDS,
    HIGHEST,
    MAP_MODES,
    MOST_CHANGES,
    PLAIN,
    RAMP,
    difference_codes,
)
from engine.runs.run_map import MOST_CELLS, Difference, RunMap, State, difference, tokens_over, too_large
from engine.runs.trajectory import Trajectory
from sedd_studio.painting.map_image import colour_of, colour_table, map_image
from sedd_studio.painting.theme import THEMES, Theme

MASK, LENGTH = 5, 4
Steps = list[list[tuple[int, int, int]]]
STEPS = st.lists(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(1, LENGTH - 1), st.integers(0, MASK)),
        max_size=3,
        unique_by=lambda change: change[:2],
    ),
    max_size=40,
)
EASY = 20.0
"""A difference of colours in CIELAB that nobody overlooks; just noticeable is 2.3."""
IN_GREY = 6.0
"""One of lightness that is seen in black and white."""


def recorded(steps: Steps, mask: int | None, more: int = 0) -> Trajectory:
    """A run of two samples whose first position is locked, with so many steps still to come."""
    begun, locked = np.full((2, LENGTH), 3 if mask is None else mask), np.arange(LENGTH) == 0
    begun[:, 0] = 1
    run = Trajectory(Started(1, frozen(begun), locked, len(steps) + more, 1.0), mask)
    for number, changes in enumerate(steps, start=1):
        sample, position, token = (frozen([change[k] for change in changes]) for k in range(3))
        run.append(Frame(1, number, 1 - number / (len(steps) + more), 0.5, sample, position, token, number, 0.1))
    return run


def plain_state(run: Trajectory, step: int, sample: int) -> list[State]:
    """What the record says of a step, position by position."""
    tokens, waits = run.at(step, sample)[0], run.unsettled(step, sample)
    return [
        State.LOCKED
        if run.locked[position]
        else State.HIDDEN
        if tokens[position] == run.mask
        else State.UNSETTLED
        if waits[position]
        else State.SETTLED
        for position in range(run.length)
    ]


@settings(deadline=None, max_examples=60)
@given(STEPS, st.sampled_from([MASK, None]), st.integers(0, 2), st.integers(1, 7))
def test_every_cell_says_what_the_record_says_however_it_grew(
    steps: Steps, mask: int | None, more: int, at_once: int
) -> None:
    run = recorded(steps, mask, more)
    for sample in range(2):
        found = RunMap(run, sample)
        while found.grow(at_once):
            pass
        assert found.complete
        for step in range(len(steps) + 1):
            assert found.state[step].tolist() == plain_state(run, step, sample)
            assert found.changes[step].tolist() == run.change_counts(step, sample).tolist()
        assert (found.state[len(steps) + 1 :] == State.TO_COME).all()
        assert found.last.tolist() == run.at(run.recorded, sample)[1].tolist()


def test_the_first_and_the_last_change_of_each_position_are_known() -> None:
    run = recorded([[(0, 1, 2), (1, 2, 1)], [(0, 2, 1)], [(0, 1, 4)], [(0, 3, 1)], [(0, 3, MASK)]], MASK)
    found = RunMap(run, 0).grown()
    assert found.last.tolist() == [-1, 3, 2, 5]
    assert found.first.tolist() == [-1, 1, 2, 4]


def test_a_run_with_more_cells_than_a_map_holds_has_none_and_says_why() -> None:
    long = Trajectory(Started(1, frozen([[1] * 129]), np.zeros(129, bool), MOST_CELLS // 128, 1.0), MASK)
    assert "too large for a map" in too_large(long)
    for ask in (lambda: RunMap(long, 0), lambda: difference(long, 0, long, 0)):
        with pytest.raises(UserError, match="too large for a map; run fewer steps"):
            ask()
    assert not too_large(Trajectory(replace(long.started, steps=MOST_CELLS // 129 - 1), MASK))


def test_a_difference_says_how_two_samples_stand_to_each_other_in_every_cell() -> None:
    run = recorded([[(0, 1, 2), (1, 1, 2)], [(0, 2, 1)], [(1, 2, 3), (1, 3, 3)]], MASK, more=1)
    found = difference(run, 0, run, 1)
    hidden, same, other = Difference.HIDDEN, Difference.SAME, Difference.OTHER
    here, there, to_come = Difference.HERE_ALONE, Difference.THERE_ALONE, Difference.TO_COME
    assert found.tolist() == [
        [same, hidden, hidden, hidden],
        [same, same, hidden, hidden],
        [same, same, here, hidden],
        [same, same, other, there],
        [to_come] * 4,
    ]


def test_a_difference_takes_the_step_of_the_other_with_the_same_noise() -> None:
    short, long = recorded([[], [(0, 1, 2)]], MASK), recorded([[], [], [(0, 1, 2)], []], MASK)
    found = difference(short, 0, long, 0)
    assert found[:, 1].tolist() == [Difference.HIDDEN, Difference.HIDDEN, Difference.SAME]
    with pytest.raises(ValueError, match="length"):
        difference(short, 0, Trajectory(Started(1, frozen([[1, 2]]), np.zeros(2, bool), 2, 1.0), MASK), 0)


def test_the_tokens_of_every_step_are_those_of_the_record() -> None:
    run = recorded([[(0, 1, 2), (1, 2, 1)], [], [(1, 1, 4), (0, 2, 0)]], MASK)
    for sample in range(2):
        expected = [run.at(step, sample)[0] for step in range(4)]
        np.testing.assert_array_equal(tokens_over(run, sample), expected)


def test_numbers_become_codes_from_the_low_to_the_high_end() -> None:
    changes: Steps = [[(0, 1, k % 5), *([(0, 2, 1)] if k == 3 else [])] for k in range(MOST_CHANGES + 2)]
    found = RunMap(recorded(changes, MASK), 0).grown()
    often = MAP_MODES["changes"].codes(found, None)
    assert often[0].tolist() == [State.LOCKED, State.HIDDEN, State.HIDDEN, State.HIDDEN]
    assert often[1, 1] == RAMP
    assert often[-1, 1] == HIGHEST
    when = MAP_MODES["settled"].codes(found, None)
    assert when[-2, 1] == PLAIN  # it was to change once more
    assert when[-1, 1] == HIGHEST
    assert RAMP < when[4, 2] == when[-1, 2] < HIGHEST


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
@pytest.mark.parametrize("mode", MAP_MODES)
def test_the_colours_in_the_picture_are_those_of_the_record(theme: Theme, mode: str) -> None:
    run = recorded([[(0, 1, 2)], [(0, 2, 1), (0, 1, 3)], [(0, 3, MASK)]], MASK, more=1)
    codes = MAP_MODES[mode].codes(RunMap(run, 0).grown(), np.array([np.nan, -2.0, 0.5, np.nan]))
    image = map_image(codes, theme)
    assert (image.width(), image.height()) == (LENGTH, run.steps + 1)
    for step, row in enumerate(codes.tolist()):
        assert [image.pixel(position, step) for position in range(LENGTH)] == [
            colour_table(theme)[code] for code in row
        ]
    if mode == "state":
        back = {colour_of(state, theme).rgb(): state for state in State}
        for step in range(run.recorded + 1):
            seen = [back[image.pixel(position, step)] for position in range(LENGTH)]
            assert seen == plain_state(run, step, 0)


def test_the_legend_lists_what_a_token_without_a_number_is_where_there_is_one() -> None:
    run = recorded([[(0, 1, 2), (1, 1, 3)], [(0, 1, MASK), (1, 1, MASK)], [(0, 1, 4), (1, 1, 1)]], MASK)
    made = RunMap(run, 0).grown()
    for name, mode in MAP_MODES.items():
        codes = mode.codes(made, np.full(LENGTH, np.nan))
        listed = [code for code, _ in mode.legend(codes)]
        assert set(np.unique(codes[codes < RAMP]).tolist()) <= {*listed, State.TO_COME}, name
        assert all(said for _, said in mode.legend(codes))
        assert (PLAIN in listed) == bool((codes == PLAIN).any())


def test_a_difference_has_the_codes_of_its_legend() -> None:
    run = recorded([[(0, 1, 2)]], MASK)
    assert set(np.unique(difference_codes(difference(run, 0, run, 1)))) <= set(DIFFERENCE_KINDS)


# Of severity 1, on linear RGB: Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009) 1291.
MACHADO = {
    "usual": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


def lab(colour: QColor, eyes: str) -> np.ndarray:
    """A colour in CIELAB as those eyes see it."""
    part = np.array([colour.redF(), colour.greenF(), colour.blueF()])
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    x, y, z = np.cbrt(np.maximum(XYZ @ np.clip(np.asarray(MACHADO[eyes]) @ linear, 0, 1) / WHITE, 1e-6))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eyes", MACHADO)
@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_colours_are_told_apart_by_colour_blind_readers(theme: Theme, eyes: str) -> None:
    legends = [[*mode.kinds, *[PLAIN] * bool(mode.plain)] for mode in MAP_MODES.values()] + [list(DIFFERENCE_KINDS)]
    for kinds in legends:
        for one, other in combinations(kinds, 2):
            difference = lab(colour_of(one, theme), eyes) - lab(colour_of(other, theme), eyes)
            assert np.linalg.norm(difference) > EASY, (one, other)
            assert eyes != "usual" or abs(difference[0]) > IN_GREY, (one, other)
    for end in (RAMP, HIGHEST):
        apart = lab(colour_of(end, theme), eyes) - lab(colour_of(PLAIN, theme), eyes)
        assert np.linalg.norm(apart) > EASY
    ramp = [lab(colour_of(code, theme), eyes)[0] for code in range(RAMP, HIGHEST + 1)]
    steps = np.diff(ramp)
    assert (steps < 0.2).all() or (steps > -0.2).all()  # lightness goes one way, up to rounding
    assert abs(ramp[-1] - ramp[0]) > 2 * EASY
    assert set(MAP_COLOURS) < set(range(RAMP))
