"""The chapters of Learn under each other: a number each, a tick once it was seen, and which is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QStyledItemDelegate, QStyleOptionViewItem

from sedd_studio.painting import icons
from sedd_studio.painting.lessons.drawing import LEFT, typeface, write
from sedd_studio.painting.theme import Look

HEIGHT, CIRCLE = 38, 22
SEEN = Qt.ItemDataRole.UserRole + 1


class ChapterPainter(QStyledItemDelegate):
    """Paints a row: the number in a circle, and the title."""

    def __init__(self, look: Look, shown: QListWidget) -> None:
        super().__init__(shown)
        self._look, self._list = look, shown
        look.changed.connect(shown.viewport().update)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(0, HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        look, area = self._look, QRectF(option.rect)
        opened = index.row() == self._list.currentRow()
        with icons.lent(painter):
            row = area.adjusted(2, 2, -2, -2)
            if opened:
                painter.setBrush(look.colour("lock_fill"))
                focused = self._list.hasFocus()
                painter.setPen(QPen(look.colour("accent"), 2) if focused else Qt.PenStyle.NoPen)
                painter.drawRoundedRect(row, 7, 7)
            circle = QRectF(row.left() + 8, row.center().y() - CIRCLE / 2, CIRCLE, CIRCLE)
            painter.setPen(QPen(look.colour("accent" if opened else "strong_border"), 1))
            painter.setBrush(look.colour("accent") if opened else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(circle)
            if index.data(SEEN) and not opened:
                icons.draw(painter, "tick", circle.adjusted(5.5, 5.5, -5.5, -5.5), look.colour("muted"))
            else:
                number = look.colour("on_accent" if opened else "muted")
                write(painter, circle, str(index.row() + 1), number, typeface(12, opened))
            title = row.adjusted(CIRCLE + 18, 0, -4, 0)
            colour = look.colour("accent" if opened else "text")
            write(painter, title, str(index.data(Qt.ItemDataRole.DisplayRole)), colour, typeface(13, opened), LEFT)


class ChapterList(QListWidget):
    """Says which chapter is `chosen`, by name."""

    chosen = Signal(str)

    def __init__(self, titles: Mapping[str, str], look: Look) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Chapters")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(ChapterPainter(look, self))
        self._names = [*titles]
        for title in titles.values():
            item = QListWidgetItem(title)
            item.setToolTip(title)  # where the list is too narrow for it
            self.addItem(item)
        self.currentRowChanged.connect(lambda place: self.chosen.emit(self._names[place]))

    def show_chapter(self, name: str, seen: Iterable[str]) -> None:
        """Which one is open, and which were."""
        known = set(seen)
        with QSignalBlocker(self):
            for place, each in enumerate(self._names):
                self.item(place).setData(SEEN, each in known)
            self.setCurrentRow(self._names.index(name))
        self.viewport().update()
