"""What the keys do on the canvas."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from sedd_studio.session.editor import Editor
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.caret import MOVES, Caret
from sedd_studio.widgets.canvas.gestures import gap_at
from sedd_studio.widgets.canvas.line import Line
from sedd_studio.widgets.canvas.picture import Picture

REMOVES = {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}
LENGTHENS = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Minus: -1}
EDITS = {Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter}


def types(event: QKeyEvent) -> bool:
    """Whether a key writes something."""
    text = event.text()
    return bool(text) and text.isprintable() and not text.isspace()


class Keyboard(QObject):
    """Filters the events of the canvas: takes the keys that move the caret and edit, and leaves all others."""

    def __init__(self, view: View, editor: Editor, picture: Picture, caret: Caret, line: Line, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._editor, self._picture, self._caret, self._line = view, editor, picture, caret, line
        self._edits = {
            QKeySequence.StandardKey.Copy: caret.copy,
            QKeySequence.StandardKey.Cut: caret.cut,
            QKeySequence.StandardKey.Paste: caret.paste,
            QKeySequence.StandardKey.SelectAll: caret.select_all,
        }
        parent.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride and self._claims(event):
                event.accept()
                return True
            return event.type() == QEvent.Type.KeyPress and self._press(event)
        return False

    def _claims(self, event: QKeyEvent) -> bool:
        """Whether the canvas uses the key itself: shortcuts of the window must not take it."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return any(event.matches(key) for key in self._edits)
        leaves = self._view.selection is not None and event.key() == Qt.Key.Key_Escape
        writes = self._caret.writes and types(event)
        return leaves or writes or event.key() in (*MOVES, *EDITS, *REMOVES, *LENGTHENS, Qt.Key.Key_L)

    def _press(self, event: QKeyEvent) -> bool:
        """Does what a key asks for; False where it asks for nothing here."""
        key, caret, selected = event.key(), self._caret, self._view.selection is not None
        if not self._view.canvas().length:
            return False
        edit = next((do for keys, do in self._edits.items() if event.matches(keys)), None)
        if edit is not None:
            edit()
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        elif key in REMOVES:
            caret.take_out()
        elif key in MOVES:
            caret.move(Qt.Key(key), self._picture.layout, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key == Qt.Key.Key_Escape and selected:
            caret.deselect()
        elif key in LENGTHENS and not selected:
            self._stretch_gap(LENGTHENS[Qt.Key(key)])
        elif key in EDITS or (caret.writes and types(event)):
            self._line.open(caret.run, event.text() if types(event) else "")
        elif key == Qt.Key.Key_L:
            caret.toggle_lock()
        else:
            return False
        return True

    def _stretch_gap(self, by: int) -> None:
        """Makes the gap where the caret stands longer, or shorter where negative."""
        run = gap_at(self._view, self._caret.position)
        if run is not None and self._editor.set_gap(*run, run[1] - run[0] + by):
            self._caret.put(run[0])
