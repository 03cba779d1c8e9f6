"""The rows of the history list: a list model of runs, and how one is drawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import QFont, QFontMetricsF, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from engine.protocol.sampler_table import SAMPLERS
from sedd_studio.painting import icons
from sedd_studio.record.history import Entry
from sedd_studio.widgets.controls.delegates import ThemedDelegate

ROW = 58
PAD = 12
STAR = 16
TITLES = {row.name: row.title for row in SAMPLERS}
Index = QModelIndex | QPersistentModelIndex


def settings_line(entry: Entry) -> str:
    """What a run was asked for, and when: "stories-absorb · Tweedie · 64 steps · seed 3 · 24 Nov, 14:03"."""
    when = datetime.fromisoformat(entry.made).astimezone()
    samples = "" if entry.samples == 1 else f"{entry.samples} samples · "
    stopped = "" if entry.finished else "stopped · "
    day = f"{when.day} {when:%b, %H:%M}"
    sampler = TITLES.get(entry.sampler, entry.sampler)
    return f"{stopped}{entry.model} · {sampler} · {entry.steps} steps · {samples}seed {entry.seed} · {day}"


class Runs(QAbstractListModel):
    """The runs that a search found."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []

    def show_entries(self, entries: list[Entry]) -> None:
        """Lists other runs."""
        if entries != self.entries:
            self.beginResetModel()
            self.entries = entries
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        text = " ".join(entry.text.split())
        star = "favourite, " if entry.favourite else ""
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text
            case Qt.ItemDataRole.ToolTipRole:
                return entry.prompt
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{star}{text}, {settings_line(entry)}"
            case Qt.ItemDataRole.UserRole:
                return entry
        return None


class RowPainter(ThemedDelegate):
    """Draws a run in two lines, with a star that can be clicked: `starred` says which row."""

    starred = QtSignal(int)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(Qt.ItemDataRole.UserRole)
        area = QRectF(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._background(painter, area, state)
        if entry.favourite or state & (QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_Selected):
            name, colour = ("star-filled", "fresh") if entry.favourite else ("star", "muted")
            icons.draw(painter, name, star_area(area), self.theme.colour(colour))
        left, width = area.left() + PAD, star_area(area).left() - area.left() - 2 * PAD
        text_font, small = QFont(option.font), QFont(option.font)
        small.setPixelSize(self.theme.sizes.small)
        lines = ((text_font, str(index.data()), "text", 0.42), (small, settings_line(entry), "muted", 0.78))
        for font, text, colour_name, height in lines:
            painter.setFont(font)
            painter.setPen(self.theme.colour(colour_name))
            shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(int(left), int(area.top() + height * ROW), shown)
        painter.restore()

    def _background(self, painter: QPainter, area: QRectF, state: QStyle.StateFlag) -> None:
        selected, over = state & QStyle.StateFlag.State_Selected, state & QStyle.StateFlag.State_MouseOver
        painter.setPen(Qt.PenStyle.NoPen)
        if selected or over:
            painter.setBrush(self.theme.colour("selection" if selected else "hover"))
            painter.drawRoundedRect(area.adjusted(2, 2, -2, -2), 6, 6)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(self.theme.colour("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(2.5, 2.5, -2.5, -2.5), 6, 6)

    def editorEvent(self, event: QEvent, model: object, option: QStyleOptionViewItem, index: Index) -> bool:
        if event.type() == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            target = star_area(QRectF(option.rect)).adjusted(-8, -8, 8, 8)
            if target.contains(event.position()):
                self.starred.emit(index.row())
                return True
        return False


def star_area(area: QRectF) -> QRectF:
    """Where the star of a row is."""
    return QRectF(area.right() - PAD - STAR, area.center().y() - STAR / 2, STAR, STAR)
