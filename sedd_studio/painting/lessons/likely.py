"""The figure of "How likely": levels above each other, and the estimate of one of them that closes in as calls come."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from engine.protocol.lessons.likely import LEVELS, SPOILT, LikelyFigure
from sedd_studio.painting.lessons.drawing import (
    LEFT,
    RIGHT,
    Bar,
    Sign,
    draw_bars,
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
from sedd_studio.record.chapters.likely import TITLES, estimate_says, name_of, place_of

COLOURS = {"world": "text", "model": "muted", "bound": "accent", "two": "faint", "one": "faint"}
WIDE = {"world": 3.0, "model": 2.0, "bound": 3.0, "two": 1.5, "one": 1.5}
GAP = 1.35
"""Of the size of type, between the names of two levels."""
CALLS = "calls of the network"


class LikelyPicture(Picture):
    """A ladder: each level is a line across, with its name at the left; the estimate is drawn over its calls."""

    level = "calls"

    def paint(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, at, _ = place_of(shown)
        size = max(12.0, min(26.0, area.height() / 24))
        low, high = span(figure)
        names = [f"{TITLES[name]}  {value:.3f}" for name, value in zip(LEVELS, figure.levels[at], strict=True)]
        wide = max(QFontMetricsF(typeface(size, bold=True)).horizontalAdvance(name) for name in names)
        left = area.left() + min(wide + 2.2 * size, 0.55 * area.width())
        plot = QRectF(left, area.top() + 2.2 * size, area.right() - left - size, area.height() - 4.4 * size)

        def height(nats: float) -> float:
            return plot.bottom() - plot.height() * (nats - low) / (high - low)

        top = QRectF(area.left(), area.top(), area.width(), 1.4 * size)
        told = f"Nats of {name_of(shown)}: the lower, the likelier"
        head(painter, top, told, theme, size)
        _estimates(painter, plot, shown, theme, height)
        places = _spread([height(value) for value in figure.levels[at]], GAP * size)
        for number, name in enumerate(LEVELS):
            y, beside = height(float(figure.levels[at, number])), places[number]
            painter.setPen(QPen(theme.colour(COLOURS[name]), WIDE[name], _style(name)))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(QPen(theme.colour("border"), 1))
            painter.drawLine(QPointF(plot.left() - 1.6 * size, beside), QPointF(plot.left() - 0.2 * size, y))
            line = QRectF(area.left(), beside - size, left - area.left() - 2.0 * size, 2 * size)
            strong = name in ("world", "bound")
            write(painter, line, names[number], theme.colour(COLOURS[name] if strong else "text"),
                  typeface(size, bold=strong), RIGHT)  # fmt: skip
        foot = QRectF(plot.left(), plot.bottom() + 0.6 * size, plot.width(), 1.4 * size)
        first, last = f"{figure.calls[0]}", f"{figure.calls[-1]}"
        small = typeface(fitting([f"{last}  {CALLS}  {last}"], foot.width(), 0.85 * size))
        write(painter, foot, CALLS, theme.colour("muted"), small)
        write(painter, foot, first, theme.colour("muted"), small, LEFT)
        write(painter, foot, last, theme.colour("muted"), small, RIGHT)

    def paint_beside(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, at, _ = place_of(shown)
        size = size_for(area, 19)
        levels = dict(zip(LEVELS, figure.levels[at].tolist(), strict=True))
        most = float(figure.levels.max())
        heading = QRectF(area.left(), area.top(), area.width(), 1.6 * size)
        write(painter, heading, estimate_says(shown), theme.colour("text"), typeface(size, bold=True), LEFT)
        bars = [
            Bar(levels["bound"] / most, f"{levels['bound']:.3f}", title="bound", mark=levels["world"] / most),
            Bar(abs(levels["bound"] - levels["world"]) / most, f"{levels['bound'] - levels['world']:+.3f}",
                title="above the world", colour="fresh", chosen=True),
            Bar((levels["bound"] - levels["model"]) / most, f"{levels['bound'] - levels['model']:+.3f}",
                title="above the model", colour="faint"),
        ]  # fmt: skip
        block = QRectF(area.left(), heading.bottom(), area.width(), 2.1 * size * len(bars))
        draw_bars(painter, block, bars, figure.words, theme, size)
        signs = [
            Sign("mark", "text", "the world's own value"),
            Sign("disc", "fresh", "the estimate, in its 95 % interval"),
            Sign("line", "accent", "what it closes in on: the bound"),
            Sign("dashed", "faint", "a sampler's own value, in so many steps"),
        ]
        draw_legend(painter, area, signs, theme, 0.9 * size)

    def key(self, shown: Shown, key: Qt.Key) -> Change | None:
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(key)
        return None if step is None else ("spoilt", min(max(shown.choices["spoilt"] + step, 0), len(SPOILT) - 1))


def span(figure: LikelyFigure) -> tuple[float, float]:
    """The nats that are drawn, for all scores: what is looked up moves, and the scale does not."""
    settled = figure.mean[:, 1:]
    low = min(float(figure.levels.min()), float(settled.min()))
    high = max(float(figure.levels.max()), float(settled.max()))
    room = 0.08 * (high - low)
    return low - room, high + room


def _style(name: str) -> Qt.PenStyle:
    return Qt.PenStyle.DashLine if name in ("two", "one", "model") else Qt.PenStyle.SolidLine


def _spread(heights: list[float], gap: float) -> list[float]:
    """Heights that are at least a gap apart, in the same order, about where they were."""
    order = np.argsort(heights, kind="stable")
    places = np.array(heights)[order]
    for number in range(1, len(places)):
        places[number] = max(places[number], places[number - 1] + gap)
    places -= max(0.0, float(np.mean(places - np.array(heights)[order])))
    spread = np.empty(len(places))
    spread[order] = places
    return [float(place) for place in spread]


def _estimates(painter: QPainter, plot: QRectF, shown: Shown, theme: Theme, height: Callable[[float], float]) -> None:
    """The running mean up to the chosen call, in its interval, and the error bar there."""
    figure, at, calls = place_of(shown)
    last = len(figure.calls) - 1

    def point(number: int, nats: float) -> QPointF:
        y = min(max(height(nats), plot.top()), plot.bottom())
        return QPointF(plot.left() + plot.width() * number / last, y)

    mean, half = figure.mean[at], figure.half[at]
    known = [number for number in range(calls + 1) if half[number] == half[number]]
    band = [point(number, mean[number] + half[number]) for number in known]
    band += [point(number, mean[number] - half[number]) for number in reversed(known)]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("fresh", 0.18))
    painter.drawPolygon(QPolygonF(band))
    painter.setPen(QPen(theme.colour("fresh"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([point(number, mean[number]) for number in range(calls + 1)]))
    here = point(calls, mean[calls])
    if half[calls] == half[calls]:
        top, foot = point(calls, mean[calls] + half[calls]), point(calls, mean[calls] - half[calls])
        painter.drawLine(top, foot)
        for end in (top, foot):
            painter.drawLine(end - QPointF(6, 0), end + QPointF(6, 0))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("fresh"))
    painter.drawEllipse(here, 5.0, 5.0)


PICTURE = LikelyPicture()
