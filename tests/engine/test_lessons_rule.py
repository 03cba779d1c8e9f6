"""The rule of the noise: exp(sigma Q) by a series, columns that sum up, and limits that stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.lessons import figures
from engine.protocol import UserError
from engine.protocol.lessons import SIGMAS
from engine.protocol.lessons.rule import RATES, Rates, RuleFigure, RuleLesson, notch_of
from tests.engine.enumeration import exponential, generator
from tests.engine.small_worlds import EXACT, levels

NAMES = tuple("abcdef")


@st.composite
def rules(draw: st.DrawFn) -> RuleLesson:
    size = draw(st.integers(2, 5))
    rate = st.sampled_from([0.0, 0.05, 0.25, 1 / 3, 0.5, 1.0, 1.95])
    rates: Rates = tuple(tuple(draw(rate) for _ in range(size)) for _ in range(size))
    entry = st.integers(0, size - 1)
    return RuleLesson(NAMES[:size], rates, (draw(entry), draw(entry)))


def figure_of(lesson: RuleLesson) -> RuleFigure:
    (figure,) = figures(lesson)
    assert isinstance(figure, RuleFigure)
    return figure


@settings(max_examples=10, deadline=None)
@given(rules(), levels, st.integers(0, len(RATES) - 1))
def test_a_law_is_the_exponential_of_a_rule_whose_columns_sum_to_zero(lesson: RuleLesson, at: int, number: int) -> None:
    figure, (row, column) = figure_of(lesson), lesson.edited
    rule, size = figure.rule[number], len(lesson.names)
    assert np.abs(rule.sum(0)).max() < EXACT
    assert (rule[~np.eye(size, dtype=bool)] >= 0).all()
    given_rates = np.array(lesson.rates) * (1 - np.eye(size))
    others = np.arange(size) != column
    assert (rule[:, others] == (given_rates - np.diag(given_rates.sum(0)))[:, others]).all()
    before = given_rates.sum(0)[column] if row == column else given_rates[row, column]
    now = -rule[row, column] if row == column else rule[row, column]
    assert now == pytest.approx(before if notch_of(before) == number else RATES[number])
    assert np.abs(figure.law[number, at] - exponential(SIGMAS[at] * rule)).max() < EXACT
    assert np.abs(rule @ figure.limit[number]).max() < 1e-8  # it stays
    assert np.abs(figure.limit[number].sum(0) - 1).max() < 1e-8


@pytest.mark.parametrize("absorbing", [True, False])
def test_the_two_rules_of_the_models_are_those_of_the_formulas(absorbing: bool) -> None:
    rates = generator(3, absorbing)
    figure = figure_of(RuleLesson(NAMES[: len(rates)], tuple(map(tuple, rates.tolist()))))
    number = notch_of(rates[1, 0])
    np.testing.assert_allclose(figure.rule[number], rates, atol=EXACT)
    kept = np.exp(-SIGMAS)[:, None, None]
    limit = np.eye(4)[:, [3, 3, 3, 3]] if absorbing else np.full((3, 3), 1 / 3)
    np.testing.assert_allclose(figure.law[number], kept * np.eye(len(rates)) + (1 - kept) * limit, atol=EXACT)
    np.testing.assert_allclose(figure.limit[number], limit, atol=1e-9)


def test_what_was_added_to_a_column_is_told() -> None:
    figure = figure_of(RuleLesson(("a", "b"), ((0.0, 0.5), (0.25, 0.0)), (1, 0)))
    assert figure.mended[notch_of(0.25)] == 0
    assert figure.mended[notch_of(1.0)] == pytest.approx(-0.75)
    whole = figure_of(RuleLesson(("a", "b", "c"), ((0, 0, 0), (0.25, 0, 0), (0.75, 0, 0)), (0, 0)))
    np.testing.assert_allclose(whole.rule[notch_of(2.0)][:, 0], [-2, 0.5, 1.5])


@pytest.mark.parametrize(
    "lesson",
    [
        RuleLesson(("a",), ((0.0,),)),
        RuleLesson(("a", "a"), ((0.0, 1.0), (1.0, 0.0))),
        RuleLesson(("a", "\x07"), ((0.0, 1.0), (1.0, 0.0))),
        RuleLesson(("a", "b"), ((0.0, 1.0),)),
        RuleLesson(("a", "b"), ((0.0, -1.0), (1.0, 0.0))),
        RuleLesson(("a", "b"), ((0.0, float("inf")), (1.0, 0.0))),
        RuleLesson(("a", "b"), ((0.0, 1.0), (1.0, 0.0)), (2, 0)),
    ],
)
def test_what_is_no_rule_is_refused_in_a_sentence(lesson: RuleLesson) -> None:
    with pytest.raises(UserError, match=r"^[A-Z].*; .*\.$"):
        figure_of(lesson)
