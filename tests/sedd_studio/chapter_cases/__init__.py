"""Choices in which the chapters of Learn are looked at, one file a chapter: `CASES` are choices, one after another, and
`results` tells what the formula of a figure must say."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from engine.lessons import figures
from engine.protocol.lessons import Figure, Lesson
from sedd_studio.record.chapters import chapter
from sedd_studio.record.chapters.chapter import Choices, Shown

if TYPE_CHECKING:
    from engine.performing.performer import Performer

ASSETS = Path(__file__).resolve().parents[3] / "assets"
"""Where the models are, whatever tests of windows say of it."""


def shown(name: str, **choices: object) -> Shown:
    """A figure of a chapter, without a window."""
    made = chapter(name)
    chosen: Choices = made.start()
    for each, value in choices.items():
        chosen = made.choose(chosen, figure_of(made.lesson(chosen)), each, value)
    return Shown(figure_of(made.lesson(chosen)), chosen)


@lru_cache(maxsize=64)
def figure_of(lesson: Lesson) -> Figure:
    """The last figure of a lesson, or of the first `MOST` that its chapter looks at here."""
    cases = import_module(f"{__name__}.{lesson.chapter}")
    model = bundled_model() if lesson.of_model else None
    *_, figure = islice(figures(lesson, model), getattr(cases, "MOST", None))
    return figure


@lru_cache(maxsize=1)
def bundled_model() -> Performer:
    """The model that is open when one starts."""
    from engine.performing.opening import open_folder

    return open_folder(ASSETS / "stories-absorb", "cpu", "auto", False)
