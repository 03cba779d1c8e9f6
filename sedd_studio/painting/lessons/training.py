"""The figure of "Learning the score": a row a ratio, on which three signs close in on the true one; the losses."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from engine.protocol.lessons.training import OBJECTIVES, TOLD
from sedd_studio.painting.lessons.drawing import (
    CENTRE,
    LEFT,
    RIGHT,
    Bar,
    Sign,
    draw_bars,
    draw_legend,
    draw_shape,
    draw_states,
    fitting,
    size_for,
    text_width,
    typeface,
    write,
)
from sedd_studio.painting.lessons.picture import Picture
from sedd_studio.painting.theme import Theme
from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.chapters.formulas import per_cent
from sedd_studio.record.chapters.training import place_of, worst

SHAPES = {"explicit": ("ring", "text"), "implicit": ("box", "fresh"), "denoising": ("disc", "accent")}
FURTHEST = 8.0
"""By which factor a ratio may be off and still have its place on a row."""
OFF = {
    0.25: "\N{DIVISION SIGN} 4",
    0.5: "\N{DIVISION SIGN} 2",
    1.0: "true",
    2.0: "\N{MULTIPLICATION SIGN} 2",
    4.0: "\N{MULTIPLICATION SIGN} 4",
}
"""How far off a ratio is at the lines of the scale, in words that have room beside each other."""
LEAST, MOST = 1e-6, 1.0
"""The losses above their floors that are drawn, nats."""
TO = " \N{RIGHTWARDS ARROW} "


class TrainingPicture(Picture):
    """What is true stands in the middle of every row."""

    least_beside = 228.0

    def paint(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, at = place_of(shown)
        rows = len(figure.true)
        high = min((area.height() - 40) / (rows + 0.5), 60.0)
        size = max(11.0, min(20.0, 0.5 * high))
        texts = figure.texts.tolist()
        pairs = [(texts[start], texts[end]) for start, end in zip(figure.starts, figure.ends, strict=True)]
        font = typeface(size)
        arrow = 1.8 * size
        half = max(text_width(text, figure.words, font) for pair in pairs for text in pair)
        plot = QRectF(area.left() + 2 * half + arrow + 1.5 * size, area.top(), 0, high * rows)
        plot.setRight(area.right() - size)

        def across(ratio: float) -> float:
            share = math.log(min(max(ratio, 1 / FURTHEST), FURTHEST)) / math.log(FURTHEST)
            return plot.center().x() + 0.5 * plot.width() * share

        _scale(painter, plot, across, theme, size)
        for row, (start, end) in enumerate(pairs):
            line = QRectF(area.left(), area.top() + row * high, area.width(), high)
            draw_states(painter, QRectF(line.left(), line.top(), half, high), start, figure.words, font, theme, RIGHT)
            middle = QRectF(line.left() + half, line.top(), arrow, high)
            write(painter, middle, TO, theme.colour("muted"), font, CENTRE)
            draw_states(painter, QRectF(middle.right(), line.top(), half, high), end, figure.words, font, theme, LEFT)
            y = line.center().y()
            painter.setPen(QPen(theme.colour("border"), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            for each, name in enumerate(OBJECTIVES):
                ratio = float(figure.learnt[each, at, row] / figure.true[row])
                shape, colour = SHAPES[name]
                draw_shape(painter, shape, QPointF(across(ratio), y), 0.34 * size, theme.colour(colour))

    def paint_beside(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, at = place_of(shown)
        size = size_for(area, 24)
        heading = QRectF(area.left(), area.top(), area.width(), 1.6 * size)
        write(painter, heading, "The ratio that is furthest off", theme.colour("text"), typeface(size, True), LEFT)
        bars = [
            Bar(min(off, 1.0), per_cent(off), title=title, colour=SHAPES[name][1])
            for (name, title), off in zip(OBJECTIVES.items(), worst(figure, at), strict=True)
        ]
        block = QRectF(area.left(), heading.bottom(), area.width(), 2.1 * size * len(bars))
        draw_bars(painter, block, bars, figure.words, theme, size)
        signs = [
            Sign("ring", "text", "ring: told the true ratios"),
            Sign("box", "fresh", "square: sees texts with noise alone"),
            Sign("disc", "accent", "disc: sees the clean texts, too"),
        ]
        foot = 1.8 * 0.9 * size * len(signs)
        plot = QRectF(area.left(), block.bottom() + 0.5 * size, area.width(), area.bottom() - block.bottom() - foot)
        _losses(painter, plot.adjusted(0, 0, 0, -0.8 * size), shown, theme, size)
        draw_legend(painter, area, signs, theme, 0.9 * size)


def _scale(painter: QPainter, plot: QRectF, across: Callable[[float], float], theme: Theme, size: float) -> None:
    """The line of what is true, and how far off signs beside it are."""
    for ratio, said in OFF.items():
        x, true = across(ratio), ratio == 1
        painter.setPen(QPen(theme.colour("text" if true else "border"), 2 if true else 1))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        room = plot.width() / 6.2
        small = fitting(OFF.values(), room, 0.9 * size, bold=True)
        below = QRectF(x - 80, plot.bottom() + 0.2 * size, 160, 1.4 * size)
        write(painter, below, said, theme.colour("text" if true else "muted"), typeface(small, bold=true))


def _losses(painter: QPainter, area: QRectF, shown: Shown, theme: Theme, size: float) -> None:
    """The losses above their floors over the steps, by powers of ten."""
    figure, at = place_of(shown)
    plot = area.adjusted(4.2 * size, 2.0 * size, -0.5 * size, -0.4 * size)
    if plot.height() < 2 * size:
        return
    head = QRectF(area.left(), area.top(), area.width(), 1.3 * size)
    write(painter, head, "Loss above its floor, over the steps", theme.colour("text"), typeface(size, True), LEFT)

    def point(notch: int, loss: float) -> QPointF:
        share = math.log(min(max(loss, LEAST), MOST) / LEAST) / math.log(MOST / LEAST)
        return QPointF(plot.left() + plot.width() * notch / (len(TOLD) - 1), plot.bottom() - plot.height() * share)

    for loss, said in (
        (1.0, "1"),
        (1e-3, "10\N{SUPERSCRIPT MINUS}\N{SUPERSCRIPT THREE}"),
        (1e-6, "10\N{SUPERSCRIPT MINUS}\N{SUPERSCRIPT SIX}"),
    ):
        y = point(0, loss).y()
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        beside = QRectF(area.left(), y - size, 3.9 * size, 2 * size)
        small = fitting([said], beside.width(), 0.85 * size)
        write(painter, beside, said, theme.colour("muted"), typeface(small), RIGHT)
    above = np.maximum(figure.loss - figure.floor[:, None], 0.0)
    for each, name in enumerate(OBJECTIVES):
        shape, colour = SHAPES[name]
        line = Qt.PenStyle.DashLine if shape == "box" else Qt.PenStyle.SolidLine
        painter.setPen(QPen(theme.colour(colour), 2, line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([point(*row) for row in enumerate(above[each, : at + 1].tolist())]))
        draw_shape(painter, shape, point(at, float(above[each, at])), 0.34 * size, theme.colour(colour))


PICTURE = TrainingPicture()
