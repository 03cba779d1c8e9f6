"""What the mouse does on the canvas, and what it shows of what it is over."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from sedd_studio.session.editor import Editor
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.caret import Caret
from sedd_studio.widgets.canvas.gestures import Gestures
from sedd_studio.widgets.canvas.line import Line
from sedd_studio.widgets.canvas.picture import Picture
from sedd_studio.widgets.controls.basic import plain


class Mouse(QObject):
    """Filters the events of the viewport. `pointed` is told when another position is under the pointer."""

    pointed = Signal(int)

    def __init__(
        self, view: View, editor: Editor, picture: Picture, caret: Caret, line: Line, viewport: QWidget, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._view, self._editor, self._picture = view, editor, picture
        self._caret, self._line, self._viewport = caret, line, viewport
        self.gestures = Gestures(view, editor, picture)
        self._under: int | None = None
        viewport.setMouseTracking(True)
        viewport.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave and not self.gestures.pulls:
            self.gestures.hover = self.gestures.handle = None
            self._viewport.update()
        elif event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            told = plain(self.describe(self._picture.at(QPointF(event.pos()))))
            QToolTip.showText(event.globalPos(), told, self._viewport)
            return True
        elif isinstance(event, QMouseEvent):
            self._follow(event)
            self._viewport.update()
            return True
        return False

    def describe(self, position: int | None) -> str:
        """What the tooltip says about a position; empty for none."""
        return "" if position is None else self._picture.text.describe(position)

    def _follow(self, event: QMouseEvent) -> None:
        position = self._picture.at(event.position())
        if event.type() == QEvent.Type.MouseMove:
            self._move(event, position)
        elif event.button() == Qt.MouseButton.LeftButton:
            match event.type():
                case QEvent.Type.MouseButtonPress:
                    self._press(event, position)
                case QEvent.Type.MouseButtonRelease:
                    self.gestures.release()
                case QEvent.Type.MouseButtonDblClick:
                    self._edit(position)

    def _press(self, event: QMouseEvent, position: int | None) -> None:
        caret = self._caret
        caret.by_keyboard = False
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and position is not None:
            caret.extend_to(position)
        elif not self.gestures.press(event.position() - self._picture.origin, position):
            caret.deselect()
        elif position is not None:
            caret.put(position)

    def _move(self, event: QMouseEvent, position: int | None) -> None:
        gestures, point = self.gestures, event.position() - self._picture.origin
        if position is not None and position != self._under:
            self.pointed.emit(position)
        self._under = position
        gestures.move(point, position)
        if gestures.pulls and gestures.handle is not None:
            QToolTip.showText(event.globalPosition().toPoint(), f"{gestures.handle.length} tokens", self._viewport)
        self._viewport.setCursor(self._pointer(point))

    def _pointer(self, point: QPointF) -> Qt.CursorShape:
        if self.gestures.pulls or self.gestures.over_handle(point):
            return Qt.CursorShape.SizeHorCursor
        return Qt.CursorShape.PointingHandCursor if self.gestures.hover else Qt.CursorShape.ArrowCursor

    def _edit(self, position: int | None) -> None:
        """Opens a line over the word; the lock that the first click changed is changed back."""
        if position is None:
            return
        if self.gestures.lock_clicked:
            self._editor.undo_stack.undo()
        self._line.open(self._view.word_at(position))
