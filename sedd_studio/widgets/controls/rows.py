"""Rows of a list: the model that holds them, and what draws them in the colours of the window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem

from sedd_studio.painting.theme import Look

Index = QModelIndex | QPersistentModelIndex


class Rows(QAbstractListModel):
    """Holds `rows`; a subclass says in `told` what one shows."""

    rows: Sequence[Any] = ()

    def show_rows(self, rows: Sequence[Any]) -> None:
        if rows != self.rows:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return self.told(self.rows[index.row()], role) if index.isValid() else None

    def told(self, row: Any, role: int) -> Any:
        """What a row shows in a role, None for nothing."""
        raise NotImplementedError


class RowPainter(QStyledItemDelegate):
    """Belongs to a `view` and draws its rows, which are alike in size and show where the pointer is."""

    def __init__(self, look: Look, view: QListView) -> None:
        super().__init__(view)
        self.look = look
        view.setItemDelegate(self)
        view.setMouseTracking(True)
        view.setUniformItemSizes(True)

    @staticmethod
    def looks(option: QStyleOptionViewItem) -> tuple[bool, bool, bool]:
        """Whether a row is pointed at, is selected, and has the focus."""
        from PySide6.QtWidgets import QStyle  # as long as a fortieth of the start, which paints no row

        state, flags = option.state, QStyle.StateFlag
        over, selected = state & flags.State_MouseOver, state & flags.State_Selected
        return bool(over), bool(selected), bool(state & flags.State_HasFocus)

    def ring(self, painter: QPainter, area: QRectF, radius: float) -> None:
        """Round the row that has the focus."""
        painter.setPen(QPen(self.look.colour("accent"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), radius, radius)


class StarredPainter(RowPainter):
    """Draws rows with a star that can be clicked: `starred` says which row."""

    starred = QtSignal(int)

    def star_area(self, row: QRectF) -> QRectF:
        raise NotImplementedError

    def editorEvent(self, event: QEvent, model: object, option: QStyleOptionViewItem, index: Index) -> bool:
        if event.type() != QEvent.Type.MouseButtonRelease or not isinstance(event, QMouseEvent):
            return False
        hit = self.star_area(QRectF(option.rect)).adjusted(-8, -8, 8, 8).contains(event.position())
        if hit:
            self.starred.emit(index.row())
        return hit
