"""What painting leaves behind, even where it is broken off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtGui import QPainter


@contextmanager
def saved(painter: QPainter) -> Iterator[None]:
    """Pens, brushes and places of a painter that is lent are, when the block ends, what they were when it began."""
    painter.save()
    try:
        yield
    finally:
        painter.restore()
