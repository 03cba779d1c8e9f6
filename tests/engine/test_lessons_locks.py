"""Words that stay: what each way gives equals a chain of the true laws of single steps, by enumeration."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.lessons import figures
from engine.protocol import UserError
from engine.protocol.lessons import WORLDS, World
from engine.protocol.lessons.locks import STEPS, WAYS, LocksFigure, LocksLesson
from tests.engine.enumeration import exponential, generator, noised
from tests.engine.small_worlds import worlds

Array = np.ndarray
LOWEST, HIGHEST = 1e-4, 20.0
"""Noise levels between which geometric noise runs."""


def told(world: World, place: int, word: int) -> LocksFigure:
    *_, figure = figures(LocksLesson(world, place, word))
    assert isinstance(figure, LocksFigure)
    return figure


def one_step(law: Array, word: int, sigma: float, lower: float, marked: bool) -> Array:
    """The true law [after, before] of the second word, from level sigma to a lower one, the first reading `word`."""
    words = len(law)
    rates = generator(words, absorbing=False)
    early, late = exponential(lower * rates), exponential((sigma - lower) * rates)
    read = np.eye(words)[word] if marked else exponential(sigma * rates)[word]
    clean = read @ law  # of the second word, times the chance of what is read of the first
    both = late.T * (early @ clean)[:, None]
    whole: Array = both / both.sum(0)
    return whole


def written(law: Array, word: int, steps: int, way: str) -> Array:
    """The second word's law after a chain of such steps."""
    words = len(law)
    times = np.linspace(1, 0, steps + 1)
    levels = np.append(LOWEST ** (1 - times[:-1]) * HIGHEST ** times[:-1], 0.0)
    now = np.full(words, 1 / words)
    for sigma, lower in pairwise(levels.tolist()):
        now = one_step(law, word, sigma, lower, way == "marked") @ now
        if way == "redraw" and lower > 0:
            now = noised(law.ravel(), words, 2, False, lower).reshape(words, words)[word]
            now = now / now.sum()
    return now


@settings(max_examples=4, deadline=None)
@given(worlds(2), st.integers(0, 1), st.integers(0, 1))
def test_each_way_gives_what_an_enumeration_gives(world: World, place: int, word: int) -> None:
    words = len(world.words)
    law = np.array(world.law).reshape(words, words)
    law = law if place == 0 else law.T
    assume(law[word].sum() > 0.02)
    found = told(world, place, word)
    assert np.abs(found.exact - law[word] / law[word].sum()).max() < 1e-12
    assert np.abs(found.joint - law[word]).max() < 1e-12
    rows = dict(zip(WAYS, found.found, strict=True))
    assert np.abs(rows["absorb"] - found.exact).max() < 1e-12
    for way in ("uniform", "redraw", "marked"):
        for number, steps in enumerate(STEPS):
            expected = written(law, word, steps, way)
            assert np.abs(rows[way][number] - expected).max() < 1e-6  # its network is asked in 32 bits
    assert np.abs(found.distance - np.abs(found.found - found.exact).sum(-1) / 2).max() < 1e-12
    for at in (0, 40, 169):
        read = exponential(found.sigma[at] * generator(words, absorbing=False))[word] * law.sum(1)
        assert abs(found.believed[at] - read[word] / read.sum()) < 1e-12


def test_holding_a_word_is_wrong_under_uniform_noise_alone_and_no_number_of_steps_mends_it() -> None:
    figure = told(World(("often", "seldom"), (0.7, 0.22, 0.01, 0.07)), 0, 1)
    off = dict(zip(WAYS, figure.distance, strict=True))
    assert off["absorb"].max() < 1e-12
    assert off["uniform"].min() > 0.15
    assert off["redraw"][-1] < 0.001
    assert off["marked"].max() < 1e-3


def test_more_and_more_is_told() -> None:
    told = list(figures(LocksLesson(WORLDS["tick"][1], 0, 0)))
    every = [np.isnan(figure.distance).sum() for figure in told if isinstance(figure, LocksFigure)]
    assert every == sorted(every, reverse=True)
    assert every[0] > every[-1] == 0


@pytest.mark.parametrize(
    ("world", "place", "word", "problem"),
    [
        (World(("a", "b"), (0.5, 0.5, 0.0, 0.0)), 0, 1, "never stands there"),
        (World(("a", "b"), (0.25,) * 4), 2, 0, "no such word"),
        (World(("a", "b"), (0.25,) * 4), 0, 2, "no such word"),
        (World(("a", "b"), (0.125,) * 8, 3), 0, 0, "two places"),
    ],
)
def test_what_cannot_be_locked_is_refused_in_a_sentence(world: World, place: int, word: int, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        told(world, place, word)
