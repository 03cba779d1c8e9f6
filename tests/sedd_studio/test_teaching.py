"""The lessons of docs/teaching.md can be given as they are written: every step is done by real events, and heard."""

from __future__ import annotations

import re

import pytest
from pytestqt.qtbot import QtBot

from scripts.teaching import DOCUMENT, Teacher, steps_of
from sedd_studio.record.chapters import CHAPTERS
from sedd_studio.record.settings import Settings
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import window_of

TEXT = DOCUMENT.read_text(encoding="utf-8")
STEPS = steps_of(TEXT)
LESSONS = [*dict.fromkeys(step.lesson for step in STEPS)]
MOST = 1_500_000
"""Bytes of all pictures together."""


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_step_does_what_the_lesson_says(
    lesson: str, make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot
) -> None:
    settings.set("reduced_motion", True)  # what moves is at its end at once
    teacher = Teacher(window_of(make_session(engine), settings, qtbot), qtbot.waitUntil)
    for step in STEPS:
        if step.lesson == lesson:
            for doing in step.doings:
                teacher.do(doing)


def test_the_lessons_last_as_long_as_they_say_and_the_long_one_has_every_chapter() -> None:
    for lesson, most in zip(LESSONS, (10, 45), strict=True):
        steps = [step for step in STEPS if step.lesson == lesson]
        assert sum(int(found) for step in steps for found in re.findall(r"\((\d+) minutes\)", step.title)) == most
    assert [step.doings[0].chapter for step in STEPS if step.lesson == LESSONS[1]] == [*CHAPTERS.values()]


def test_each_step_has_a_picture_of_its_own_and_all_are_small() -> None:
    names = [step.picture for step in STEPS]
    assert len({*names}) == len(names)
    assert sum((DOCUMENT.parent / "images" / name).stat().st_size for name in names) < MOST


def test_a_row_that_does_nothing_or_says_nothing_is_none() -> None:
    for old, new in (("| `End` |", "| End |"), ("| together 0.431 |", "| |")):
        with pytest.raises(ValueError, match="neither a key nor a control"):
            steps_of(TEXT.replace(old, new))
