"""How likely: bounds and likelihoods equal those of an enumeration over every order, from the table alone."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.lessons import figures
from engine.protocol import UserError
from engine.protocol.lessons import World
from engine.protocol.lessons.likely import LEVELS, SPOILT, LikelyFigure, LikelyLesson

SMALL = World(("a", "b"), (0.5, 0.1, 0.15, 0.25))


def told(world: World, text: int) -> LikelyFigure:
    (figure,) = figures(LikelyLesson(world, text))
    assert isinstance(figure, LikelyFigure)
    return figure


@st.composite
def worlds(draw: st.DrawFn) -> World:
    places = draw(st.integers(2, 3))
    weights = draw(st.lists(st.integers(1, 50), min_size=2**places, max_size=2**places))
    return World(("a", "b"), tuple(weight / sum(weights) for weight in weights), places)


def chance_of(world: World, text: tuple[int, ...], known: tuple[int, ...], place: int, spoilt: float) -> float:
    """The spoilt chance of a word at a place, given the words at `known` places."""
    fits = [
        (other, chance)
        for other, chance in zip(world.texts(), world.law, strict=True)
        if all(other[each] == text[each] for each in known)
    ]
    exact = sum(chance for other, chance in fits if other[place] == text[place]) / sum(chance for _, chance in fits)
    return (1 - spoilt) * exact + spoilt / len(world.words)


def by_orders(world: World, text: tuple[int, ...], spoilt: float, blocks: list[int]) -> list[float]:
    """The chance of a text along each order, in blocks of words that do not know of each other."""
    chances = []
    for order in permutations(range(world.places)):
        whole, done = 1.0, 0
        for size in blocks:
            known = order[:done]
            whole *= math.prod(chance_of(world, text, known, place, spoilt) for place in order[done : done + size])
            done += size
        chances.append(whole)
    return chances


@settings(max_examples=2, deadline=None)
@given(worlds(), st.data())
def test_levels_are_those_of_every_order(world: World, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(world.law) - 1))
    figure, text = told(world, number), world.texts()[number]
    one_by_one, at_once = [1] * world.places, [world.places]
    for at in (0, 4, 10):
        spoilt = SPOILT[at]
        singles = by_orders(world, text, spoilt, one_by_one)
        expected = {
            "world": -math.log(world.law[number]),
            "model": -math.log(np.mean(singles)),
            "bound": -float(np.mean(np.log(singles))),
            "one": -math.log(np.mean(by_orders(world, text, spoilt, at_once))),
        }
        if world.places == 2:
            expected["two"] = expected["model"]
        found = dict(zip(LEVELS, figure.levels[at], strict=True))
        for name, value in expected.items():
            assert found[name] == pytest.approx(value, abs=1e-12)
        assert found["model"] <= found["bound"] + 1e-12
        assert figure.by_count[at].mean() == pytest.approx(found["bound"], abs=1e-12)
        last = [chance_of(world, text, tuple({*range(world.places)} - {place}), place, spoilt)
                for place in range(world.places)]  # fmt: skip
        assert figure.by_count[at][0] == pytest.approx(-sum(map(math.log, last)), abs=1e-12)


def test_two_steps_write_two_words_at_once_and_then_the_last_one_or_the_other_way_round() -> None:
    world = World(("a", "b"), (0.3, 0.05, 0.1, 0.15, 0.05, 0.1, 0.05, 0.2), 3)
    for number in (0, 5):
        figure, text = told(world, number), world.texts()[number]
        two = figure.levels[6, LEVELS.index("two")]
        ways = [-math.log(np.mean(by_orders(world, text, SPOILT[6], blocks))) for blocks in ([2, 1], [1, 2])]
        assert min(abs(two - way) for way in ways) < 1e-12


def test_a_true_score_gives_what_the_world_gives_and_a_spoilt_one_less_on_average() -> None:
    figure = told(SMALL, -1)
    rows = dict(zip(LEVELS, figure.levels.T, strict=True))
    entropy = -sum(chance * math.log(chance) for chance in SMALL.law)
    assert np.abs(rows["world"] - entropy).max() < 1e-12
    for name in ("model", "bound"):
        assert rows[name][0] == pytest.approx(entropy, abs=1e-12)
        assert (np.diff(rows[name]) > 0).all()
    assert rows["bound"][-1] == pytest.approx(2 * math.log(2), abs=1e-12)
    assert math.isnan(figure.chance)


@pytest.mark.parametrize("text", [-1, 1])
def test_estimates_close_in_on_the_bound(text: int) -> None:
    figure = told(SMALL, text)
    bound = figure.levels[:, LEVELS.index("bound")]
    assert np.isnan(figure.half[:, 0]).all()
    off = np.abs(figure.mean[:, -1] - bound)
    assert (off <= 2.5 * figure.half[:, -1] + 1e-9).all()  # nearly five standard errors
    assert (figure.half[:-1, -1] < figure.half[:-1, 3]).all()


@pytest.mark.parametrize(("world", "text"), [(SMALL, 4), (SMALL, -2), (World(("a", "b"), (1.0, 0.0, 0.0, 0.0)), 1)])
def test_what_has_no_likelihood_is_refused_in_a_sentence(world: World, text: int) -> None:
    with pytest.raises(UserError, match="choose"):
        told(world, text)
