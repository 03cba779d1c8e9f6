"""The map of a run between its axes: cells, the steps at the left, the text along the foot, and what lies over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QImage, QPainter, QPen, QPixmap

from sedd_studio.painting.icons import lent
from sedd_studio.painting.map_places import LEFT, MapPlaces
from sedd_studio.painting.theme import Theme

Span = tuple[int, int]
"""Half-open."""
_AXIS = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LINE_END = "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"


@dataclass(frozen=True, eq=False)
class MapScene:
    """What is drawn over and beside the cells: the text of each position in `pieces`; `curve`, a step (L,) for each
    position, NaN for none, or None; the step and the position that are `here`, or a step `across` alone; the steps and
    positions `marked`; and the positions `noted`, with a sign under their columns."""

    pieces: Sequence[str] = ()
    curve: np.ndarray | None = None
    here: tuple[int, int] | None = None
    across: int | None = None
    marked: tuple[Span, Span] | None = None
    noted: Sequence[int] = ()


def cells_picture(image: QImage, places: MapPlaces, ratio: float) -> QImage:
    """What is seen of a map of a pixel a cell, at `ratio` pixels of the display for each of the window."""
    seen, plot = places.seen, places.plot
    whole = QRect(int(seen.left()), int(seen.top()), int(np.ceil(seen.width())) + 2, int(np.ceil(seen.height())) + 2)
    whole &= image.rect()
    wide, tall = (side * ratio for side in places.cell)
    size = QSize(max(round(whole.width() * wide), 1), max(round(whole.height() * tall), 1))
    smooth = wide < 1 or tall < 1
    mode = Qt.TransformationMode.SmoothTransformation if smooth else Qt.TransformationMode.FastTransformation
    drawn = image.copy(whole).scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
    left, top = round((seen.left() - whole.left()) * wide), round((seen.top() - whole.top()) * tall)
    drawn = drawn.copy(QRect(left, top, round(plot.width() * ratio), round(plot.height() * ratio)))
    drawn.setDevicePixelRatio(ratio)
    return drawn


def paint_map(
    painter: QPainter, cells: QPixmap | QImage, places: MapPlaces, scene: MapScene, theme: Theme, font: QFont
) -> None:
    """All of it, in a small font."""
    small = QFont(font)
    small.setPixelSize(theme.sizes.small)
    painter.setFont(small)
    if isinstance(cells, QImage):
        painter.drawImage(places.plot.topLeft(), cells)
    else:
        painter.drawPixmap(places.plot.topLeft(), cells)
    with lent(painter, smooth=False):
        painter.setClipRect(places.plot.adjusted(-1, -1, 1, 1))
        if scene.curve is not None:
            _curve(painter, places, scene.curve, theme)
        if scene.marked is not None:
            _marked(painter, places.rect(*scene.marked), theme)
        if scene.here is not None:
            _here(painter, places, *scene.here, theme)
        elif scene.across is not None:
            _here(painter, places, scene.across, None, theme)
    _steps(painter, places, scene.across if scene.here is None else scene.here[0], theme)
    _noted(painter, places, scene.noted, theme)
    with lent(painter, smooth=False):
        _text(painter, places, scene, theme)


def _curve(painter: QPainter, places: MapPlaces, curve: np.ndarray, theme: Theme) -> None:
    """A line, broken where positions between have no step.

    It is drawn as lines that are not joined. To join those of a curve that goes up and down all the way, as where
    positions are filled in any order, took 225 ms for 256 of them, and a second for 1,024; apart they take 2 and 8 ms.
    """
    wide, tall = places.cell
    known = np.flatnonzero(~np.isnan(curve))
    x = LEFT - places.x + (known + 0.5) * wide
    y = places.plot.top() - places.y + (curve[known] + 0.5) * tall
    points = [QPointF(*point) for point in zip(x.tolist(), y.tolist(), strict=True)]
    joined = (np.diff(known) == 1).tolist()
    lines = [QLineF(*ends) for ends, near in zip(pairwise(points), joined, strict=True) if near]
    alone = [
        point
        for point, before, after in zip(points, [False, *joined], [*joined, False], strict=False)
        if not before and not after
    ]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in (("panel", 3.2), ("text", 1.4)):
        painter.setPen(QPen(theme.colour(colour), width))
        painter.drawLines(lines)
        painter.drawPoints(alone)


def _marked(painter: QPainter, box: QRectF, theme: Theme) -> None:
    painter.setBrush(theme.colour("accent", 0.18))
    for colour, pen in (("panel", QPen(Qt.PenStyle.SolidLine)), ("accent", QPen(Qt.PenStyle.DashLine))):
        pen.setColor(theme.colour(colour))
        pen.setWidthF(3.0 if colour == "panel" else 1.5)
        painter.setPen(pen)
        painter.drawRect(box)
        painter.setBrush(Qt.BrushStyle.NoBrush)


def _here(painter: QPainter, places: MapPlaces, step: int, position: int | None, theme: Theme) -> None:
    """A line along the step, another down the position, each with an edge that shows on any colour."""
    middle, plot = cell_of(places, step, position or 0).center(), places.plot
    across = QPointF(plot.left(), middle.y()), QPointF(plot.right(), middle.y())
    down = QPointF(middle.x(), plot.top()), QPointF(middle.x(), plot.bottom())
    lines = [(down, "text", 1.2)] * (position is not None) + [(across, "fresh", 2.0)]
    for line, inner, width in lines:
        for colour, wide in (("panel", width + 2), (inner, width)):
            painter.setPen(QPen(theme.colour(colour), wide))
            painter.drawLine(*line)


def _noted(painter: QPainter, places: MapPlaces, noted: Sequence[int], theme: Theme) -> None:
    """A small triangle under each column that is seen."""
    plot, wide = places.plot, places.cell[0]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("fresh"))
    for position in noted:
        x, y = LEFT - places.x + (position + 0.5) * wide, plot.bottom()
        if plot.left() <= x <= plot.right():
            painter.drawPolygon([QPointF(x, y), QPointF(x - 4, y + 6), QPointF(x + 4, y + 6)])
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _steps(painter: QPainter, places: MapPlaces, here: int | None, theme: Theme) -> None:
    """The numbers of steps, that of the playhead among them."""
    plot, height = places.plot, painter.fontMetrics().height()
    y_here = cell_of(places, here, 0).center().y() if here is not None else -np.inf
    first = int(places.seen.top()) // places.every * places.every
    for step in range(first, min(int(places.seen.bottom()) + 2, places.rows), places.every):
        y = cell_of(places, step, 0).center().y()
        if plot.top() - 1 <= y <= plot.bottom() + 1 and abs(y - y_here) > height:
            _number(painter, step, y, "muted", theme)
    if here is not None and plot.top() - 1 <= y_here <= plot.bottom() + 1:
        _number(painter, here, y_here, "fresh", theme)
    painter.setPen(theme.colour("muted"))
    painter.drawText(QRectF(0, plot.bottom() + 5, LEFT - 6, 18), _AXIS, "step")
    painter.setPen(theme.colour("border"))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(plot)


def _number(painter: QPainter, number: int, y: float, colour: str, theme: Theme) -> None:
    painter.setPen(theme.colour(colour))
    painter.drawText(QRectF(0, y - 9, LEFT - 6, 18), _AXIS, str(number))


def _text(painter: QPainter, places: MapPlaces, scene: MapScene, theme: Theme) -> None:
    """Every token turned up where there is room for each, else those that have room beside each other."""
    plot, wide = places.plot, places.cell[0]
    painter.setClipRect(QRectF(plot.left() - 2, plot.bottom(), plot.width() + 4, places.foot))
    stop = min(int(np.ceil(places.seen.right())), places.columns, len(scene.pieces))
    free, middle = plot.left(), Qt.AlignmentFlag.AlignVCenter
    accent, muted = theme.colour("accent"), theme.colour("muted")
    upright, position = places.upright, int(places.seen.left()) - 1
    while (position := position + 1) < stop:
        x = LEFT - places.x + position * wide
        if x < free and not upright:
            position += int((free - x) // wide)  # to the next that has room
            continue
        piece = scene.pieces[position].replace("\n", LINE_END).strip()
        painter.setPen(accent if scene.here is not None and position == scene.here[1] else muted)
        if upright:
            with lent(painter, smooth=False):
                painter.translate(x + wide / 2, plot.bottom() + 6)
                painter.rotate(90)
                painter.drawText(QRectF(0, -9, places.foot - 8, 18), middle, piece)
        elif len(piece) > 1 or not piece.isascii():
            width = painter.fontMetrics().horizontalAdvance(piece)
            if x + width > plot.right() + 2:  # it would be cut
                break
            painter.drawText(QRectF(x, plot.bottom() + 5, width + 2, 18), middle, piece)
            free = x + width + 8


def cell_of(places: MapPlaces, step: int, position: int) -> QRectF:
    """Where a cell is."""
    return places.rect((step, step + 1), (position, position + 1))
