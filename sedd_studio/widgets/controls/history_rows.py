"""The rows of the history list: a list model of runs, and how one is drawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from engine.protocol.sampler_table import SAMPLERS
from sedd_studio.painting import icons
from sedd_studio.record.history import Entry
from sedd_studio.widgets.controls.basic import plain
from sedd_studio.widgets.controls.rows import Index, Rows, StarredPainter

ROW = 58
PAD = 12
STAR = 16
TITLES = {row.name: row.title for row in SAMPLERS}


def settings_line(entry: Entry) -> str:
    """What a run was asked for, and when: "stories-absorb · Tweedie · 64 steps · seed 3 · 24 Nov, 14:03"."""
    when = datetime.fromisoformat(entry.made).astimezone()
    samples = "" if entry.samples == 1 else f"{entry.samples} samples · "
    stopped = "" if entry.finished else "stopped · "
    day = f"{when.day} {when:%b, %H:%M}"
    sampler = TITLES.get(entry.sampler, entry.sampler)
    return f"{stopped}{entry.model} · {sampler} · {entry.steps} steps · {samples}seed {entry.seed} · {day}"


class RunRows(Rows):
    """The runs that a search found."""

    def told(self, entry: Entry, role: int) -> Any:
        text = " ".join(entry.text.split())
        star = "favourite, " if entry.favourite else ""
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text
            case Qt.ItemDataRole.ToolTipRole:
                return plain(f"{entry.prompt}\n{settings_line(entry)}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{star}{text}, {settings_line(entry)}"
            case Qt.ItemDataRole.UserRole:
                return entry
        return None


class RunPainter(StarredPainter):
    """Draws a run in two lines."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(Qt.ItemDataRole.UserRole)
        area = QRectF(option.rect)
        over, selected, focused = self.looks(option)
        with icons.lent(painter):
            self._background(painter, area, over, selected, focused)
            if entry.favourite or over or selected:
                name, colour = ("star-filled", "fresh") if entry.favourite else ("star", "muted")
                icons.draw(painter, name, self.star_area(area), self.look.colour(colour))
            left, width = area.left() + PAD, self.star_area(area).left() - area.left() - 2 * PAD
            text_font, small = QFont(option.font), QFont(option.font)
            small.setPixelSize(self.look.sizes.small)
            lines = ((text_font, str(index.data()), "text", 0.42), (small, settings_line(entry), "muted", 0.78))
            for font, text, colour_name, height in lines:
                painter.setFont(font)
                painter.setPen(self.look.colour(colour_name))
                shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
                painter.drawText(int(left), int(area.top() + height * ROW), shown)

    def _background(self, painter: QPainter, area: QRectF, over: bool, selected: bool, focused: bool) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if selected or over:
            painter.setBrush(self.look.colour("selection" if selected else "hover"))
            painter.drawRoundedRect(area.adjusted(2, 2, -2, -2), 6, 6)
        if focused:
            painter.setPen(self.look.colour("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(2.5, 2.5, -2.5, -2.5), 6, 6)

    def star_area(self, row: QRectF) -> QRectF:
        return QRectF(row.right() - PAD - STAR, row.center().y() - STAR / 2, STAR, STAR)
