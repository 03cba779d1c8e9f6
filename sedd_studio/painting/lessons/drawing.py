"""What figures of Learn are drawn with: type that grows with the figure, texts with hidden words, bars and legends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import get_ident

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from sedd_studio.painting.theme import Theme, family

LEAST, MOST = 11.0, 24.0
"""Pixels of the smallest type, and of the largest beside a figure."""
CENTRE = Qt.AlignmentFlag.AlignCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def typeface(size: float, bold: bool = False) -> QFont:
    """The window's type, in pixels."""
    return _typeface(round(max(size, LEAST)), bold, get_ident())


@lru_cache(maxsize=256)  # a figure has some hundred texts; a font is loaded for the thread that first uses it
def _typeface(size: int, bold: bool, thread: int) -> QFont:
    font = QFont(family())
    font.setPixelSize(size)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def size_for(area: QRectF, lines: float) -> float:
    """The size of type in which so many lines, each as high as the type, fit into an area beside a figure."""
    return max(LEAST, min(MOST, area.height() / lines, area.width() / 24))


def write(
    painter: QPainter, area: QRectF, text: str, colour: QColor, font: QFont, flags: Qt.AlignmentFlag = CENTRE
) -> None:
    """One line of text in an area."""
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(area, int(flags) | int(Qt.TextFlag.TextDontClip), text)


def fitting(texts: Iterable[str], width: float, size: float, bold: bool = False) -> float:
    """The size of type, at most `size`, in which each text has room."""
    longest = max((QFontMetricsF(typeface(size, bold)).horizontalAdvance(text) for text in texts), default=0.0)
    return size if longest <= width else max(LEAST, size * width / longest)


def head(painter: QPainter, area: QRectF, text: str, theme: Theme, size: float) -> None:
    """What a part of a figure is of, above it; in smaller type where it has no room else."""
    write(painter, area, text, theme.colour("muted"), typeface(fitting([text], area.width(), size)), LEFT)


def text_width(states: Sequence[int], names: tuple[str, ...], font: QFont) -> float:
    """Pixels that a text of states takes."""
    metrics = QFontMetricsF(font)
    return sum(_widths(states, names, metrics)) + _space(metrics) * (len(states) - 1)


def draw_states(
    painter: QPainter,
    area: QRectF,
    states: Sequence[int],
    names: tuple[str, ...],
    font: QFont,
    theme: Theme,
    flags: Qt.AlignmentFlag = CENTRE,
) -> None:
    """A text: its words, and a block for each that is hidden."""
    metrics = QFontMetricsF(font)
    widths, space = _widths(states, names, metrics), _space(metrics)
    whole = sum(widths) + space * (len(states) - 1)
    left = area.left() if flags == LEFT else area.right() - whole if flags == RIGHT else area.center().x() - whole / 2
    for state, width in zip(states, widths, strict=True):
        place = QRectF(left, area.top(), width, area.height())
        if state < len(names):
            write(painter, place, names[state], theme.colour("text"), font)
        else:
            hidden_word(painter, place, font, theme)
        left += width + space


def hidden_word(painter: QPainter, place: QRectF, font: QFont, theme: Theme) -> None:
    """The block that stands for a hidden word, in the middle of its place."""
    height = 0.62 * font.pixelSize()
    block = QRectF(place.left(), place.center().y() - height / 2, place.width(), height)
    painter.setPen(QPen(theme.colour("strong_border"), 1))
    painter.setBrush(theme.colour("mask" if theme.name == "contrast" else "mask_edge"))
    painter.drawRoundedRect(block, height / 2, height / 2)


def _widths(states: Sequence[int], names: tuple[str, ...], metrics: QFontMetricsF) -> list[float]:
    hidden = max(metrics.horizontalAdvance(name) for name in names)
    return [metrics.horizontalAdvance(names[state]) if state < len(names) else hidden for state in states]


def _space(metrics: QFontMetricsF) -> float:
    return 1.6 * metrics.horizontalAdvance(" ")


@dataclass(frozen=True)
class Bar:
    """A bar of `share` of the whole length, of a text of states or a `title`; `says` stands at its end."""

    share: float
    says: str
    states: tuple[int, ...] = ()
    title: str = ""
    colour: str = "accent"
    chosen: bool = False
    parts: tuple[float, ...] = ()
    """Shares that it is made of, if of several."""
    mark: float | None = None
    """Where it must end, in a share of the whole length."""
    hollow: bool = False
    """Whether it has a dashed edge and little colour within, for what should not be there."""


def draw_bars(
    painter: QPainter,
    area: QRectF,
    bars: Sequence[Bar],
    names: tuple[str, ...],
    theme: Theme,
    size: float,
    least: float = 0.0,
) -> None:
    """Bars under each other, each on a track as long as a share of 1: what it is of at the left, in `least` pixels or
    more, its number at the right."""
    height = min(area.height() / max(len(bars), 1), 2.1 * size)
    titles = max(least, *(_title_width(each, names, size) for each in bars)) + size
    numbers = max((QFontMetricsF(typeface(size, bold=True)).horizontalAdvance(each.says) for each in bars), default=0.0)
    for number, bar in enumerate(bars):
        font = typeface(size, bar.chosen)
        line = QRectF(area.left(), area.top() + number * height, area.width(), height)
        title = QRectF(line.left(), line.top(), titles, height)
        if bar.states:
            draw_states(painter, title, bar.states, names, font, theme, LEFT)
        else:
            write(painter, title, bar.title, theme.colour("text"), font, LEFT)
        room = line.adjusted(titles, 0.2 * height, -numbers - size, -0.2 * height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("mask", 0.6))
        painter.drawRoundedRect(room, 3, 3)
        left = room.left()
        for place, part in enumerate(bar.parts or (bar.share,)):
            drawn = QRectF(left, room.top(), max(1.5, part * room.width()), room.height())
            painter.setBrush(theme.colour(bar.colour, 1.0 if place % 2 == 0 else 0.55))
            if bar.hollow:
                draw_hollow(painter, drawn, bar.colour, theme)
            else:
                painter.drawRoundedRect(drawn, min(3.0, drawn.width() / 2), min(3.0, drawn.width() / 2))
            left += part * room.width()
        if bar.mark is not None:
            at = room.left() + bar.mark * room.width()
            painter.fillRect(QRectF(at - 1, room.top() - 3, 2.5, room.height() + 6), theme.colour("text"))
        write(painter, line, bar.says, theme.colour("text"), font, RIGHT)


def draw_hollow(painter: QPainter, place: QRectF, colour: str, theme: Theme, radius: float = 3.0) -> None:
    """A rectangle with a dashed edge and little colour within."""
    painter.setPen(QPen(theme.colour(colour), 2, Qt.PenStyle.DashLine))
    painter.setBrush(theme.colour(colour, 0.18))
    painter.drawRoundedRect(place, min(radius, place.width() / 4), min(radius, place.width() / 4))
    painter.setPen(Qt.PenStyle.NoPen)


def draw_shape(painter: QPainter, shape: str, middle: QPointF, radius: float, colour: QColor) -> None:
    """A "ring", a "box" or a "disc": seen apart where they lie on each other, and without colour."""
    painter.setPen(QPen(colour, 2) if shape == "ring" else Qt.PenStyle.NoPen)
    painter.setBrush(Qt.BrushStyle.NoBrush if shape == "ring" else colour)
    if shape == "box":
        painter.drawRect(QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius))
    else:
        wide = 1.45 * radius if shape == "ring" else 0.8 * radius
        painter.drawEllipse(middle, wide, wide)


def _title_width(bar: Bar, names: tuple[str, ...], size: float) -> float:
    font = typeface(size, bold=True)
    return text_width(bar.states, names, font) if bar.states else QFontMetricsF(font).horizontalAdvance(bar.title)


def arrow(painter: QPainter, start: QPointF, end: QPointF, thickness: float, colour: QColor) -> None:
    """A filled arrow along a row or a column; its head is wider than its shaft, however thin that is."""
    length = abs(end.x() - start.x()) + abs(end.y() - start.y())
    if length <= 0:
        return
    ahead = QPointF((end.x() - start.x()) / length, (end.y() - start.y()) / length)
    across = QPointF(-ahead.y(), ahead.x())
    half, wide = thickness / 2, thickness / 2 + 4.5
    head = min(wide * 1.15, length / 2)
    neck = end - ahead * head
    path = QPainterPath(start + across * half)
    for point in (neck + across * half, neck + across * wide, end, neck - across * wide, neck - across * half):
        path.lineTo(point)
    path.lineTo(start - across * half)
    path.closeSubpath()
    painter.fillPath(path, colour)


@dataclass(frozen=True)
class Sign:
    """A line of a legend: a sign in a colour, and what it means. `kind` is "square", "hollow" or "hidden" (squares),
    "arrow", "line", "dashed", "ring", "box" or "disc" (lines), or "mark". No two of a legend differ by hue alone."""

    kind: str
    colour: str
    says: str


def draw_legend(painter: QPainter, area: QRectF, signs: Sequence[Sign], theme: Theme, size: float) -> None:
    """Lines under each other, the last at the foot of the area."""
    height, wide = 1.8 * size, 1.6 * size
    for number, sign in enumerate(reversed(signs)):
        line = QRectF(area.left(), area.bottom() - (number + 1) * height, area.width(), height)
        colour, middle = theme.colour(sign.colour), line.center().y()
        box = QRectF(line.left() + 0.2 * wide, middle - 0.5 * size, size, size)
        match sign.kind:
            case "square" | "hidden":
                painter.setPen(QPen(theme.colour("strong_border"), 1))
                painter.setBrush(colour)
                painter.drawRoundedRect(box, 3, 3)
                if sign.kind == "hidden":
                    hidden_word(painter, box.adjusted(2, 0, -2, 0), typeface(0.6 * size), theme)
            case "hollow":
                draw_hollow(painter, box, sign.colour, theme)
            case "arrow":
                arrow(painter, QPointF(line.left(), middle), QPointF(line.left() + wide, middle), 0.3 * size, colour)
            case "line" | "dashed" | "ring" | "box" | "disc":
                style = Qt.PenStyle.DashLine if sign.kind in ("dashed", "box") else Qt.PenStyle.SolidLine
                painter.setPen(QPen(colour, 3 if sign.kind == "line" else 2, style, Qt.PenCapStyle.FlatCap))
                painter.drawLine(QPointF(line.left(), middle), QPointF(line.left() + wide, middle))
                if sign.kind not in ("line", "dashed"):
                    draw_shape(painter, sign.kind, QPointF(line.left() + wide / 2, middle), 0.34 * size, colour)
            case "mark":
                painter.fillRect(QRectF(line.left() + wide / 2 - 1, middle - 0.5 * size, 2, size), colour)
        words = line.adjusted(wide + 0.6 * size, 0, 0, 0)
        fits = typeface(fitting([sign.says], words.width(), size))
        write(painter, words, sign.says, theme.colour("muted"), fits, LEFT)
