"""The chapters of Learn, in their order: what each asks the engine, what it says, and what one can do in it.

A chapter is a module here, with a `CHAPTER`, and modules of the same name in `engine.protocol.lessons`,
`engine.lessons` and `sedd_studio.painting.lessons`; its title stands here, and nothing of it is imported before it is
opened.
"""

from __future__ import annotations

from importlib import import_module

from sedd_studio.record.chapters.chapter import Chapter

CHAPTERS: dict[str, str] = {
    "breaking": "Breaking a text",
    "rule": "The rule of the noise",
    "texts": "All texts at once",
    "score": "The concrete score",
    "walking": "Walking back",
    "many": "Many at once",
    "training": "Learning the score",
    "locks": "Words that stay",
    "likely": "How likely",
    "precision": "Precision",
    "real": "The real thing",
}
"""Titles by name."""


def chapter(name: str) -> Chapter:
    """The chapter of that name."""
    found: Chapter = import_module(f"sedd_studio.record.chapters.{name}").CHAPTER
    return found
