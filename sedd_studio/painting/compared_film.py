"""Runs beside each other as pictures, for a film: each pane at the same level of noise."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter

from engine.plain_text import plain_line
from engine.runs.trajectory import Trajectory
from engine.stopping import look
from sedd_studio.painting.film import MOST_FRAMES
from sedd_studio.painting.icons import lent
from sedd_studio.painting.theme import Theme, token_font
from sedd_studio.painting.token_paint import Content, Marks, TokenPainter
from sedd_studio.painting.token_text import content_at
from sedd_studio.record.exports import origin_of

ACROSS, PANE, PAD, HEAD, FOOT, TALLEST = 4, 340, 18, 52, 40, 420
"""Panes in a row; the width of one, what is left free in it, its head, the line at the foot, and its tallest text, in
pixels at scale 1."""
ZOOM = 0.8


class ComparedFilm:
    """The pictures of runs of one sample, each with a title and a line of figures."""

    comment = ""

    def __init__(self, panes: Sequence[tuple[str, str, Trajectory]], theme: Theme, scale: float = 1.0) -> None:
        self._panes, self.theme, self.scale = panes, theme, scale
        self._painter = TokenPainter(theme, token_font(theme, ZOOM))
        count = min(MOST_FRAMES, max(run.recorded for *_, run in panes) + 1)
        self.steps = list(range(count))
        tallest = max(self._content(run, run.recorded).layout.height for *_, run in panes)
        self._high = HEAD + min(TALLEST, int(tallest) + PAD)

    def picture(self, step: int) -> QImage:
        rows = -(-len(self._panes) // ACROSS)
        wide, high = min(len(self._panes), ACROSS) * PANE, rows * self._high + FOOT
        sides = [2 * round(side * self.scale / 2) for side in (wide, high)]  # films want even ones
        image = QImage(sides[0], sides[1], QImage.Format.Format_RGB888)
        image.fill(self.theme.colour("window"))
        position = step / max(1, len(self.steps) - 1)
        with QPainter(image) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.scale(self.scale, self.scale)
            for number, pane in enumerate(self._panes):
                with lent(painter):
                    painter.translate(number % ACROSS * PANE, number // ACROSS * self._high)
                    self._pane(painter, *pane, position)
            self._foot(painter, QRectF(PAD, high - FOOT + 10, wide - 2 * PAD, 4), position)
        return image

    def _pane(self, painter: QPainter, title: str, figures: str, run: Trajectory, position: float) -> None:
        step, inner = run.step_at(position), PANE - 2 * PAD
        about = f"step {step} of {run.steps}  {plain_line(figures)}"
        for top, text, colour, bold in ((10, plain_line(title), "text", True), (30, about, "muted", False)):
            font = QFont(self._painter.plain)
            font.setPixelSize(self.theme.sizes.small)
            font.setBold(bold)
            painter.setFont(font)
            painter.setPen(self.theme.colour(colour))
            shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, inner)
            painter.drawText(QRectF(PAD, top, inner, 20), Qt.AlignmentFlag.AlignLeft, shown)
        painter.translate(PAD, HEAD)
        painter.setClipRect(QRectF(-4, 0, inner + 8, self._high - HEAD))
        self._painter.paint(painter, self._content(run, step), Marks(), 0, self._high - HEAD)

    def _foot(self, painter: QPainter, line: QRectF, position: float) -> None:
        painter.fillRect(line, self.theme.colour("mask"))
        painter.fillRect(QRectF(line.x(), line.y(), line.width() * position, 4), self.theme.colour("accent"))

    def _content(self, run: Trajectory, step: int) -> Content:
        look()
        return content_at(run, step, 0, origin_of(run).tokenizer, self._painter, PANE - 2 * PAD)
