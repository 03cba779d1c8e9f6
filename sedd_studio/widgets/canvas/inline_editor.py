"""A line to type in, laid over the words that it replaces."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

HINT = "Words are locked, [12] is a gap. Enter puts them here, Esc leaves the text as it was."
SMALLEST = 180


class InlineEditor(QLineEdit):
    """Says `committed` with the text at Enter; Esc, or losing the focus, closes it without a word."""

    committed = Signal(str)
    closed = Signal()

    def __init__(self, place: QRect, text: str, selected: bool, font: QFont, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setFont(font)
        self.setAccessibleName("Replace the words")
        self.setToolTip(HINT)
        room = parent.width() - place.left()
        wide = max(SMALLEST, min(place.width() + 40, room))
        self.setGeometry(place.left() - 10, place.top(), wide, place.height())
        if selected:
            self.selectAll()
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.committed.emit(self.text())
            self.close_editor()
        elif event.key() == Qt.Key.Key_Escape:
            self.close_editor()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.close_editor()

    def close_editor(self) -> None:
        """Goes away; the canvas has the focus again."""
        if not self.isHidden():  # hiding takes the focus, which closes it
            self.hide()
            self.deleteLater()
            self.closed.emit()
