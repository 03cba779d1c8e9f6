"""A tiny picture of what a model writes: lines of a text, a question and its answer, a molecule, a digit, bases."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from engine.protocol import Noise
from sedd_studio.painting import icons
from sedd_studio.painting.theme import Look

WIDE, HIGH = 44.0, 30.0
"""The grid that pictures are drawn on."""
LINES = ((9, 13, 8, 10), (13, 9, 7, 11), (8, 14, 10))
"""Widths of the words of a text, line by line."""
WORD, BETWEEN, LINE = 4.0, 1.5, 9.0
"""Height of a word, what is between two, and from one line to the next."""
HIDDEN = ((1, 3), (0, 2), (1,))
"""Which words a run has not filled yet, or has changed."""
TO_COME: dict[Noise | None, str] = {"uniform": "fresh", "none": "faint"}
"""Their colour: what changes is new, and from left to right all that is there is written."""
WRITTEN: dict[Noise | None, int] = {"none": 1}
"""How many words of the last line are there, before the arrow, from left to right."""
DIGIT = ("01110", "10001", "00001", "00110", "00001", "10001", "01110")
DOT = 4.0
BASES = (5, 9, 7, 12, 8, 6, 24, 22, 25, 21, 24, 9, 7, 11, 6)
BOX = range(6, 11)
"""The bases that stand out: most promoters have TATAA there."""


def draw(painter: QPainter, area: QRectF, writes: str, noise: Noise | None, look: Look) -> None:
    """Draws what a model of some noise `writes` into the middle of `area`; nothing where that is not known."""
    paint = PICTURES.get(writes)
    if paint is None:
        return
    with icons.lent(painter):
        scale = min(area.width() / WIDE, area.height() / HIGH)
        painter.translate(area.center())
        painter.scale(scale, scale)
        painter.translate(-WIDE / 2, -HIGH / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        paint(painter, look, noise)


def _text(painter: QPainter, look: Look, noise: Noise | None) -> None:
    """What is to come, or changes, has a colour of its own, and what writes from left to right has an arrow."""
    plain, other = look.colour("faint"), look.colour(TO_COME.get(noise, "strong_border"))
    last = len(LINES) - 1
    for line, widths in enumerate(LINES):
        left, top = 0.0, 3 + line * LINE
        for place, width in enumerate(widths):
            if line == last and place == WRITTEN.get(noise):
                _arrow(painter, look.colour("accent"), QPointF(left, top + WORD / 2), 22)
                break
            painter.setBrush(other if place in HIDDEN[line] else plain)
            painter.drawRoundedRect(QRectF(left, top, width - BETWEEN, WORD), 2, 2)
            left += width


def _arrow(painter: QPainter, colour: QColor, begin: QPointF, length: float) -> None:
    end = begin + QPointF(length, 0)
    painter.setPen(QPen(colour, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawLine(begin, end)
    painter.drawPolyline(QPolygonF([end + QPointF(-4, -3.5), end, end + QPointF(-4, 3.5)]))


def _questions(painter: QPainter, look: Look, noise: Noise | None) -> None:
    asked, answer = QRectF(0, 2, 26, 10), QRectF(12, 17, 32, 11)
    for bubble, colour, words in ((asked, "mask", (7, 11)), (answer, "lock_fill", (9, 6, 8))):
        painter.setBrush(look.colour(colour))
        painter.drawRoundedRect(bubble, 4, 4)
        painter.setBrush(look.colour("accent" if bubble is answer else "faint"))
        left = bubble.left() + 3
        for width in words:
            painter.drawRoundedRect(QRectF(left, bubble.center().y() - 1.5, width - BETWEEN, 3), 1.5, 1.5)
            left += width


def _proteins(painter: QPainter, look: Look, noise: Noise | None) -> None:
    """A chain of residues in a wave, part of which is to be kept."""
    places = [QPointF(3 + 3.8 * step, HIGH / 2 + 9 * math.sin(step * 0.85)) for step in range(11)]
    painter.setPen(QPen(look.colour("strong_border"), 2))
    painter.drawPolyline(QPolygonF(places))
    painter.setPen(Qt.PenStyle.NoPen)
    for step, place in enumerate(places):
        painter.setBrush(look.colour("accent" if 4 <= step <= 6 else "faint"))
        painter.drawEllipse(place, 2.6, 2.6)


def _molecules(painter: QPainter, look: Look, noise: Noise | None) -> None:
    middle, radius = QPointF(13, HIGH / 2), 9.5
    corners = [middle + QPointF(math.sin(k * math.pi / 3), -math.cos(k * math.pi / 3)) * radius for k in range(6)]
    pen = QPen(look.colour("muted"), 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolygon(QPolygonF(corners))
    inner = [middle + (corner - middle) * 0.74 for corner in corners]
    for first in (0, 2, 4):
        painter.drawLine(inner[first], inner[first + 1])
    out = corners[1] + QPointF(8.5, -4.5)
    up, down = out + QPointF(7, 3.5), corners[2] + QPointF(8.5, 4.5)
    painter.drawPolyline(QPolygonF([corners[1], out, up]))
    painter.drawLine(corners[2], down)
    painter.setPen(Qt.PenStyle.NoPen)
    for place, colour in ((up, "accent"), (down, "fresh")):
        painter.setBrush(look.colour(colour))
        painter.drawEllipse(place, 2.8, 2.8)


def _digits(painter: QPainter, look: Look, noise: Noise | None) -> None:
    for half in range(2):  # a whole one, and one of which the lower half is to come
        for line, dots in enumerate(DIGIT):
            for place, dot in enumerate(dots):
                hidden = half == 1 and line > len(DIGIT) // 2
                if dot == "1" or hidden:
                    painter.setBrush(look.colour("strong_border" if hidden else "muted"))
                    left = half * (len(dots) + 1) * DOT
                    painter.drawRect(QRectF(left + place * DOT, 1 + line * DOT, DOT - 0.5, DOT - 0.5))


def _promoters(painter: QPainter, look: Look, noise: Noise | None) -> None:
    for place, height in enumerate(BASES):
        painter.setBrush(look.colour("accent" if place in BOX else "faint"))
        painter.drawRoundedRect(QRectF(place * 3.0, 28 - height, 2, height), 1, 1)


PICTURES: Mapping[str, Callable[[QPainter, Look, Noise | None], None]] = {
    "text": _text,
    "questions": _questions,
    "proteins": _proteins,
    "molecules": _molecules,
    "digits": _digits,
    "promoters": _promoters,
}
"""One for each of `engine.catalogue.families.KINDS`."""
