"""What lies over a page and moves nothing: a message at its foot, with its buttons."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtWidgets import QFrame, QWidget

SIDE, WIDEST = 16, 900
"""Pixels beside and under it, and how wide it is at most, where it lies on a page."""
PLACES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)


class Overlay(QFrame):
    """A frame that keeps to its place; what is in it has a layout."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages: QWidget | None = None
        self._floors: tuple[QWidget, ...] = ()

    def lie_over(self, pages: QWidget, floors: tuple[QWidget, ...], *keys: QWidget) -> None:
        """Lies at the foot of the `pages`, or above the first of the `floors` that is in sight; Tab goes through
        `keys`, of which the first is no part of it."""
        self._pages, self._floors = pages, floors
        self.setParent(pages.parentWidget())
        for part in (pages, *floors):
            part.installEventFilter(self)
        for one, other in pairwise(keys):
            self.setTabOrder(one, other)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in PLACES:
            self.place()
        return False

    def place(self) -> None:
        """Goes where it belongs, as high as what it says needs."""
        home, pages = self.parentWidget(), self._pages
        if pages is None or home is None or self.isHidden():
            return
        if (floor := next((part for part in self._floors if part.isVisible()), None)) is not None:
            wide, corner = floor.width(), floor.mapTo(home, QPoint(0, -SIDE // 2))
        else:
            wide = min(pages.width() - 2 * SIDE, WIDEST)
            corner = pages.mapTo(home, QPoint((pages.width() - wide) // 2, pages.height() - SIDE))
        layout = self.layout()
        assert layout is not None
        high = layout.totalHeightForWidth(wide) if layout.hasHeightForWidth() else layout.totalSizeHint().height()
        self.setGeometry(corner.x(), corner.y() - high, wide, high)
        self.raise_()
