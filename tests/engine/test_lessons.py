"""The lessons of Learn: their numbers are those of an enumeration that knows nothing of them."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lessons import figures
from engine.performing.engine import Engine
from engine.protocol import Event, Failed, Finished, Lesson, Told, UserError
from engine.protocol.lessons import SIGMAS, WORLDS, World
from engine.protocol.lessons.levels import NOISED, level_near
from engine.protocol.lessons.texts import TextsFigure, TextsLesson


def test_levels_have_two_decimals_and_cover_the_range_evenly() -> None:
    assert SIGMAS[0] == 0
    assert (np.round(SIGMAS, 2) == SIGMAS).all()
    assert (np.diff(SIGMAS) > 0).all()
    assert np.diff(NOISED).max() < 0.011
    assert level_near(0.6) == int(np.flatnonzero(SIGMAS == 0.6)[0])


@pytest.mark.parametrize(
    ("world", "problem"),
    [
        (World(("a",), (1.0,)), "from 2 to 4 words"),
        (World(("a", "a"), (0.25,) * 4), "all different"),
        (World(("a", "b" * 40), (0.25,) * 4), "1 to 16 plain characters"),
        (World(("a", "\x1b[1m"), (0.25,) * 4), "plain characters"),
        (World(("a", "b"), (0.5, 0.5)), "one for each text"),
        (World(("a", "b"), (0.5, 0.4, 0.2, -0.1)), "sum up to 1"),
        (World(("a", "b"), (0.5, 0.4, 0.2, 0.1)), "sum up to 1"),
        (World(("a", "b"), (float("nan"), 1, 0, 0)), "sum up to 1"),
        (World(("a", "b"), (1.0,) + (0.0,) * 15, 4), "from 1 to 3 words"),
    ],
)
def test_what_is_no_world_is_refused_in_a_sentence(world: World, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        list(figures(TextsLesson(world)))


def told(lesson: Lesson) -> list[Event]:
    return list(Engine().perform(7, lesson))


def test_a_lesson_is_told_without_a_model() -> None:
    first, last = told(TextsLesson(WORLDS["tick"][1]))
    assert isinstance(first, Told)
    assert isinstance(last, Finished)
    assert isinstance(first.figure, TextsFigure)
    (refused,) = told(TextsLesson(WORLDS["tick"][1], edited=9))
    assert isinstance(refused, Failed)
    assert refused.headline.startswith("There is no text of this number")
