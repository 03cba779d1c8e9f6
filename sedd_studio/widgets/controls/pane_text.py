"""The text of a pane: a recorded run at a step, small, scrolled by the wheel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame

from engine.language.tokenizers import Tokenizer
from engine.runs.trajectory import Trajectory
from sedd_studio.painting.theme import Look, token_font
from sedd_studio.painting.token_paint import Content, Marks, TokenPainter
from sedd_studio.painting.token_text import content_at

ZOOM, MARGIN = 0.7, 6


class PaneText(QAbstractScrollArea):
    """Draws what `show_run` was last given."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._painter: TokenPainter
        self._shown: tuple[Trajectory, int, Tokenizer, np.ndarray | None] | None = None
        self._key: tuple[object, ...] = ()
        self._content: Content | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Text of the pane")
        look.changed.connect(self._dress)
        self._dress()

    def sizeHint(self) -> QSize:
        return QSize(220, 120)

    def _dress(self) -> None:
        self._painter = TokenPainter(self._look.theme, token_font(self._look.theme, ZOOM))
        self._lay_out()

    def show_run(self, run: Trajectory, step: int, tokenizer: Tokenizer, different: np.ndarray | None) -> None:
        """Show a run after a step; positions (L,) that are `different` from another run's are marked.

        The text is laid out anew only if it can be another one: what comes later in the run slants it, too.
        """
        marks = None if different is None else different.tobytes()
        key = run, step, run.recorded, run.result is not None, tokenizer, marks
        if key != self._key:
            self._key, self._shown = key, (run, step, tokenizer, different)
            self._lay_out()

    def text(self) -> str:
        if self._content is None:
            return ""
        return " ".join(box.text for box in self._content.layout.boxes if box.text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.oldSize().width() != event.size().width():
            self._lay_out()
        else:
            self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            painter.fillRect(event.rect(), self._look.colour("panel"))
            if self._content is not None:
                offset = self.verticalScrollBar().value()
                painter.translate(MARGIN, MARGIN - offset)
                self._painter.paint(painter, self._content, Marks(), offset - MARGIN, offset + self.viewport().height())

    def _lay_out(self) -> None:
        if self._shown is None:
            return
        run, step, tokenizer, different = self._shown
        width = self.viewport().width() - 2 * MARGIN
        content = content_at(run, step, 0, tokenizer, self._painter, width)
        if different is not None and step >= run.recorded:
            mark = self._look.colour("accent", 0.28)
            tint = [mark if other else None for other in different.tolist()]
            content = replace(content, tint=tint, limited=np.flatnonzero(different).tolist())  # a line under each, too
        self._content = content
        self._fit()
        self.setAccessibleDescription(self.text())
        self.viewport().update()

    def _fit(self) -> None:
        """The scroll bar is as long as the text is tall."""
        if self._content is not None:
            over = int(self._content.layout.height) + 2 * MARGIN - self.viewport().height()
            self.verticalScrollBar().setRange(0, max(0, over))
