"""Icons as painter paths on a 16 by 16 grid, so that they look alike and stay sharp everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPainterPathStroker, QPen, QPixmap, QPolygonF

GRID = 16
SCALES = (1, 2, 3)


def _line(*points: tuple[float, float], closed: bool = False) -> QPainterPath:
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(*point) for point in points]))
    if closed:
        path.closeSubpath()
    return path


def _box(left: float, top: float, width: float, height: float, radius: float) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(QRectF(left, top, width, height), radius, radius)
    return path


def _circle(x: float, y: float, radius: float) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QPointF(x, y), radius, radius)
    return path


def _together(*parts: QPainterPath) -> QPainterPath:
    path = QPainterPath()
    for part in parts:
        path.addPath(part)
    return path


def _lock() -> QPainterPath:
    shackle = QPainterPath(QPointF(4.7, 8))
    shackle.lineTo(4.7, 4.9)
    shackle.arcTo(QRectF(4.7, 1.6, 6.6, 6.6), 180, -180)
    shackle.lineTo(11.3, 8)
    stroker = QPainterPathStroker()
    stroker.setWidth(1.9)
    path = _together(stroker.createStroke(shackle), _box(2.4, 7, 11.2, 8, 1.8))
    path.setFillRule(Qt.FillRule.WindingFill)
    return path


def _arc() -> QPainterPath:
    path = QPainterPath()
    place = QRectF(2.6, 2.6, 10.8, 10.8)
    path.arcMoveTo(place, 25)
    path.arcTo(place, 25, 290)
    return path


def _bell() -> QPainterPath:
    path = QPainterPath(QPointF(1.6, 11.4))
    path.cubicTo(QPointF(6, 11.4), QPointF(5.4, 2.8), QPointF(8, 2.8))
    path.cubicTo(QPointF(10.6, 2.8), QPointF(10, 11.4), QPointF(14.4, 11.4))
    return path


def _fork() -> QPainterPath:
    path = QPainterPath(QPointF(12, 7.1))
    path.cubicTo(QPointF(12, 9.6), QPointF(4, 8), QPointF(4, 10.9))
    return path


def _teeth() -> QPainterPath:
    around = [(math.sin(k * math.pi / 4), math.cos(k * math.pi / 4)) for k in range(8)]
    return _together(*(_line((8 + 4.4 * x, 8 + 4.4 * y), (8 + 6.4 * x, 8 + 6.4 * y)) for x, y in around))


def _hook() -> QPainterPath:
    path = QPainterPath(QPointF(6.1, 6.3))
    path.cubicTo(QPointF(6.2, 3.6), QPointF(10, 3.7), QPointF(9.9, 6.3))
    path.cubicTo(QPointF(9.8, 7.7), QPointF(8, 7.6), QPointF(8, 9.2))
    return path


def _star() -> QPainterPath:
    around = zip(range(10), (6.8, 2.9) * 5, strict=True)
    corners = [(8 + r * math.sin(k * math.pi / 5), 8.4 - r * math.cos(k * math.pi / 5)) for k, r in around]
    return _line(*corners, closed=True)


PIPS = ((5.6, 5.6), (10.4, 5.6), (8, 8), (5.6, 10.4), (10.4, 10.4))
SPECKS = (
    (3, 3.4, 1.2),
    (8, 2.6, 0.9),
    (12.8, 4, 1.3),
    (5.4, 7.6, 1.0),
    (10.2, 8, 1.4),
    (2.8, 11.8, 1.0),
    (7, 12.8, 1.2),
)
FILLED: dict[str, QPainterPath] = {
    "play": _line((4.5, 2.8), (13.2, 8), (4.5, 13.2), closed=True),
    "pause": _together(_box(3.6, 3, 3, 10, 0.8), _box(9.4, 3, 3, 10, 0.8)),
    "step": _together(_line((3.2, 3), (10.2, 8), (3.2, 13), closed=True), _box(10.8, 3, 2.2, 10, 0.6)),
    "stop": _box(3.4, 3.4, 9.2, 9.2, 1.4),
    "lock": _lock(),
    "dice": _together(
        _box(1.8, 1.8, 12.4, 12.4, 2.8), _box(3.1, 3.1, 9.8, 9.8, 1.6), *(_circle(x, y, 1.05) for x, y in PIPS)
    ),
    "dot": _circle(8, 8, 3.5),
    "noise": _together(*(_circle(x, y, r) for x, y, r in SPECKS)),
    "star-filled": _star(),
}
STROKED: dict[str, QPainterPath] = {
    "chevron-down": _line((3.5, 6), (8, 10.5), (12.5, 6)),
    "chevron-up": _line((3.5, 10), (8, 5.5), (12.5, 10)),
    "chevron-right": _line((6, 3.5), (10.5, 8), (6, 12.5)),
    "chevron-left": _line((10, 3.5), (5.5, 8), (10, 12.5)),
    "close": _together(_line((4, 4), (12, 12)), _line((12, 4), (4, 12))),
    "float": _together(_box(2.5, 5.5, 8, 8, 1), _line((5.5, 2.5), (13.5, 2.5), (13.5, 10.5))),
    "tick": _line((3, 8.4), (6.6, 12), (13, 4.4)),
    "menu": _together(*(_line((2.2, y), (13.8, y)) for y in (3.8, 8, 12.2))),
    "page": _together(
        _line((2, 3.6), (13.6, 3.6)), _line((2, 8), (6.4, 8)), _box(8.6, 6, 5.2, 4, 1), _line((2, 12.4), (10, 12.4))
    ),
    "hill": _together(_bell(), _line((1.6, 13.4), (14.4, 13.4))),
    "branch": _together(
        _circle(4, 3.4, 1.7), _circle(4, 12.6, 1.7), _circle(12, 5.4, 1.7), _line((4, 5.1), (4, 10.9)), _fork()
    ),
    "gear": _together(_circle(8, 8, 2.4), _teeth()),
    "question": _together(_circle(8, 8, 6.5), _hook(), _line((8, 11.4), (8, 11.5))),
    "enlarge": _together(
        _line((9.6, 2.6), (13.4, 2.6), (13.4, 6.4)),
        _line((13.2, 2.8), (9.4, 6.6)),
        _line((6.4, 13.4), (2.6, 13.4), (2.6, 9.6)),
        _line((2.8, 13.2), (6.6, 9.4)),
    ),
    "pen": _line((2.8, 13.2), (3.4, 10.2), (10.8, 2.8), (13.2, 5.2), (5.8, 12.6), closed=True),
    "columns": _together(_box(2, 3, 5, 10, 1), _box(9, 3, 5, 10, 1)),
    "warning": _together(_circle(8, 8, 6.5), _line((8, 4.6), (8, 8.8)), _line((8, 11.2), (8, 11.3))),
    "film": _together(
        _box(2, 3, 12, 10, 1.2),
        *(_line((x, 3), (x, 13)) for x in (5, 11)),
        *(_line((left, y), (left + 3, y)) for left in (2, 11) for y in (6.3, 9.7)),
    ),
    "table": _together(_box(2, 3, 12, 10, 1.2), *(_line((2, y), (14, y)) for y in (6.4, 9.7)), _line((6, 3), (6, 13))),
    "folder": _line((2, 12.5), (2, 3.5), (6.4, 3.5), (8, 5.4), (14, 5.4), (14, 12.5), closed=True),
    "ring": _circle(8, 8, 3.2),
    "star": _star(),
    "redraw": _together(_arc(), _line((13.6, 2.6), (13.3, 6.3), (9.7, 5.8))),
    "alternatives": _together(*(_line((2.4, y), (x, y)) for x, y in ((13.6, 3.6), (9, 8), (6.5, 12.4)))),
    "gap": _together(
        _line((5, 3), (2.2, 3), (2.2, 13), (5, 13)),
        _line((11, 3), (13.8, 3), (13.8, 13), (11, 13)),
        _line((6, 8), (10, 8)),
    ),
    "plus": _together(_line((8, 3), (8, 13)), _line((3, 8), (13, 8))),
    "minus": _line((3, 8), (13, 8)),
    "chip": _together(
        _box(3.6, 3.6, 8.8, 8.8, 1.4),
        _box(6.2, 6.2, 3.6, 3.6, 0.4),
        *(_together(_line((x, 1.4), (x, 3.6)), _line((x, 12.4), (x, 14.6))) for x in (6.2, 9.8)),
        *(_together(_line((1.4, y), (3.6, y)), _line((12.4, y), (14.6, y))) for y in (6.2, 9.8)),
    ),
    "download": _together(
        _line((8, 2.4), (8, 10)),
        _line((4.6, 6.8), (8, 10.2), (11.4, 6.8)),
        _line((2.6, 10.6), (2.6, 13.4), (13.4, 13.4), (13.4, 10.6)),
    ),
    "shelf": _together(
        *(_box(x, 2.6, 3, 9.4, 0.7) for x in (2.2, 6.2)),
        _line((10.6, 3.6), (12.8, 3), (14.2, 11.4), (12, 12), closed=True),
        _line((1.4, 14), (14.6, 14)),
    ),
    "book": _together(
        _line((8, 4.2), (8, 13.6)),
        _line((8, 4.2), (6.2, 2.8), (1.8, 2.8), (1.8, 12.2), (6.2, 12.2), (8, 13.6)),
        _line((8, 4.2), (9.8, 2.8), (14.2, 2.8), (14.2, 12.2), (9.8, 12.2), (8, 13.6)),
    ),
    "map": _together(
        _box(2, 2, 12, 12, 1),
        *(_line((2.4, y), (x, y)) for x, y in ((5, 5), (9.5, 8), (13.6, 11))),
    ),
    "words": _together(
        *(_together(_line((1.8, y), (3.3, y + 1.6), (6, y - 1.6)), _line((8.6, y), (14.2, y))) for y in (4.4, 11.4))
    ),
}


@contextmanager
def lent(painter: QPainter, smooth: bool = True) -> Iterator[None]:
    """Edges are smooth, unless they are to be as they were; a painter's pens, brushes and places are at the end what
    they were, however it comes."""
    painter.save()
    if smooth:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    try:
        yield
    finally:
        painter.restore()


def draw(painter: QPainter, name: str, place: QRectF, colour: QColor) -> None:
    """Draw icon `name` into `place` in one colour."""
    with lent(painter):
        painter.translate(place.topLeft())
        painter.scale(place.width() / GRID, place.height() / GRID)
        if name in FILLED:
            painter.fillPath(FILLED[name], colour)
        else:
            cap, join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
            painter.strokePath(STROKED[name], QPen(colour, 1.6, Qt.PenStyle.SolidLine, cap, join))


def _pixmap(name: str, colour: QColor, size: int, after: int, scale: int) -> QPixmap:
    pixmap = QPixmap((size + after) * scale, size * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        draw(painter, name, QRectF(0, 0, size, size), colour)
    return pixmap.copy()  # what was painted on keeps buffers, four times its size


def icon(name: str, colour: QColor, disabled: QColor, size: int = GRID, after: int = 0) -> QIcon:
    """Icon `name` in `colour`, sharp at display scales up to three, with a look for disabled controls; `after` it, at
    its right, so many pixels are free."""
    return _icon(name, colour.rgba(), disabled.rgba(), size, after)


@lru_cache(maxsize=400)  # those of every theme; half of all buttons have the icon of another one
def _icon(name: str, colour: int, disabled: int, size: int, after: int) -> QIcon:
    made = QIcon()
    for scale in SCALES:
        made.addPixmap(_pixmap(name, QColor.fromRgba(colour), size, after, scale), QIcon.Mode.Normal)
        made.addPixmap(_pixmap(name, QColor.fromRgba(disabled), size, after, scale), QIcon.Mode.Disabled)
    return made
