"""The formula behind a figure, typeset with the figure's numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from shiboken6 import isValid

from engine.protocol import UserError
from sedd_studio.painting.lessons.typesetting import SIZE, Typeset, is_prepared, prepare, typeset
from sedd_studio.painting.theme import Look

LARGEST, USUAL = 19.0, 800
"""Pixels of its type in a window that is so high; in a higher one it is up to twice as large."""
GAP = 8.0
"""Between its lines."""
Lines = tuple[str, ...]
Prepared = tuple[Lines, str]
"""Lines that are prepared, and why they could not be."""
Read = Callable[[Callable[[], Prepared], Callable[[Prepared], object]], object]
"""Has something done beside the window's thread, and what comes of it taken in that."""


class FormulaView(QWidget):
    """Lines of LaTeX under each other, as large as there is room for. `lines` are what it shows; `read` has those
    prepared that are not."""

    def __init__(self, look: Look, read: Read) -> None:
        super().__init__()
        self._look, self._read = look, read
        self.lines: Lines = ()
        self.refusal = ""
        self._largest = 0.0
        self._set: list[Typeset] = []
        self._preparing = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fit()  # else it would be as tall as any widget that was never laid out
        look.changed.connect(self.update)

    @property
    def waits(self) -> bool:
        """Whether its lines are being made ready."""
        return self._preparing

    def show_lines(self, lines: Lines) -> None:
        """Shows lines, at once if they are prepared, or else when they are; what is wrong is said instead."""
        if lines != self.lines:
            self.lines = lines
            self._follow()

    def _follow(self) -> None:
        """Shows the lines, or has them prepared beside the window's thread, after those that already are."""
        if all(map(is_prepared, self.lines)):
            self._take([typeset(line) for line in self.lines], "")
        elif not self._preparing:
            self._preparing = True
            self._read(partial(_prepared, self.lines), self._go_on)

    def _go_on(self, prepared: Prepared) -> None:
        if not isValid(self):
            return  # it was deleted meanwhile
        lines, refusal = prepared
        self._preparing = False
        if lines == self.lines and refusal:
            self._take([], refusal)
        else:
            self._follow()

    def _take(self, made: list[Typeset], refusal: str) -> None:
        self._set, self.refusal = made, refusal
        self.setAccessibleDescription(refusal or "; ".join(self.lines))
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


def _prepared(lines: Lines) -> Prepared:
    """Prepares lines."""
    try:
        for line in lines:
            prepare(line)
    except UserError as error:
        return lines, str(error)
    except Exception as error:  # else it would be tried again and again
        return lines, f"The formula cannot be typeset: {error}"
    return lines, ""
