"""The list of models: under its titles a row each, with what can be done with it at the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import QFont, QFontMetricsF, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyleOptionViewItem

from sedd_studio.painting import icons, model_pictures
from sedd_studio.painting.theme import Look
from sedd_studio.record.sizes import stored
from sedd_studio.session.shelf_rows import GROUPS, Row, State
from sedd_studio.widgets.controls.basic import plain
from sedd_studio.widgets.controls.rows import Index, RowPainter, Rows

ROW, TITLE = 56, 44
PAD, BUTTON, HIGH = 14, 92, 28
PICTURE = 44
"""Width of the picture of what a model writes."""
ROOM, METER = 192, 52
"""Width of what is said of memory, and of the bar before it."""
BAR = 96
GAP = 12
"""Pixels between a name and what stands behind it."""
CROSS = 14
WIDE = 540
"""Pixels of a row from which on there is room for what is said of memory."""
ACTS: Mapping[State, str] = {"there": "Open", "away": "Download", "part": "Resume"}
SAYS: Mapping[State, str] = {"open": "In use", "opens": "Opening …", "waits": "Waits", "leaves": "Deleting …"}


def come_of(told: tuple[int, int]) -> str:
    """How much of a download has come: "412 of 679 MB"."""
    done, total = told
    if done == total:
        return "Checking" if total else "Asking the hub"
    return f"{round(done / 10**6)} of {stored(total)}" if total < 10**9 else f"{stored(done)} of {stored(total)}"


class ShelfRows(Rows):
    """Titles, as names of groups, and the rows under them; `state` says what can be done with a row."""

    rows: Sequence[str | Row] = ()

    def __init__(self, state: Callable[[Row], State], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = state

    def show_found(self, rows: Sequence[Row]) -> None:
        """Shows rows, each group under its title."""
        listed: list[str | Row] = []
        for group in GROUPS:
            held = [row for row in rows if row.group == group]
            listed += [group, *held] if held else []
        self.show_rows(listed)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if isinstance(index.data(Qt.ItemDataRole.UserRole), Row):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.NoItemFlags

    def told(self, row: str | Row, role: int) -> Any:
        if role == Qt.ItemDataRole.UserRole:
            return row
        if isinstance(row, str):
            return row if role == Qt.ItemDataRole.DisplayRole else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.name
            case Qt.ItemDataRole.ToolTipRole:
                return plain("\n".join(filter(None, (row.name, row.told, row.path))))
            case Qt.ItemDataRole.AccessibleTextRole:
                state = self.state(row)
                what = ACTS.get(state) or SAYS.get(state) or "Downloading"
                return ", ".join(filter(None, (row.name, row.kind, row.told, row.room, what)))
        return None


class ShelfPainter(RowPainter):
    """Draws titles and rows. `acted` is told of a row whose button is clicked, `cancelled` of one whose cross is;
    `come` says how far a download is."""

    acted = QtSignal(object)
    cancelled = QtSignal(object)

    def __init__(self, look: Look, view: QListView, come: Callable[[Row], tuple[int, int]]) -> None:
        super().__init__(look, view)
        view.setUniformItemSizes(False)
        self._come = come
        self._second = False  # what comes is the end of a second click: the first has done something

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW if isinstance(index.data(Qt.ItemDataRole.UserRole), Row) else TITLE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, area = index.data(Qt.ItemDataRole.UserRole), QRectF(option.rect)
        small = QFont(option.font)
        small.setPixelSize(self.look.sizes.small)
        with icons.lent(painter):
            if not isinstance(row, Row):
                self._title(painter, area, option.font, small, row)
                return
            over, selected, focused = self.looks(option)
            inner = area.adjusted(2, 2, -2, -2)
            if over or selected:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.look.colour("selection" if selected else "hover"))
                painter.drawRoundedRect(inner, 6, 6)
            if focused:
                self.ring(painter, inner, 6)
            model = index.model()
            state = model.state(row) if isinstance(model, ShelfRows) else "away"
            right = self._at_right(painter, area, small, row, state)
            if area.width() >= WIDE and row.room and state != "coming":
                self._room(painter, QRectF(right - ROOM - PAD, area.top(), ROOM, ROW), small, row)
                right -= ROOM + PAD
            place = QRectF(area.left() + PAD, area.top(), PICTURE, area.height())
            model_pictures.draw(painter, place.adjusted(0, 11, 0, -11), row.writes, row.noise, self.look)
            left = PAD + PICTURE + PAD
            width = right - area.left() - left - PAD
            named = min(width, QFontMetricsF(bold(option.font)).horizontalAdvance(row.name) + 1)
            self._line(painter, area, 0.42, bold(option.font), row.name, "text", width, left)
            self._line(painter, area, 0.42, small, row.kind, "muted", width - named - GAP, left + named + GAP)
            self._line(painter, area, 0.78, small, row.brief, "muted", width, left)

    def _title(self, painter: QPainter, area: QRectF, font: QFont, small: QFont, group: str) -> None:
        title, told = GROUPS[group]  # type: ignore[index] # a name of one
        wide = QFontMetricsF(bold(font)).horizontalAdvance(title)
        self._line(painter, area, 0.75, bold(font), title, "text", area.width(), PAD)
        left = PAD + wide + GAP
        self._line(painter, area, 0.75, small, told, "muted", area.width() - left - PAD, left)

    def _line(
        self,
        painter: QPainter,
        area: QRectF,
        down: float,
        font: QFont,
        text: str,
        colour: str,
        width: float,
        left: float,
    ) -> None:
        painter.setFont(font)
        painter.setPen(self.look.colour(colour))
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QPointF(area.left() + left, area.top() + down * area.height()), shown)

    def _room(self, painter: QPainter, area: QRectF, font: QFont, row: Row) -> None:
        """The memory that it needs: a bar against what is free, and both numbers."""
        painter.setFont(font)
        painter.setPen(self.look.colour("muted" if row.fits else "error"))
        text = QRectF(area)
        if row.fits and row.free and row.needed is not None:
            bar = QRectF(area.left(), area.center().y() - 1, METER, 4)
            self._bar(painter, bar, row.needed / row.free, "muted")
            text.setLeft(bar.right() + 10)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, row.room)

    def _bar(self, painter: QPainter, area: QRectF, share: float, colour: str) -> None:
        with icons.lent(painter):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.colour("mask"))
            painter.drawRoundedRect(area, 2, 2)
            painter.setBrush(self.look.colour(colour))
            area.setWidth(max(3.0, min(1.0, share) * area.width()))
            painter.drawRoundedRect(area, 2, 2)

    def _at_right(self, painter: QPainter, area: QRectF, font: QFont, row: Row, state: State) -> float:
        """What can be done with a row, or is being done; gives where it begins."""
        place = self.button_area(area)
        painter.setFont(font)
        if state in ACTS:
            painter.setPen(QPen(self.look.colour("strong_border"), 1))
            painter.setBrush(self.look.colour("panel"))
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
            painter.setPen(self.look.colour("text"))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, ACTS[state])
            return place.left()
        if state == "coming":
            told = self._come(row)
            text = come_of(told)
            wide = QFontMetricsF(font).horizontalAdvance(text)
            left = self.cross_area(area).left() - 10 - max(wide, BAR)
            self._bar(
                painter, QRectF(left, area.center().y() + 6, max(wide, BAR), 4), told[0] / max(1, told[1]), "accent"
            )
            painter.setPen(self.look.colour("text"))
            painter.drawText(QPointF(left, area.center().y()), text)
            place.setLeft(left)
        else:
            painter.setPen(self.look.colour("accent" if state == "open" else "muted"))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, SAYS[state])
        if state in ("coming", "waits"):
            icons.draw(painter, "close", self.cross_area(area), self.look.colour("muted"))
        return place.left()

    def button_area(self, row: QRectF) -> QRectF:
        """Where the button of a row is."""
        return QRectF(row.right() - PAD - BUTTON, row.center().y() - HIGH / 2, BUTTON, HIGH)

    def cross_area(self, row: QRectF) -> QRectF:
        """Where the cross of a row is that cancels its download."""
        return QRectF(row.right() - PAD - CROSS, row.center().y() - CROSS / 2, CROSS, CROSS)

    def editorEvent(self, event: QEvent, model: object, option: QStyleOptionViewItem, index: Index) -> bool:
        row = index.data(Qt.ItemDataRole.UserRole)
        first, self._second = not self._second, event.type() == QEvent.Type.MouseButtonDblClick
        if event.type() != QEvent.Type.MouseButtonRelease or not isinstance(event, QMouseEvent) or not first:
            return False
        if not isinstance(row, Row) or not isinstance(model, ShelfRows):
            return False
        state, area = model.state(row), QRectF(option.rect)
        if state in ACTS and self.button_area(area).contains(event.position()):
            self.acted.emit(row)
            return True
        if state in ("coming", "waits") and self.cross_area(area).adjusted(-8, -8, 8, 8).contains(event.position()):
            self.cancelled.emit(row)
            return True
        return False


def bold(font: QFont) -> QFont:
    """The same font, heavier."""
    made = QFont(font)
    made.setWeight(QFont.Weight.DemiBold)
    return made
