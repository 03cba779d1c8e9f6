"""The figure of "Breaking a text": a sentence under both kinds of noise, and below it how many words are left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from engine.protocol.lessons.breaking import BreakingFigure
from engine.protocol.lessons.lesson import Numbers
from sedd_studio.painting.lessons.drawing import (
    LEFT,
    RIGHT,
    Bar,
    Sign,
    draw_bars,
    draw_legend,
    hidden_word,
    size_for,
    typeface,
    write,
)
from sedd_studio.painting.lessons.picture import Picture
from sedd_studio.painting.theme import Theme
from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.chapters.formulas import per_cent

TEXTS = (0.6, 0.8)
"""Of the height, for both sentences; and where they are so long that they have no room then."""
SIZES = (64, 56, 48, 42, 36, 32, 28, 26, 24, 22, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11)
EVERY = 4
"""Levels between two points of a smooth curve."""
LINE = 1.75
"""Of the size of type, between lines."""


class BreakingPicture(Picture):
    """The words stand where they stand, whatever strikes them."""

    def paint(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure = shown.figure
        small, widths = max(11.0, min(24.0, area.height() / 28)), word_widths(figure)
        share, size = TEXTS[-1], SIZES[-1]
        for each, tried in product(TEXTS, SIZES):
            room = QRectF(0, 0, area.width(), each * area.height() / 2 - 1.8 * small)
            if word_places(widths, room, tried)[-1].bottom() <= room.bottom():
                share, size = each, tried
                break
        half = share * area.height() / 2
        for number, title in enumerate(("Absorbing noise hides words", "Uniform noise puts any word there")):
            top = area.top() + number * half
            heading = QRectF(area.left(), top, area.width(), 1.4 * small)
            write(painter, heading, title, theme.colour("muted"), typeface(small), LEFT)
            places = word_places(widths, QRectF(area.left(), heading.bottom(), area.width(), half), size)
            _sentence(painter, places, shown, typeface(size), theme, hides=number == 0)
        foot = area.adjusted(0, share * area.height() + 0.4 * small, 0, 0)
        _curve(painter, foot, shown, theme, small)

    def paint_beside(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, at = shown.figure, shown.choices["level"]
        size = size_for(area, 18.6)
        top = area.top()
        groups = (
            ("Hidden by absorbing noise", 1 - figure.kept[at], figure.struck[at]),
            ("Read otherwise under uniform noise", 1 - figure.same[at], figure.other[at]),
        )
        for title, expected, here in groups:
            heading = QRectF(area.left(), top, area.width(), 1.6 * size)
            write(painter, heading, title, theme.colour("text"), typeface(size, bold=True), LEFT)
            bars = [
                Bar(float(here), per_cent(here), title="this text"),
                Bar(float(expected), per_cent(expected), title="expected", colour="faint"),
            ]
            rows = QRectF(area.left(), heading.bottom() + 2, area.width(), 4.2 * size)
            draw_bars(painter, rows, bars, figure.names, theme, size)
            top = rows.bottom() + 0.8 * size
        signs = [
            Sign("line", "accent", "the chance that a word is kept"),
            Sign("line", "faint", "the words of this text that are left"),
            Sign("mark", "muted", "an accident that is the first for its word"),
        ]
        draw_legend(painter, area, signs, theme, 0.9 * size)


def word_widths(figure: BreakingFigure) -> list[float]:
    """How wide each word's place is, in the size of type: enough for all that will stand there."""
    metrics = QFontMetricsF(typeface(SIZES[0]))
    widths = [metrics.horizontalAdvance(name) / SIZES[0] for name in figure.names]
    return [max(widths[word] for word in ever) for ever in figure.ever]


def word_places(widths: list[float], area: QRectF, size: float) -> list[QRectF]:
    """Where each word stands, in lines."""
    gap, height = 0.55 * size, LINE * size
    places, x, y = [], area.left(), area.top()
    for each in widths:
        width = each * size
        if x + width > area.right() and x > area.left():
            x, y = area.left(), y + height
        places.append(QRectF(x, y, width, height))
        x += width + gap
    return places


def _sentence(painter: QPainter, places: list[QRectF], shown: Shown, font: QFont, theme: Theme, hides: bool) -> None:
    """The sentence under one kind of noise. What uniform noise has touched has a line under it; what reads otherwise
    stands out."""
    figure, at = shown.figure, shown.choices["level"]
    rows = zip(places, figure.text.tolist(), figure.accidents[at].tolist(), figure.uniform[at].tolist(), strict=True)
    for place, own, struck, now in rows:
        if struck and hides:
            hidden_word(painter, place, font, theme)
            continue
        if struck:
            foot = place.bottom() - 0.24 * place.height()
            painter.setPen(QPen(theme.colour("accent" if now != own else "strong_border"), 1.5, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(place.left(), foot), QPointF(place.right(), foot))
        told = figure.names[own if hides else now]
        write(painter, place, told, theme.colour("accent" if not hides and now != own else "text"), font, LEFT)


def _curve(painter: QPainter, area: QRectF, shown: Shown, theme: Theme, size: float) -> None:
    """The chance to be kept over the noise, what is left of this text, and where the slider stands."""
    figure, at = shown.figure, shown.choices["level"]
    plot = area.adjusted(3.6 * size, 0.8 * size, -1.0 * size, -1.9 * size)
    last = float(figure.sigma[-1])

    def point(sigma: float, share: float) -> QPointF:
        return QPointF(plot.left() + plot.width() * sigma / last, plot.bottom() - plot.height() * share)

    painter.setPen(QPen(theme.colour("border"), 1))
    for share in (0.0, 0.5, 1.0):
        painter.drawLine(point(0, share), point(last, share))
    for share in (0.0, 0.5, 1.0):
        beside = QRectF(area.left(), point(0, share).y() - size, 3.1 * size, 2 * size)
        write(painter, beside, f"{100 * share:.0f} %", theme.colour("muted"), typeface(0.85 * size), RIGHT)
    for sigma in range(int(last) + 1):
        under = QRectF(point(sigma, 0).x() - 40, plot.bottom() + 0.3 * size, 80, 1.4 * size)
        name = "\N{GREEK SMALL LETTER SIGMA}" if sigma == last else f"{sigma}"
        write(painter, under, name, theme.colour("muted"), typeface(0.85 * size))
    painter.setPen(QPen(theme.colour("muted"), 1.5))
    for first in figure.first:
        if np.isfinite(first):
            painter.drawLine(point(first, 0), point(first, 0) - QPointF(0, 0.5 * size))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.colour("faint"), 1.5))
    painter.drawPolyline(_steps(figure.sigma, 1 - figure.struck, point))
    painter.setPen(QPen(theme.colour("accent"), 2.5))
    painter.drawPolyline(QPolygonF([point(float(x), float(y)) for x, y in _smooth(figure)]))
    here = point(float(figure.sigma[at]), float(figure.kept[at]))
    painter.setPen(QPen(theme.colour("accent"), 1, Qt.PenStyle.DashLine))
    painter.drawLine(QPointF(here.x(), plot.top()), QPointF(here.x(), plot.bottom()))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("accent"))
    painter.drawEllipse(here, 0.38 * size, 0.38 * size)
    says, font = per_cent(figure.kept[at]), typeface(size, bold=True)
    wide = QFontMetricsF(font).horizontalAdvance(says)
    left = min(here.x() + 0.6 * size, area.right() - wide)  # at the end of the noise it stands above its place
    told = QRectF(left, here.y() - 1.7 * size, wide, 1.5 * size)
    write(painter, told, says, theme.colour("accent"), font, LEFT)


def _smooth(figure: BreakingFigure) -> Iterator[tuple[float, float]]:
    """Every few points of the curve, and the last: it bends so little that no more are seen."""
    yield from zip(figure.sigma[::EVERY], figure.kept[::EVERY], strict=True)
    yield figure.sigma[-1], figure.kept[-1]


def _steps(sigma: Numbers, shares: Numbers, point: Callable[[float, float], QPointF]) -> QPolygonF:
    """A line that is level between the levels at which it falls."""
    line = [point(float(sigma[0]), float(shares[0]))]
    for fall in np.flatnonzero(np.diff(shares)):
        at = float(sigma[fall + 1])
        line += [point(at, float(shares[fall])), point(at, float(shares[fall + 1]))]
    return QPolygonF([*line, point(float(sigma[-1]), float(shares[-1]))])


PICTURE = BreakingPicture()
