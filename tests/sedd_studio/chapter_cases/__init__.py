"""Choices in which the chapters of Learn are looked at, one file a chapter: `CASES` are choices, one after another, and
`results` tells what the formula of a figure must say."""

from __future__ import annotations

from engine.lessons import figures
from sedd_studio.record.chapters import chapter
from sedd_studio.record.chapters.chapter import Choices, Shown


def shown(name: str, **choices: object) -> Shown:
    """A figure of a chapter, without a window."""
    made = chapter(name)
    chosen: Choices = made.start()
    for each, value in choices.items():
        *_, figure = figures(made.lesson(chosen))
        chosen = made.choose(chosen, figure, each, value)
    *_, figure = figures(made.lesson(chosen))
    return Shown(figure, chosen)
