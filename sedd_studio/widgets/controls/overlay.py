"""What lies over a page and moves nothing: a message at its foot, with its buttons."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtWidgets import QFrame, QStackedWidget, QWidget

SIDE, WIDEST = 16, 900
"""Pixels beside and under it, and how wide it is at most, where it lies on a page."""
GROUND = "ground"
"""The name of the part of a page over whose foot messages lie, so that they cover no buttons."""
PLACES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)


class Overlay(QFrame):
    """A frame that keeps to its place; what is in it has a layout."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages: QStackedWidget | None = None
        self._floors: tuple[QWidget, ...] = ()
        self._ground: QWidget | None = None

    def lie_over(self, pages: QStackedWidget, floors: tuple[QWidget, ...], *keys: QWidget) -> None:
        """Lies at the foot of the page on show, or above the first of the `floors` that is in sight; Tab goes through
        `keys`, of which the first is no part of it."""
        self._pages, self._floors = pages, floors
        self.setParent(pages.parentWidget())
        pages.currentChanged.connect(self.place)
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
            ground = self._ground_of(pages)
            wide = min(ground.width() - 2 * SIDE, WIDEST)
            corner = ground.mapTo(home, QPoint((ground.width() - wide) // 2, ground.height() - SIDE))
        layout = self.layout()
        assert layout is not None
        high = layout.totalHeightForWidth(wide) if layout.hasHeightForWidth() else layout.totalSizeHint().height()
        self.setGeometry(corner.x(), corner.y() - high, wide, high)
        self.raise_()

    def _ground_of(self, pages: QStackedWidget) -> QWidget:
        """The part of the page on show over which it lies: all of it, unless the page has one for that."""
        page = pages.currentWidget()
        found: QWidget | None = None if page is None else page.findChild(QWidget, GROUND)
        if found is not self._ground:
            if self._ground is not None:
                self._ground.removeEventFilter(self)
            if found is not None:
                found.installEventFilter(self)
            self._ground = found
        return pages if found is None else found
