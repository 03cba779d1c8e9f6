"""The picture above the canvas: what the sequence at the playhead stands for, where it is no text."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.protocol import FREE
from sedd_studio.painting.pictures import PAINTERS, Scenery
from sedd_studio.painting.theme import Look
from sedd_studio.session.models import Models
from sedd_studio.session.state import CanvasState
from sedd_studio.session.view import View
from sedd_studio.widgets.controls.basic import keep_up

HEIGHT = 260
MARGIN = 16


class SamplePicture(QWidget):
    """Draws `view.canvas()` as the model's domain looks; hidden for text."""

    def __init__(self, models: Models, view: View, look: Look) -> None:
        super().__init__()
        self._models, self._view, self._look = models, view, look
        self._shown: CanvasState | None = None
        self.note = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        keep_up(self.refresh, models.changed, view.changed)

    def sizeHint(self) -> QSize:
        return QSize(600, HEIGHT)

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

    def paintEvent(self, event: QPaintEvent) -> None:
        tokenizer, paint = self._models.tokenizer, PAINTERS.get(self._models.domain.view)
        if tokenizer is None or paint is None:
            return
        state = self._view.canvas()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            area = QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
            self.note = paint(painter, area, Scenery(state.tokens, state.locked, tokenizer, self._look.theme))
            if self.note:
                painter.setPen(self._look.colour("muted"))
                painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.note)
