"""The figure of "Many at once": the texts that come about, what does not match marked; distance against steps."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from engine.protocol.lessons.many import STEPS
from sedd_studio.painting.lessons.drawing import (
    LEFT,
    RIGHT,
    Bar,
    Sign,
    draw_bars,
    draw_hollow,
    draw_legend,
    fitting,
    head,
    size_for,
    typeface,
    write,
)
from sedd_studio.painting.lessons.picture import Change, Picture
from sedd_studio.painting.theme import Theme
from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.chapters.formulas import per_cent
from sedd_studio.record.chapters.many import row_of, text_of

FULL = 0.94
"""Of a cell, the side of the square of a text that is certain."""
FLOOR = -4.0
"""The logarithm of the distance at the foot of the plot; what is below it stands there."""
APART = "do not match"
TYPE, WORDS = 0.14, 4.2
"""Of a cell, its type; of the type, what a cell has below its square."""


class ManyPicture(Picture):
    """The texts at the left, the plot at the right."""

    level = "steps"

    def paint(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        left = QRectF(area.left(), area.top(), 0.46 * area.width(), area.height())
        right = QRectF(left.right() + 0.03 * area.width(), area.top(), 0.51 * area.width(), area.height())
        _texts(painter, left, shown, theme)
        _plot(painter, right, shown, theme)

    def paint_beside(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, row, at = shown.figure, row_of(shown), shown.choices["steps"]
        size = size_for(area, 2.1 * len(figure.clean) + 9.5)
        heading = QRectF(area.left(), area.top(), area.width(), 1.8 * size)
        write(painter, heading, "How often each text comes", theme.colour("text"), typeface(size, bold=True), LEFT)
        if np.isfinite(figure.distance[row, at]):
            bars = [
                Bar(
                    float(made),
                    per_cent(made),
                    title=text_of(text),
                    mark=float(true),
                    colour="accent" if true else "fresh",
                    hollow=not true,
                )
                for text, made, true in zip(figure.clean, figure.law[row, at], figure.true, strict=True)
            ]
            rows = QRectF(area.left(), heading.bottom(), area.width(), 2.1 * size * len(bars))
            draw_bars(painter, rows, bars, ("",), theme, size)
            told = QRectF(area.left(), rows.bottom() + 0.4 * size, area.width(), 1.5 * size)
            write(painter, told, "distance from the data", theme.colour("muted"), typeface(size), LEFT)
            distance = f"{figure.distance[row, at]:.4f}"
            write(painter, told, distance, theme.colour("text"), typeface(size, bold=True), RIGHT)
        signs = [
            Sign("mark", "text", "how often the data has it"),
            Sign("hollow", "fresh", "two words that did not know of each other"),
            Sign("line", "strong_border", "the other samplers"),
        ]
        draw_legend(painter, area, signs, theme, 0.9 * size)

    def key(self, shown: Shown, key: Qt.Key) -> Change | None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(key)
        names = shown.figure.samplers
        return None if step is None else ("sampler", names[(row_of(shown) + step) % len(names)])


def _texts(painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
    """The four texts as squares with their words below; what the world does not have has a broken frame."""
    figure, row, at = shown.figure, row_of(shown), shown.choices["steps"]
    side = min(area.width() / 2, area.height() / 2 / (1 + WORDS * TYPE))
    law = figure.law[row, at]
    known = bool(np.isfinite(law).all())
    size = fitting([text_of(text) for text in figure.clean], 0.94 * side, max(11.0, TYPE * side), bold=True)
    high = side + WORDS * size
    left, top = area.center().x() - side, area.center().y() - high
    for number, text in enumerate(figure.clean.tolist()):
        cell = QRectF(left + text[1] * side, top + text[0] * high, side, side)
        wide = FULL * side * math.sqrt(max(float(law[number]), 0.0)) if known else 0.0
        square = QRectF(cell.center().x() - wide / 2, cell.bottom() - wide, wide, wide)
        apart = figure.true[number] == 0
        if wide > 0:
            if apart:
                draw_hollow(painter, square, "fresh", theme, 6)
            else:
                painter.setPen(QPen(theme.colour("border"), 1))
                painter.setBrush(theme.colour("lock_fill"))
                painter.drawRoundedRect(square, min(6, wide / 4), min(6, wide / 4))
        words = QRectF(cell.left(), cell.bottom() + 0.3 * size, side, 1.3 * size)
        write(painter, words, text_of(text), theme.colour("text"), typeface(size))
        under = QRectF(cell.left(), words.bottom(), side, 1.1 * size)
        says = per_cent(law[number]) if known else "\N{HORIZONTAL ELLIPSIS}"
        write(painter, under, says, theme.colour("muted"), typeface(0.85 * size))
        if apart and known and law[number] > 0:
            foot = QRectF(cell.left(), under.bottom(), side, 1.1 * size)
            write(painter, foot, APART, theme.colour("fresh"), typeface(fitting([APART], 0.98 * side, 0.85 * size)))


def _plot(painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
    """Distance against the number of steps, both by their logarithms; the chosen sampler stands out."""
    figure, chosen, at = shown.figure, row_of(shown), shown.choices["steps"]
    size = max(11.0, min(20.0, area.height() / 26))
    plot = area.adjusted(3.6 * size, 2.4 * size, -0.8 * size, -3.2 * size)

    def point(number: int, distance: float) -> QPointF:
        high = max(FLOOR, math.log10(max(distance, 1e-300))) / FLOOR
        return QPointF(plot.left() + plot.width() * number / (len(STEPS) - 1), plot.top() + plot.height() * high)

    title = QRectF(area.left(), area.top(), area.width(), 1.6 * size)
    head(painter, title, "distance from the data", theme, size)
    small = typeface(0.85 * size)
    for power in range(int(FLOOR), 1):
        line = point(0, 10.0**power)
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.drawLine(line, QPointF(plot.right(), line.y()))
        says = "exact" if power == FLOOR else f"{10.0**power:g}"
        beside = QRectF(area.left(), line.y() - size, 3.2 * size, 2 * size)
        write(painter, beside, says, theme.colour("muted"), small, RIGHT)
    for number, steps in enumerate(STEPS):
        under = QRectF(point(number, 1).x() - 40, plot.bottom() + 0.3 * size, 80, 1.3 * size)
        write(painter, under, f"{steps}", theme.colour("muted"), small)
    foot = QRectF(plot.left(), plot.bottom() + 1.5 * size, plot.width(), 1.5 * size)
    write(painter, foot, "steps", theme.colour("muted"), typeface(size))
    rows = [row for row in range(len(figure.samplers)) if row != chosen]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for row in (*rows, chosen):
        known = [number for number in range(len(STEPS)) if np.isfinite(figure.distance[row, number])]
        mine = row == chosen
        painter.setPen(QPen(theme.colour("accent" if mine else "strong_border"), 2.5 if mine else 1.2))
        painter.drawPolyline(QPolygonF([point(number, float(figure.distance[row, number])) for number in known]))
        if mine:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent"))
            for number in known:
                painter.drawEllipse(point(number, float(figure.distance[row, number])), 0.22 * size, 0.22 * size)
            if at in known:
                painter.drawEllipse(point(at, float(figure.distance[row, at])), 0.5 * size, 0.5 * size)


PICTURE = ManyPicture()
