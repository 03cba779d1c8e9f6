"""All texts at once: the chances are those of an enumeration that knows nothing of the engine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lessons import figures
from engine.protocol import Noise
from engine.protocol.lessons import SIGMAS, WORLDS, World
from engine.protocol.lessons.texts import TextsFigure, TextsLesson
from tests.engine.enumeration import noised
from tests.engine.small_worlds import EXACT, few, levels, noises, worlds


@few
@given(worlds(), noises, levels, st.data())
def test_all_texts_have_the_chances_of_an_enumeration(world: World, noise: Noise, at: int, data: st.DataObject) -> None:
    edited = data.draw(st.integers(0, len(world.law) - 1))
    share = data.draw(st.integers(0, 100))
    (figure,) = figures(TextsLesson(world, noise, edited))
    assert isinstance(figure, TextsFigure)
    law = figure.laws[share]
    expected = noised(law, len(world.words), 2, noise == "absorb", SIGMAS[at])
    assert np.abs(figure.probability[share, at] - expected).max() < EXACT
    assert law[edited] == pytest.approx(share / 100)
    assert law.sum() == pytest.approx(1, abs=EXACT)
    assert not figure.probability.flags.writeable
    stays, becomes = float(figure.stays[at]), float(figure.becomes[at])
    hidden = (figure.texts == len(world.words)).sum(1)
    near, places = figure.near[share], np.arange(3)
    if noise == "absorb":
        again = near[:, 0] * stays ** (2 - hidden) * becomes**hidden
    else:
        again = (near * stays ** (2 - places) * becomes**places).sum(1)
    assert np.abs(again - expected).max() < EXACT


def test_an_edited_law_has_hundredths_and_keeps_the_shares_of_the_others() -> None:
    _, world = WORLDS["tick"]
    (figure,) = figures(TextsLesson(world, edited=1))
    assert isinstance(figure, TextsFigure)
    assert figure.laws[55].tolist() == list(world.law)
    assert np.abs(100 * figure.laws - np.round(100 * figure.laws)).max() < 1e-9
    rest = 1 - figure.laws[:100, 1]
    wanted = np.array([0.12, 0.25, 0.08]) / 0.45
    assert np.abs(figure.laws[:100][:, [0, 2, 3]] - rest[:, None] * wanted).max() < 0.01 + 1e-9
    (alone,) = figures(TextsLesson(World(("a", "b"), (1.0, 0.0, 0.0, 0.0)), edited=0))
    assert isinstance(alone, TextsFigure)
    assert alone.laws[1].tolist() == [0.01, 0.33, 0.33, 0.33]
