"""The figure of "Precision": how often each group of words is written, and the entropy over the steps."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from engine.protocol.lessons.precision import BITS
from sedd_studio.painting.lessons.drawing import (
    LEFT,
    RIGHT,
    Bar,
    Sign,
    draw_bars,
    draw_legend,
    head,
    size_for,
    typeface,
    write,
)
from sedd_studio.painting.lessons.picture import Change, Picture
from sedd_studio.painting.theme import Theme
from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.record.chapters.formulas import per_cent
from sedd_studio.record.chapters.precision import place_of

GROUPS = 0.6
"""Of the height, for the groups."""
ROOM = 1.7
"""How often what a group must have fits into the height of its bars."""


class PrecisionPicture(Picture):
    """A bar a group; the outline is what it must have."""

    level = "steps"

    def paint(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        size = max(11.0, min(24.0, area.height() / 26))
        top = QRectF(area.left(), area.top(), area.width(), 1.4 * size)
        head(painter, top, "How often a word of each group is written", theme, size)
        foot = area.top() + GROUPS * area.height()
        bars = QRectF(area.left(), top.bottom(), area.width(), foot - top.bottom() - 2.6 * size)
        _groups(painter, bars, shown, theme, size)
        curve = QRectF(area.left(), foot + 0.4 * size, area.width(), area.bottom() - foot - 0.4 * size)
        _entropy(painter, curve, shown, theme, size)

    def paint_beside(self, painter: QPainter, area: QRectF, shown: Shown, theme: Theme) -> None:
        figure, kind, at = place_of(shown)
        size = size_for(area, 18)
        half = len(figure.sizes) // 2
        rare = float(figure.share[kind, at, half:].sum())
        now, cold = float(figure.entropy[kind, at]), float(figure.temperature[kind, at])
        heading = QRectF(area.left(), area.top(), area.width(), 1.6 * size)
        write(painter, heading, "What is written", theme.colour("text"), typeface(size, bold=True), LEFT)
        bars = [
            Bar(now / figure.exact, f"{now:.3f}", title="nats a word", chosen=True, mark=1.0),
            Bar(cold, f"{cold:.3f}", title="as at temperature", colour="fresh", mark=1.0),
            Bar(rare, per_cent(rare), title="rarer half of groups", colour="faint", mark=0.5),
        ]
        block = QRectF(area.left(), heading.bottom(), area.width(), 2.1 * size * len(bars))
        draw_bars(painter, block, bars, (), theme, size)
        signs = [
            Sign("mark", "text", "what it must be"),
            Sign("square", "accent", "what is written of a group of words"),
            Sign("hollow", "text", "what the group must have"),
        ]
        draw_legend(painter, area, signs, theme, 0.9 * size)

    def key(self, shown: Shown, key: Qt.Key) -> Change | None:
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(key)
        sizes = [*BITS]
        return None if step is None else ("bits", sizes[(sizes.index(shown.choices["bits"]) + step) % len(sizes)])


def _groups(painter: QPainter, area: QRectF, shown: Shown, theme: Theme, size: float) -> None:
    figure, kind, at = place_of(shown)
    count = len(figure.sizes)
    wide, must = area.width() / count, 1 / count
    level = area.bottom() - area.height() / ROOM
    for number, share in enumerate(figure.share[kind, at].tolist()):
        left = area.left() + number * wide + 0.12 * wide
        high = area.height() / ROOM * share / must
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        painter.drawRect(QRectF(left, area.bottom() - high, 0.76 * wide, high))
        painter.setPen(QPen(theme.colour("text"), 1.3, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(left, level, 0.76 * wide, area.bottom() - level))
    every = 1 if count <= 8 else 3
    for number in range(0, count, every):
        middle = area.left() + (number + 0.5) * wide
        small, says = typeface(0.85 * size), f"{figure.sizes[number]:,}"
        half = QFontMetricsF(small).horizontalAdvance(says) / 2
        middle = min(middle, area.right() - half)  # the last one is wider than its bar
        below = QRectF(middle - 60, area.bottom() + 0.2 * size, 120, 1.3 * size)
        write(painter, below, says, theme.colour("text"), small)
    last = QRectF(area.left(), area.bottom() + 1.35 * size, area.width(), 1.2 * size)
    write(painter, last, "words in the group; the rarest at the right", theme.colour("muted"), typeface(0.85 * size))


def _entropy(painter: QPainter, area: QRectF, shown: Shown, theme: Theme, size: float) -> None:
    figure, kind, at = place_of(shown)
    small = typeface(0.85 * size)
    top = QRectF(area.left(), area.top(), area.width(), 1.4 * size)
    head(painter, top, "Entropy in nats a word, over the steps", theme, size)
    plot = area.adjusted(3.0 * size, 2.2 * size, -2.0 * size, -1.7 * size)
    high, low = math.ceil(figure.exact), math.floor(float(figure.entropy.min()))
    last = math.log2(float(figure.steps[-1]))

    def point(steps: float, entropy: float) -> QPointF:
        share = (entropy - low) / max(high - low, 1)
        return QPointF(plot.left() + plot.width() * math.log2(steps) / last, plot.bottom() - plot.height() * share)

    for entropy in range(low, high + 1):
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.drawLine(point(1, entropy), point(2**last, entropy))
        beside = QRectF(area.left(), point(1, entropy).y() - size, 2.4 * size, 2 * size)
        write(painter, beside, f"{entropy}", theme.colour("muted"), small, RIGHT)
    for power in range(0, int(last) + 1, 2):
        below = QRectF(point(2**power, low).x() - 40, plot.bottom() + 0.25 * size, 80, 1.3 * size)
        write(painter, below, f"{2**power:,}", theme.colour("muted"), small)
    for each, bits in sorted(enumerate(BITS), key=lambda row: row[0] == kind):
        mine = each == kind
        painter.setPen(QPen(theme.colour("accent" if mine else "strong_border"), 2.5 if mine else 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        rows = zip(figure.steps.tolist(), figure.entropy[each].tolist(), strict=True)
        painter.drawPolyline(QPolygonF([point(steps, entropy) for steps, entropy in rows]))
        middle = len(figure.steps) // 3 if bits < 64 else len(figure.steps) - 3
        there = point(float(figure.steps[middle]), float(figure.entropy[each, middle]))
        name = QRectF(there.x() - 4 * size, there.y() + (-1.5 if bits == 64 else 0.25) * size, 8 * size, 1.3 * size)
        write(painter, name, f"{bits} bits", theme.colour("accent" if mine else "muted"), small)
    here = point(float(figure.steps[at]), float(figure.entropy[kind, at]))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("accent"))
    painter.drawEllipse(here, 0.4 * size, 0.4 * size)


PICTURE = PrecisionPicture()
