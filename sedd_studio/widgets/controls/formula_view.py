"""The formula behind a figure, typeset with the figure's numbers."""

from __future__ import annotations

import time

from PySide6.QtCore import QPointF, QSize, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.protocol import UserError
from sedd_studio.painting.lessons.typesetting import SIZE, Typeset, typeset
from sedd_studio.painting.theme import Look

LARGEST, USUAL = 19.0, 800
"""Pixels of its type in a window that is so high; in a higher one it is up to twice as large."""
GAP = 8.0
"""Between its lines."""
SLICE = 0.01
"""Seconds after which the lines that are left are typeset at the next turn of the event loop."""


class FormulaView(QWidget):
    """Lines of LaTeX under each other, as large as there is room for. `lines` are what it shows."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.lines: tuple[str, ...] = ()
        self.refusal = ""
        self._largest = 0.0
        self._set: list[Typeset] = []
        self._made: list[Typeset] = []
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._go_on)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fit()  # else it would be as tall as any widget that was never laid out
        look.changed.connect(self.update)

    def show_lines(self, lines: tuple[str, ...]) -> None:
        """Typesets lines, at once if that is quick, and shows them when all are; what is wrong is said instead."""
        if lines == self.lines:
            return
        self.lines, self._made = lines, []
        self._turn.stop()
        self._go_on()

    def _go_on(self) -> None:
        end = time.perf_counter() + SLICE
        try:
            while len(self._made) < len(self.lines):
                self._made.append(typeset(self.lines[len(self._made)]))
                if time.perf_counter() > end and len(self._made) < len(self.lines):
                    self._turn.start(0)
                    return
            self._set, self.refusal = self._made, ""
        except UserError as error:
            self._set, self.refusal = [], str(error)
        self.setAccessibleDescription(self.refusal or "; ".join(self.lines))
        self._fit()
        self.update()

    def set_largest(self, size: float) -> None:
        """Has its type at most so large, in pixels, whatever the window."""
        self._largest = size
        self._fit()

    @property
    def scale(self) -> float:
        """Of the type, so that the longest line has room."""
        longest = max((line.width for line in self._set), default=1.0)
        larger = min(2.0, max(1.0, self.window().height() / USUAL))
        return min((self._largest or LARGEST * larger) / SIZE, max(1, self.width()) / longest)

    def sizeHint(self) -> QSize:
        return QSize(320, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        high = sum(line.height for line in self._set) * self.scale + GAP * max(0, len(self._set) - 1)
        self.setFixedHeight(round(high) if self._set else 40)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            text, result = self._look.colour("text"), self._look.colour("accent")
            if self.refusal:
                painter.setPen(text)
                painter.drawText(self.rect(), 0x1000, self.refusal)  # words are wrapped
            top = 0.0
            for line in self._set:
                line.paint(painter, QPointF(0, top), self.scale, text, result)
                top += line.height * self.scale + GAP
