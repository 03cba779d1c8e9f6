"""Layouts that follow the width they are given: rows that go on in the next line, and parts that stand under each other
where there is no room beside each other."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLayout, QLayoutItem, QWidget

from sedd_studio.widgets.controls.layouts import Part, row

WIDE = 640
"""Pixels from which on parts stand beside each other."""


class Flow(QLayout):
    """Widgets beside each other that go on in the next line where one is full. Those that want to be wide share what is
    left of theirs."""

    def __init__(self, *widgets: QWidget, gap: int = 8, of: QWidget | None = None) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._heights: dict[int, int] = {}
        self.setSpacing(gap)
        self.setContentsMargins(0, 0, 0, 0)
        if of is not None:
            of.setLayout(self)
        for widget in widgets:
            self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self.invalidate()

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        """Remembered until something in it changes: Qt asks again and again while it lays out what is around."""
        if width not in self._heights:
            self._heights[width] = self._lines(QRect(0, 0, width, 0), place=False)
        return self._heights[width]

    def invalidate(self) -> None:
        self._heights.clear()
        super().invalidate()

    def sizeHint(self) -> QSize:
        shown = [item.sizeHint() for item in self._items if not item.isEmpty()]
        wide = sum(size.width() for size in shown) + self.spacing() * max(0, len(shown) - 1)
        return QSize(wide, max((size.height() for size in shown), default=0))

    def minimumSize(self) -> QSize:
        shown = [item.minimumSize() for item in self._items if not item.isEmpty()]
        wide, high = (max((side(size) for size in shown), default=0) for side in (QSize.width, QSize.height))
        return QSize(wide, high)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._lines(rect, place=True)

    def _lines(self, rect: QRect, place: bool) -> int:
        """Goes through the lines, which it may `place` in `rect`; returns how high they are."""
        gap, top = self.spacing(), rect.top()
        line: list[QLayoutItem] = []
        taken = 0
        for item in (item for item in self._items if not item.isEmpty()):
            width = item.sizeHint().width()
            if line and taken + width > rect.width():
                top += self._line(line, rect, top, place) + gap
                line, taken = [], 0
            line.append(item)
            taken += width + gap
        return top + (self._line(line, rect, top, place) if line else 0) - rect.top()

    def _line(self, line: list[QLayoutItem], rect: QRect, top: int, place: bool) -> int:
        high = max(_height(item, rect.width()) for item in line)
        if place:
            left, free = rect.left(), rect.width() - self.spacing() * (len(line) - 1)
            free -= sum(item.sizeHint().width() for item in line)
            eager = [item for item in line if item.expandingDirections() & Qt.Orientation.Horizontal]
            for item in line:
                own = _height(item, rect.width())
                wide = min(item.sizeHint().width() + (max(0, free) // len(eager) if item in eager else 0), rect.width())
                item.setGeometry(QRect(QPoint(left, top + (high - own) // 2), QSize(wide, own)))
                left += wide + self.spacing()
        return high


def _height(item: QLayoutItem, most: int) -> int:
    """Of something that is as wide as it likes, up to so many pixels."""
    hint = item.sizeHint()
    return item.heightForWidth(most) if hint.width() > most and item.hasHeightForWidth() else hint.height()


class Turning(QWidget):
    """Parts beside each other from a width of `WIDE` on, else under each other."""

    def __init__(self, *parts: Part, gap: int = 16) -> None:
        super().__init__()
        self._box = row(*parts, gap=gap, of=self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        beside = self.width() >= WIDE
        self._box.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        super().resizeEvent(event)
