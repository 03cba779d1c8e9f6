"""Breaking a text: both kinds of noise from the same accidents, as often as e^-sigma says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lessons import figures
from engine.protocol import UserError
from engine.protocol.lessons import SIGMAS
from engine.protocol.lessons.breaking import BreakingFigure, BreakingLesson
from tests.engine.enumeration import exponential, generator
from tests.engine.small_worlds import EXACT, few

letters = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12).map(tuple)


def figure_of(words: tuple[str, ...], alphabet: tuple[str, ...] = (), seed: int = 0) -> BreakingFigure:
    (figure,) = figures(BreakingLesson(words, alphabet, seed))
    assert isinstance(figure, BreakingFigure)
    return figure


@few
@given(letters, letters, st.integers(0, 2**53 - 1), st.integers(0, len(SIGMAS) - 1))
def test_the_same_accident_strikes_the_same_word(
    words: tuple[str, ...], more: tuple[str, ...], seed: int, at: int
) -> None:
    figure = figure_of(words, more, seed)
    assert [figure.names[word] for word in figure.text] == list(words)
    assert set(figure.names) == {*words, *more}
    struck = figure.first <= SIGMAS[at]
    assert (struck == (figure.accidents[at] > 0)).all()
    assert (figure.uniform[at] == figure.text)[~struck].all()
    assert figure.struck[at] == pytest.approx(struck.mean())
    assert figure.other[at] <= figure.struck[at]
    assert (np.diff(figure.accidents, axis=0) >= 0).all()
    changed = np.diff(figure.uniform, axis=0) != 0
    assert (np.diff(figure.accidents, axis=0) > 0)[changed].all()  # no word changes without one
    states = len(figure.names)
    if states > 1:
        moves = exponential(SIGMAS[at] * generator(states, absorbing=False))
        assert abs(figure.same[at] - moves[0, 0]) < EXACT
    assert abs(figure.kept[at] - exponential(SIGMAS[at] * generator(2, absorbing=True))[0, 0]) < EXACT


def test_accidents_come_as_often_as_they_must() -> None:
    runs = [figure_of(tuple("abcdefgh") * 4, seed=seed) for seed in range(400)]
    for at in (20, 80, 140):
        count = 400 * 32
        for found, wanted in (
            (np.mean([run.struck[at] for run in runs]), 1 - runs[0].kept[at]),
            (np.mean([run.other[at] for run in runs]), 1 - runs[0].same[at]),
        ):
            assert abs(found - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / count)
        assert abs(np.mean([run.accidents[at].mean() for run in runs]) - SIGMAS[at]) < 4 * np.sqrt(SIGMAS[at] / count)


def test_a_word_that_is_added_leaves_the_accidents_of_the_others() -> None:
    short, long = figure_of(("a", "b")), figure_of(("a", "b", "c"))
    assert (long.first[:2] == short.first).all()
    assert (figure_of(("a", "b"), seed=1).first != short.first).all()


@pytest.mark.parametrize("words", [(), ("a",) * 33, ("a" * 33,), ("a", ""), ("\x07",)])
def test_what_is_no_text_is_refused_in_a_sentence(words: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="write"):
        figure_of(words)
