"""What input methods do on the canvas: text that is being composed is drawn in the line over the words it replaces."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QInputMethodEvent
from PySide6.QtWidgets import QWidget

from sedd_studio.widgets.canvas.caret import Caret
from sedd_studio.widgets.canvas.line import Line
from sedd_studio.widgets.canvas.picture import Picture


class Composing:
    """Is handed the events of the canvas, which keeps the focus until a text is composed: another widget that got it
    meanwhile would make the input method begin anew."""

    def __init__(self, picture: Picture, caret: Caret, line: Line, canvas: QWidget) -> None:
        self._picture, self._caret, self._line, self._canvas = picture, caret, line, canvas
        self._composes = False
        canvas.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)

    def follow_focus(self, event: QFocusEvent) -> None:
        """The canvas got the focus, or lost it."""
        editor = self._line.editor
        if editor is None or not editor.isVisible():
            return
        if event.lostFocus() and self._composes:
            self._composes = False
            QCoreApplication.sendEvent(editor, event)
        elif event.gotFocus() and not self._composes:
            editor.setFocus()

    def query(self, query: Qt.InputMethodQuery) -> Any:
        """What an input method asks of the canvas; rectangles are in its coordinates."""
        editor = self._line.editor
        if query == Qt.InputMethodQuery.ImEnabled:
            return bool(self._picture.text.pieces)
        if editor is not None:
            found, corner = editor.inputMethodQuery(query), editor.mapTo(self._canvas, QPoint(0, 0))
            return found.translated(corner) if isinstance(found, QRect | QRectF) else found
        if query == Qt.InputMethodQuery.ImCursorRectangle and self._picture.text.pieces:
            place = self._picture.first_line_of(self._caret.run)
            place.setWidth(1)
            return place
        return self._picture.font if query == Qt.InputMethodQuery.ImFont else None

    def compose(self, event: QInputMethodEvent) -> None:
        """Hands an event to the line, which is opened for it where it was not."""
        begins = event.preeditString() or (event.commitString() and self._caret.writes)
        if self._line.editor is None and begins and self._picture.text.pieces:
            self._line.open(self._caret.run, focused=False)
        editor = self._line.editor
        if editor is None:
            return
        QCoreApplication.sendEvent(editor, event)
        self._composes = bool(event.preeditString())
        if self._composes:
            return
        if editor.text():  # what was composed can be edited
            editor.setFocus()
        else:
            editor.close_editor()
