"""The chapters of Learn, exactly: one module a chapter, each answers a `Lesson` with figures in float64.

from engine.lessons import figures
from engine.protocol.lessons import WORLDS
from engine.protocol.lessons.texts import TextsLesson

_, world = WORLDS["tick"]
*_, figure = figures(TextsLesson(world))
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from engine.protocol.lessons import Figure, Lesson
from engine.protocol.option_kinds import check_ranges


def figures(lesson: Lesson, model: Any = None) -> Iterator[Figure]:
    """The figures of a lesson, one where it is known at once, better and better ones where it takes time; a UserError
    where what is asked for is out of range. The `model` that is open is asked by lessons that are of it."""
    check_ranges(lesson)
    module: Any = import_module(f"engine.lessons.{lesson.chapter}")
    yield from module.figures(lesson, model) if lesson.of_model else module.figures(lesson)
