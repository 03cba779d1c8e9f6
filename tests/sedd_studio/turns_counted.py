"""Turns of the event loop, counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QAbstractEventDispatcher


class Counted:
    """How many turns have ended."""

    def __init__(self) -> None:
        self.ended = 0

    def end(self) -> None:
        self.ended += 1


@contextmanager
def counted() -> Iterator[Counted]:
    """Counts those that end meanwhile."""
    turns, awake = Counted(), QAbstractEventDispatcher.instance().awake
    awake.connect(turns.end)
    try:
        yield turns
    finally:
        awake.disconnect(turns.end)
