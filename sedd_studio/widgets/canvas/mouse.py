"""What the mouse does on the canvas, and what it shows of what it is over."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from sedd_studio.session.editor import Editor
from sedd_studio.session.sentences import sentence_at
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.caret import Caret
from sedd_studio.widgets.canvas.gestures import Gestures
from sedd_studio.widgets.canvas.picture import Picture
from sedd_studio.widgets.controls.basic import plain


class Mouse(QObject):
    """Filters the events of the viewport. `pointed` is told when another position, or None, is under the pointer;
    `selecting` when a selection begins to be drawn, and when it is done."""

    pointed = Signal(object)
    selecting = Signal(bool)

    def __init__(
        self, view: View, editor: Editor, picture: Picture, caret: Caret, viewport: QWidget, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._view, self._picture, self._caret, self._viewport = view, picture, caret, viewport
        self.gestures = Gestures(view, editor, picture, caret)
        self._under: int | None = None
        self._doubled, self._doubled_at = QElapsedTimer(), QPointF()
        viewport.setMouseTracking(True)
        viewport.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave and not self.gestures.pulls:
            self.gestures.hover = self.gestures.handle = self.gestures.lock = None
            self._point(None)
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
        if self.gestures.lock is not None:
            return "Unlock these words"
        return "" if position is None else self._picture.text.describe(position)

    def select_for_menu(self, point: QPointF) -> None:
        """Selects the word at a point, unless that is in the selection."""
        position, selection = self._picture.at(point), self._view.selection
        if position is not None and (selection is None or not selection[0] <= position < selection[1]):
            self._caret.put(position)
            self._caret.extend_to(position)

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
                    self.selecting.emit(False)
                case QEvent.Type.MouseButtonDblClick:
                    self._select_word(event, position)

    def _press(self, event: QMouseEvent, position: int | None) -> None:
        """A third click, soon after two at the same place, selects the sentence."""
        near = (event.position() - self._doubled_at).manhattanLength() < QApplication.startDragDistance()
        soon = self._doubled.isValid() and not self._doubled.hasExpired(QApplication.doubleClickInterval())
        self._doubled.invalidate()
        if near and soon and position is not None:
            self._view.select(sentence_at(self._view, position))
            return
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self.gestures.press(event.position() - self._picture.origin, shift)
        self.selecting.emit(self.gestures.selects)

    def _point(self, position: int | None) -> None:
        if position != self._under:
            self._under = position
            self.pointed.emit(position)

    def _move(self, event: QMouseEvent, position: int | None) -> None:
        gestures, point = self.gestures, event.position() - self._picture.origin
        self._point(position)
        gestures.move(point, position)
        if gestures.pulls and gestures.handle is not None:
            QToolTip.showText(event.globalPosition().toPoint(), f"{gestures.handle.length} tokens", self._viewport)
        self._viewport.setCursor(self._pointer(point))

    def _pointer(self, point: QPointF) -> Qt.CursorShape:
        if self.gestures.pulls or self.gestures.over_handle(point):
            return Qt.CursorShape.SizeHorCursor
        if self.gestures.lock is not None:
            return Qt.CursorShape.PointingHandCursor
        over = self.gestures.hover is not None or self.gestures.selects
        return Qt.CursorShape.IBeamCursor if over else Qt.CursorShape.ArrowCursor

    def _select_word(self, event: QMouseEvent, position: int | None) -> None:
        point = event.position() - self._picture.origin
        if position is not None and self.gestures.lock is None and not self.gestures.over_handle(point):
            self._caret.put(position)
            self._caret.extend_to(position)
            self._doubled.start()
            self._doubled_at = event.position()
