"""The concrete score: ratios of an enumeration, and what is known of their sums."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.lessons import figures
from engine.protocol import Noise
from engine.protocol.lessons import World
from engine.protocol.lessons.levels import NOISY
from engine.protocol.lessons.score import ScoreFigure, ScoreLesson
from tests.engine.enumeration import noised, texts
from tests.engine.small_worlds import few, noises, worlds


@few
@given(worlds(), noises, st.integers(0, len(NOISY) - 1))
def test_scores_are_the_ratios_of_an_enumeration(world: World, noise: Noise, at: int) -> None:
    (figure,) = figures(ScoreLesson(world, noise))
    assert isinstance(figure, ScoreFigure)
    hides = noise == "absorb"
    law = noised(np.array(world.law), len(world.words), 2, hides, NOISY[at])
    assert np.abs(figure.probability[at] - law).max() < 1e-12
    every = texts(len(world.words) + hides, 2)
    assert figure.texts.tolist() == [list(text) for text in every]
    for number, text in enumerate(every):
        if law[number] < 1e-9:  # impossible, or nearly: the enumeration has no digits left
            continue
        for place in range(2):
            ratios = [
                law[every.index((*text[:place], y, *text[place + 1 :]))] / law[number]
                for y in range(len(world.words) + hides)
            ]
            np.testing.assert_allclose(figure.score[at, number, place], ratios, rtol=1e-9, atol=1e-12)
            if text[place] == len(world.words):
                np.testing.assert_allclose(figure.together[at, number, place], 1 / np.expm1(NOISY[at]), rtol=1e-11)
    np.testing.assert_allclose(figure.known, 1 / np.expm1(NOISY), rtol=1e-14)
