"""Walking back: walks end at the law of an enumeration, and drift from it as a spoilt score must have them."""

from __future__ import annotations

from functools import cache
from itertools import islice, pairwise

import numpy as np
import pytest

from engine.lessons import figures
from engine.protocol import Noise, UserError
from engine.protocol.lessons import WORLDS
from engine.protocol.lessons.walking import SHOWN, WALKS, WalkingFigure, WalkingLesson
from tests.engine.enumeration import exponential, generator, noised, of_texts, texts
from tests.engine.small_worlds import NOISES

_, WORLD = WORLDS["tick"]
LAW = np.array(WORLD.law)


@cache
def walked(noise: Noise, factor: float = 1.0, most: int | None = None) -> WalkingFigure:
    *_, figure = islice(figures(WalkingLesson(WORLD, noise, factor, seed=3)), most)
    assert isinstance(figure, WalkingFigure)
    return figure


def drifted(noise: Noise, factor: float) -> np.ndarray:
    """Where walks end, by the reverse chain's own exponentials over small intervals of noise: (C,)."""
    hides = noise == "absorb"
    whole = of_texts(generator(2, hides), 2)
    every = texts(2 + hides, 2)
    odds = np.linspace(np.log(np.expm1(8.0)), np.log(np.expm1(1e-12 if hides else 1e-5)), 600)
    sigmas = np.logaddexp(0, odds)
    now = np.zeros(len(every))
    now[-1 if hides else slice(None)] = 1.0 if hides else 1 / len(every)
    for high, low in pairwise(sigmas):
        law = noised(LAW, 2, 2, hides, np.sqrt(high * low))
        rates = np.zeros_like(whole)  # [to, from]
        for one, text in enumerate(every):
            for other, target in enumerate(every):
                if sum(a != b for a, b in zip(text, target, strict=True)) == 1 and law[one] > 0:
                    place = next(p for p in range(2) if text[p] != target[p])
                    rates[other, one] = (
                        whole[one, other] * law[other] / law[one] * (factor if target[place] == 0 else 1)
                    )
        now = exponential((high - low) * (rates - np.diag(rates.sum(0)))) @ now
    return now[[every.index(text) for text in texts(2, 2)]]


@pytest.mark.parametrize("noise", NOISES)
def test_after_all_walks_the_distance_is_that_of_as_many_exact_samples(noise: Noise) -> None:
    figure = walked(noise)
    assert figure.walks[-1] == WALKS
    np.testing.assert_allclose(figure.law, LAW)
    for row in (100, SHOWN, -1):
        count = figure.walks[row]
        assert figure.counts[row].sum() == count
        assert figure.distance[row] == pytest.approx(np.abs(figure.counts[row] / count - LAW).sum() / 2)
        assert figure.expected[row] == pytest.approx(np.sqrt(LAW * (1 - LAW) / (2 * np.pi * count)).sum())
        assert figure.distance[row] < figure.expected[row] + 4 * figure.spread[row]


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_spoilt_score_has_walks_end_elsewhere(noise: Noise, factor: float) -> None:
    figure = walked(noise, factor, most=3)
    count = figure.walks[-1]
    found, wanted = figure.counts[-1] / count, drifted(noise, factor)
    assert wanted.sum() == pytest.approx(1, abs=1e-4)
    assert np.abs(found - wanted).max() < 4 * np.sqrt(0.25 / count) + 1e-3  # of the intervals
    assert figure.distance[-1] > 0.05


@pytest.mark.parametrize("noise", NOISES)
def test_each_walk_goes_word_by_word_and_says_what_could_come_next(noise: Noise) -> None:
    figure, hides = walked(noise), noise == "absorb"
    every = texts(2 + hides, 2)
    assert figure.texts.tolist() == [list(text) for text in every]
    for walk in range(12):
        jumps = figure.jumps[walk]
        path = [every[text] for text in figure.visited[walk]]
        moments = figure.moment[walk]
        assert (np.diff(moments[: jumps + 1]) < 0).all()
        assert (figure.chance[walk, jumps:] == 0).all()
        for jump in range(jumps):
            law = noised(LAW, 2, 2, hides, -np.log1p(-min(moments[jump], 1 - 1e-12)))
            np.testing.assert_allclose(figure.probability[walk, jump], law, atol=1e-9)
            ways = {
                number: law[number] / law[every.index(path[jump])]
                for number, text in enumerate(every)
                if sum(a != b for a, b in zip(path[jump], text, strict=True)) == 1
                and all(b < 2 and (not hides or a == 2) for a, b in zip(path[jump], text, strict=True) if a != b)
            }
            chance = figure.chance[walk, jump]
            assert set(np.flatnonzero(chance)) == set(ways)
            for number, ratio in ways.items():
                assert chance[number] == pytest.approx(ratio / sum(ways.values()), rel=1e-6)
            assert figure.visited[walk, jump + 1] in ways
    ends = [every[figure.visited[walk, -1]] for walk in range(SHOWN)]
    assert [ends.count(text) for text in texts(2, 2)] == figure.counts[SHOWN].tolist()


def test_the_first_figure_comes_soon_and_the_last_has_all_walks() -> None:
    told = figures(WalkingLesson(WORLD))
    first = next(told)
    assert isinstance(first, WalkingFigure)
    assert first.walks[-1] == SHOWN
    with pytest.raises(UserError, match="factor must be a number"):
        next(figures(WalkingLesson(WORLD, factor=100.0)))
