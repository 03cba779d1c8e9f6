"""The timeline's track: a slider over the recorded steps, drawn as the curve of settled tokens, or of changes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QAbstractSlider, QToolTip

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import plain

SIDE = 8.0
TOP = 8.0
FOOT, FOOT_WITH_WORDS = 12.0, 20.0
HIGH, SLIM = 84, 40
NEAR = 8.0
"""Pixels around the place where a run was changed, in which it is pointed at."""


class Track(QAbstractSlider):
    """A horizontal slider from step 0 to the last recorded one. The full width stands for all `steps` of the run."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._steps, self._free, self._over = 1, 1, False
        self._settled: npt.NDArray[np.int64] = np.zeros(1, dtype=np.int64)
        self._changed: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._turn: tuple[int, str] | None = None
        self._still: tuple[object, QPixmap] | None = None
        """What stays as it is while the playhead moves, and what it was drawn for."""
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Timeline")
        self.setFixedHeight(HIGH)

    def show_run(
        self,
        steps: int,
        free: int,
        settled: npt.NDArray[np.int64],
        changed: npt.NDArray[np.int64],
        over: bool = False,
        turn: tuple[int, str] | None = None,
    ) -> None:
        """Show a run of `steps` steps over `free` positions, of which `settled[k]` are settled after step k; or of as
        many changes up to there, of `free` in all. One that is `over` is of another text: grey, and nowhere to go.
        `turn` is the step after which it parts from the run that it came from, and what was changed there."""
        self._steps, self._free, self._over = max(steps, 1), max(free, 1), over
        self._settled, self._changed, self._turn = settled, changed, turn
        self._still = None
        with QSignalBlocker(self):
            self.setRange(0, 0 if over else max(len(settled) - 1, 0))
            self.setPageStep(max(1, self._steps // 10))
        self.update()

    def set_slim(self, slim: bool) -> None:
        """Half as high, or as high as usual."""
        self.setFixedHeight(SLIM if slim else HIGH)

    def show_step(self, step: int) -> None:
        with QSignalBlocker(self):
            self.setValue(step)
        self.update()

    def x_of(self, step: float) -> float:
        return SIDE + (self.width() - 2 * SIDE) * step / self._steps

    def step_at(self, x: float) -> int:
        step = round((x - SIDE) / max(self.width() - 2 * SIDE, 1) * self._steps)
        return min(max(step, 0), self.maximum())

    def sizeHint(self) -> QSize:
        return QSize(480, self.maximumHeight())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self.setValue(self.step_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setValue(self.step_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)

    def event(self, event: QEvent) -> bool:
        if not isinstance(event, QHelpEvent) or event.type() != QEvent.Type.ToolTip:
            return super().event(event)
        turn = self._turn
        pointed = turn is not None and abs(event.pos().x() - self.x_of(turn[0])) <= NEAR
        QToolTip.showText(event.globalPos(), plain(turn[1]) if turn and pointed else "", self)
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            floor = self.height() - (FOOT_WITH_WORDS if self._turn and self.height() >= HIGH else FOOT)
            painter.drawPixmap(0, 0, self._background(floor))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._playhead(painter, floor)
            if self.hasFocus():
                painter.setPen(QPen(self._look.colour("accent"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _background(self, floor: float) -> QPixmap:
        """Axes, curve and markers, drawn anew where the run, the size or the colours are others."""
        key = self.size(), self.devicePixelRatioF(), self._look.theme, self.font()
        if self._still is None or self._still[0] != key:
            made = QPixmap(self.size() * self.devicePixelRatioF())
            made.setDevicePixelRatio(self.devicePixelRatioF())
            made.fill(Qt.GlobalColor.transparent)
            with QPainter(made) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setFont(self.font())
                self._axes(painter, floor)
                self._curve(painter, floor)
                self._markers(painter, floor)
                if self._turn is not None:
                    self._turned(painter, floor, *self._turn)
            self._still = key, made
        return self._still[1]

    def _height_of(self, settled: float, floor: float) -> float:
        return floor - (floor - TOP) * settled / self._free

    def _axes(self, painter: QPainter, floor: float) -> None:
        painter.setPen(QPen(self._look.colour("border"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(SIDE, TOP), QPointF(self.width() - SIDE, TOP))
        painter.setPen(QPen(self._look.colour("border"), 1))
        painter.drawLine(QPointF(SIDE, floor + 0.5), QPointF(self.width() - SIDE, floor + 0.5))

    def _curve(self, painter: QPainter, floor: float) -> None:
        line, area = self._polygons(floor)
        if line.size() < 2:
            return
        ink = "muted" if self._over else "accent"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.colour(ink, 0.10))
        painter.drawPolygon(area)
        painter.setPen(QPen(self._look.colour(ink), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(line)

    def _polygons(self, floor: float) -> tuple[QPolygonF, QPolygonF]:
        """The curve, and the area under it."""
        points = [QPointF(self.x_of(k), self._height_of(v, floor)) for k, v in enumerate(self._settled.tolist())]
        return QPolygonF(points), QPolygonF([QPointF(SIDE, floor), *points, QPointF(points[-1].x(), floor)])

    def _markers(self, painter: QPainter, floor: float) -> None:
        """A short tick under the floor for each step in which some position changed."""
        thick = min(2.0, max(1.0, (self.width() - 2 * SIDE) / self._steps - 1))
        painter.setPen(QPen(self._look.colour("faint"), thick))
        ticks = {round(self.x_of(float(step))) for step in self._changed}
        for x in ticks:
            painter.drawLine(QPointF(x, floor + 3.5), QPointF(x, floor + 7.5))

    def _turned(self, painter: QPainter, floor: float, step: int, change: str) -> None:
        """A sign where the run parts from the one that it came from, and beside it, where there is room, how."""
        x, ink = self.x_of(step), self._look.colour("accent")
        painter.setPen(QPen(ink, 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, TOP), QPointF(x, floor))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawPolygon([QPointF(x, floor + 2), QPointF(x - 4, floor + 9), QPointF(x + 4, floor + 9)])
        if self.height() < HIGH:
            return
        font = self.font()
        font.setPixelSize(self._look.sizes.small)
        painter.setFont(font)
        right = self.width() - SIDE - x >= x
        room = max(self.width() - SIDE - x, x) - 2 * NEAR
        said = painter.fontMetrics().elidedText(change, Qt.TextElideMode.ElideRight, int(room))
        width = painter.fontMetrics().horizontalAdvance(said)
        box = QRectF(x + NEAR if right else x - NEAR - width, floor + 1, width, FOOT_WITH_WORDS - 1)
        painter.fillRect(box.adjusted(-2, 0, 2, 0), self._look.colour("panel"))
        painter.setPen(self._look.colour("muted"))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, said)

    def _playhead(self, painter: QPainter, floor: float) -> None:
        colour = self._look.colour("fresh")
        if self.maximum() == 0:
            return
        step = self.value()
        settled = float(self._settled[min(step, len(self._settled) - 1)])
        x = self.x_of(step)
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(x, 3), QPointF(x, self.height() - 3))
        painter.setPen(QPen(self._look.colour("panel"), 2))
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(x, self._height_of(settled, floor)), 6, 6)
