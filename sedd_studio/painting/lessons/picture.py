"""What a figure of Learn is: a painter of records. It holds nothing, so that it paints on screen, into a file, or for a
test alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from sedd_studio.painting.theme import Theme
from sedd_studio.record.chapters.chapter import Shown

Change = tuple[str, Any]
"""The name of a choice and its value."""


class Picture(ABC):
    """Paints a figure, and what stands beside it; says what a click or a key in it chooses."""

    share_beside: float = 0.4
    """How much of the width what stands beside it takes; 0 where nothing does."""
    least_beside: float = 208.0
    """Pixels of its height in which nothing lies on something else."""
    level: str = "level"
    """The choice that Left, Right, Home and End change; empty where none is."""

    @abstractmethod
    def paint(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        """The figure itself."""

    def paint_beside(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:  # noqa: B027
        """What stands beside it: the same in bars and numbers, and the legend."""

    def at(self, area: QRectF, shown: Shown, point: QPointF) -> Change | None:
        """What a click there chooses."""
        return None

    def key(self, shown: Shown, key: Qt.Key) -> Change | None:
        """What a key chooses that is not one of the level's."""
        return None
