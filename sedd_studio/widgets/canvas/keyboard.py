"""What the keys do on the canvas."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent

from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.caret import MOVES, Caret
from sedd_studio.widgets.canvas.line import Line
from sedd_studio.widgets.canvas.picture import Picture

REMOVES = {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}
LENGTHENS = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Minus: -1}
TOGGLES = {Qt.Key.Key_L, Qt.Key.Key_Return, Qt.Key.Key_Enter}
TABS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


def types(event: QKeyEvent) -> bool:
    """Whether a key writes something."""
    return bool(event.text()) and event.text().isprintable() and not event.text().isspace()


class Keyboard(QObject):
    """Filters the events of the canvas: takes the keys that move the caret and edit, and leaves all others."""

    def __init__(self, view: View, picture: Picture, caret: Caret, line: Line, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._picture, self._caret, self._line = view, picture, caret, line
        parent.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride and self._claims(event):
                event.accept()
                return True
            return event.type() == QEvent.Type.KeyPress and self._press(event)
        if event.type() == QEvent.Type.FocusIn and isinstance(event, QFocusEvent) and event.reason() in TABS:
            self._caret.by_keyboard = True
        return False

    def _claims(self, event: QKeyEvent) -> bool:
        """Whether the canvas uses the key itself: shortcuts of the window must not take it."""
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ours = event.key() in (*MOVES, *TOGGLES, *REMOVES, *LENGTHENS)
        return not control and (ours or (self._view.selection is not None and types(event)))

    def _press(self, event: QKeyEvent) -> bool:
        """Does what a key asks for; False where it asks for nothing here."""
        key, caret, selected = event.key(), self._caret, self._view.selection is not None
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier or not self._view.canvas().length:
            return False
        if key in REMOVES:
            caret.take_out()
        elif key in MOVES:
            caret.by_keyboard = True
            caret.move(Qt.Key(key), self._picture.layout, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key in TOGGLES:
            caret.toggle_lock()
        elif key in LENGTHENS and not selected:
            caret.stretch_gap(LENGTHENS[Qt.Key(key)])
        elif key == Qt.Key.Key_F2 or (selected and types(event)):
            self._line.open(caret.run, event.text() if types(event) else "")
        else:
            return False
        return True
