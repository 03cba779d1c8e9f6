"""Lessons of Learn are told as events; few of them ask the model that is open."""

from __future__ import annotations

import time
from collections.abc import Iterator

from engine.lessons import figures
from engine.performing.performer import Performer
from engine.protocol import Event, Finished, Lesson, Told


def teach(run_id: int, lesson: Lesson, model: Performer | None) -> Iterator[Event]:
    """The figures of a lesson, then the end of it."""
    begun = time.monotonic()
    for figure in figures(lesson, model):
        yield Told(run_id, figure)
    yield Finished(run_id, 0, time.monotonic() - begun)
