"""The picture under the text: what the sequence at the playhead stands for, where it is no text."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.protocol import FREE
from sedd_studio.painting.pictures import FINDERS, PAINTERS, Scenery
from sedd_studio.painting.theme import Look
from sedd_studio.record.previews import token_name
from sedd_studio.session.editor import Editor
from sedd_studio.session.models import Models
from sedd_studio.session.state import CanvasState
from sedd_studio.session.view import View
from sedd_studio.widgets.controls.basic import keep_up

HEIGHT, LEAST = 260, 150
MARGIN = 16


class SamplePicture(QWidget):
    """Draws `view.canvas()` as the model's domain looks; hidden for text. A click on a part of it locks the part, or
    unlocks it; `pointed` is told of the one under the pointer."""

    pointed = Signal(object)

    def __init__(self, models: Models, view: View, editor: Editor, look: Look) -> None:
        super().__init__()
        self._models, self._view, self._editor, self._look = models, view, editor, look
        self._shown: CanvasState | None = None
        self._under: int | None = None
        self.note = ""
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        keep_up(self.refresh, models.changed, view.changed)

    def sizeHint(self) -> QSize:
        return QSize(600, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, LEAST)

    def refresh(self) -> None:
        domain = self._models.domain
        self.setVisible(domain.view in PAINTERS)
        self.setAccessibleName(f"Picture: {domain.title}")
        state = self._view.canvas()
        if state is not self._shown:
            self._shown = state
            known = int((state.tokens != FREE).sum())
            self.setAccessibleDescription(f"{known} of {state.length} symbols are known")
            self.update()

    def position_at(self, point: QPointF) -> int | None:
        """The position whose part of the picture is at a point."""
        scene, find = self._scene(), FINDERS.get(self._models.domain.view)
        return None if scene is None or find is None else find(self._area(), scene, point)

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)

    def _scene(self) -> Scenery | None:
        tokenizer, state = self._models.tokenizer, self._view.canvas()
        return None if tokenizer is None else Scenery(state.tokens, state.locked, tokenizer, self._look.theme)

    # ---- Qt events

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.describe(self.position_at(QPointF(event.pos()))), self)
            return True
        return super().event(event)

    def describe(self, position: int | None) -> str:
        """What the tooltip says about a position; empty for none."""
        if position is None:
            return ""
        state = self._view.canvas()
        does = "click to unlock" if state.locked[position] else "click to lock"
        said = "masked" if state.tokens[position] == FREE else f"{token_name(self._view.piece(position))}, {does}"
        return f"Position {position + 1}: {said}"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = self.position_at(event.position())
        if position != self._under:
            self._under = position
            self.setCursor(Qt.CursorShape.ArrowCursor if position is None else Qt.CursorShape.PointingHandCursor)
            self.pointed.emit(position)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = self.position_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and position is not None:
            self._editor.set_locked([position], not self._view.canvas().locked[position])

    def paintEvent(self, event: QPaintEvent) -> None:
        scene, paint = self._scene(), PAINTERS.get(self._models.domain.view)
        if scene is None or paint is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.note = paint(painter, self._area(), scene)
            if self.note:
                painter.setPen(self._look.colour("muted"))
                painter.drawText(self._area(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.note)
