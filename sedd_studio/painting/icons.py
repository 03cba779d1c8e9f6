"""Icons as painter paths on a 16 by 16 grid, so that they look alike and stay sharp everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPainterPathStroker, QPen, QPixmap, QPolygonF

GRID = 16
SCALES = (1, 2, 3)


def _play(path: QPainterPath) -> None:
    path.moveTo(4.5, 2.8)
    path.lineTo(13.2, 8)
    path.lineTo(4.5, 13.2)
    path.closeSubpath()


def _pause(path: QPainterPath) -> None:
    path.addRoundedRect(QRectF(3.6, 3, 3, 10), 0.8, 0.8)
    path.addRoundedRect(QRectF(9.4, 3, 3, 10), 0.8, 0.8)


def _step(path: QPainterPath) -> None:
    path.moveTo(3.2, 3)
    path.lineTo(10.2, 8)
    path.lineTo(3.2, 13)
    path.closeSubpath()
    path.addRoundedRect(QRectF(10.8, 3, 2.2, 10), 0.6, 0.6)


def _stop(path: QPainterPath) -> None:
    path.addRoundedRect(QRectF(3.4, 3.4, 9.2, 9.2), 1.4, 1.4)


def _lock(path: QPainterPath) -> None:
    shackle = QPainterPath(QPointF(4.7, 8))
    shackle.lineTo(4.7, 4.9)
    shackle.arcTo(QRectF(4.7, 1.6, 6.6, 6.6), 180, -180)
    shackle.lineTo(11.3, 8)
    stroker = QPainterPathStroker()
    stroker.setWidth(1.9)
    path.addPath(stroker.createStroke(shackle))
    path.addRoundedRect(QRectF(2.4, 7, 11.2, 8), 1.8, 1.8)
    path.setFillRule(Qt.FillRule.WindingFill)


def _star(path: QPainterPath) -> None:
    corners = [
        QPointF(8 + radius * math.sin(k * math.pi / 5), 8.4 - radius * math.cos(k * math.pi / 5))
        for k, radius in zip(range(10), (6.8, 2.9) * 5, strict=True)
    ]
    path.addPolygon(QPolygonF(corners))
    path.closeSubpath()


def _dot(path: QPainterPath) -> None:
    path.addEllipse(QRectF(4.5, 4.5, 7, 7))


def _ring(path: QPainterPath) -> None:
    path.addEllipse(QRectF(4.8, 4.8, 6.4, 6.4))


def _dice(path: QPainterPath) -> None:
    path.setFillRule(Qt.FillRule.OddEvenFill)
    path.addRoundedRect(QRectF(1.8, 1.8, 12.4, 12.4), 2.8, 2.8)
    path.addRoundedRect(QRectF(3.1, 3.1, 9.8, 9.8), 1.6, 1.6)
    for x, y in ((5.6, 5.6), (10.4, 5.6), (8, 8), (5.6, 10.4), (10.4, 10.4)):
        path.addEllipse(QPointF(x, y), 1.05, 1.05)


def _chevron_down(path: QPainterPath) -> None:
    path.moveTo(3.5, 6)
    path.lineTo(8, 10.5)
    path.lineTo(12.5, 6)


def _chevron_up(path: QPainterPath) -> None:
    path.moveTo(3.5, 10)
    path.lineTo(8, 5.5)
    path.lineTo(12.5, 10)


def _chevron_right(path: QPainterPath) -> None:
    path.moveTo(6, 3.5)
    path.lineTo(10.5, 8)
    path.lineTo(6, 12.5)


def _chevron_left(path: QPainterPath) -> None:
    path.moveTo(10, 3.5)
    path.lineTo(5.5, 8)
    path.lineTo(10, 12.5)


def _close(path: QPainterPath) -> None:
    path.moveTo(4, 4)
    path.lineTo(12, 12)
    path.moveTo(12, 4)
    path.lineTo(4, 12)


def _columns(path: QPainterPath) -> None:
    path.addRoundedRect(QRectF(2, 3, 5, 10), 1, 1)
    path.addRoundedRect(QRectF(9, 3, 5, 10), 1, 1)


def _tick(path: QPainterPath) -> None:
    path.moveTo(3, 8.4)
    path.lineTo(6.6, 12)
    path.lineTo(13, 4.4)


def _float(path: QPainterPath) -> None:
    path.addRoundedRect(QRectF(2.5, 5.5, 8, 8), 1, 1)
    path.moveTo(5.5, 2.5)
    path.lineTo(13.5, 2.5)
    path.lineTo(13.5, 10.5)


def _warning(path: QPainterPath) -> None:
    path.addEllipse(QRectF(1.5, 1.5, 13, 13))
    path.moveTo(8, 4.6)
    path.lineTo(8, 8.8)
    path.moveTo(8, 11.2)
    path.lineTo(8, 11.3)


def _folder(path: QPainterPath) -> None:
    path.moveTo(2, 12.5)
    path.lineTo(2, 3.5)
    path.lineTo(6.4, 3.5)
    path.lineTo(8, 5.4)
    path.lineTo(14, 5.4)
    path.lineTo(14, 12.5)
    path.closeSubpath()


FILLED: dict[str, Callable[[QPainterPath], None]] = {
    "play": _play,
    "pause": _pause,
    "step": _step,
    "stop": _stop,
    "lock": _lock,
    "dice": _dice,
    "dot": _dot,
    "star-filled": _star,
}
STROKED: dict[str, Callable[[QPainterPath], None]] = {
    "chevron-down": _chevron_down,
    "chevron-up": _chevron_up,
    "chevron-right": _chevron_right,
    "chevron-left": _chevron_left,
    "close": _close,
    "float": _float,
    "tick": _tick,
    "columns": _columns,
    "warning": _warning,
    "folder": _folder,
    "ring": _ring,
    "star": _star,
}


def draw(painter: QPainter, name: str, place: QRectF, colour: QColor) -> None:
    """Draw icon `name` into `place` in one colour."""
    path = QPainterPath()
    (FILLED.get(name) or STROKED[name])(path)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(place.topLeft())
    painter.scale(place.width() / GRID, place.height() / GRID)
    if name in FILLED:
        painter.fillPath(path, colour)
    else:
        cap, join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        painter.strokePath(path, QPen(colour, 1.6, Qt.PenStyle.SolidLine, cap, join))
    painter.restore()


def _pixmap(name: str, colour: QColor, size: int, scale: int) -> QPixmap:
    pixmap = QPixmap(size * scale, size * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw(painter, name, QRectF(0, 0, size, size), colour)
    painter.end()
    return pixmap


def icon(name: str, colour: QColor, disabled: QColor, size: int = GRID) -> QIcon:
    """Icon `name` in `colour`, sharp at display scales up to three, with a look for disabled controls."""
    made = QIcon()
    for scale in SCALES:
        made.addPixmap(_pixmap(name, colour, size, scale), QIcon.Mode.Normal)
        made.addPixmap(_pixmap(name, disabled, size, scale), QIcon.Mode.Disabled)
    return made
