"""Where the cells of a run's map stand in a picture of it: at a zoom, scrolled, between its axes."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

LEFT, TOP, RIGHT, FOOT = 46.0, 8.0, 8.0, 26.0
"""Pixels of the axis of steps, of the edges, and of the text along the foot."""
TALL_FOOT = 92.0
"""Of the foot where every token has its own text, turned up."""
UPRIGHT = 13.0
"""Pixels of a cell from which on there is room for that."""
MOST_ZOOM = 64.0
WIDEST, TALLEST = 40.0, 24.0
"""Pixels of a cell that it need not exceed where the whole map has room."""
TICKS = (1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 50, 64, 100, 128, 200, 250, 256, 500, 512, 1000, 1024, 2000, 5000)
TICK_GAP = 28.0
"""Pixels between two ticks, at least."""


@dataclass(frozen=True)
class MapPlaces:
    """A map of `rows` steps and `columns` positions in a picture of `width` by `height` pixels, at a `zoom` from 1, at
    which all of it is seen, scrolled by `x` and `y` pixels."""

    rows: int
    columns: int
    width: float
    height: float
    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of a cell in pixels."""
        wide = min(max(self.width - LEFT - RIGHT, 1.0) / self.columns, WIDEST)
        tall = min(max(self.height - TOP - self.foot, 1.0) / self.rows, TALLEST)
        return wide * self.zoom, tall * self.zoom

    @property
    def upright(self) -> bool:
        """Whether every token's text stands on its own."""
        return min(max(self.width - LEFT - RIGHT, 1.0) / self.columns, WIDEST) * self.zoom >= UPRIGHT

    @property
    def foot(self) -> float:
        """Pixels of the text along the foot."""
        return min(TALL_FOOT, self.height / 3) if self.upright else FOOT

    @property
    def plot(self) -> QRectF:
        """Where cells are drawn."""
        room = max(self.width - LEFT - RIGHT, 1.0), max(self.height - TOP - self.foot, 1.0)
        wide, tall = self.whole
        return QRectF(LEFT, TOP, min(room[0], wide), min(room[1], tall))

    @property
    def whole(self) -> tuple[float, float]:
        """Width and height of all cells together."""
        wide, tall = self.cell
        return wide * self.columns, tall * self.rows

    @property
    def furthest(self) -> tuple[float, float]:
        """How far it can be scrolled."""
        return max(self.whole[0] - self.plot.width(), 0.0), max(self.whole[1] - self.plot.height(), 0.0)

    def at(self, point: QPointF) -> tuple[int, int]:
        """The step and the position at a point, or the nearest to it."""
        wide, tall = self.cell
        step = (point.y() - TOP + self.y) // tall
        position = (point.x() - LEFT + self.x) // wide
        return int(min(max(step, 0), self.rows - 1)), int(min(max(position, 0), self.columns - 1))

    def rect(self, steps: tuple[int, int], positions: tuple[int, int]) -> QRectF:
        """Where half-open runs of steps and positions are, whether they are seen or not."""
        wide, tall = self.cell
        left, top = LEFT - self.x + positions[0] * wide, TOP - self.y + steps[0] * tall
        return QRectF(left, top, (positions[1] - positions[0]) * wide, (steps[1] - steps[0]) * tall)

    @property
    def seen(self) -> QRectF:
        """What of the map is seen, in cells."""
        wide, tall = self.cell
        plot = self.plot
        return QRectF(self.x / wide, self.y / tall, plot.width() / wide, plot.height() / tall)

    @property
    def every(self) -> int:
        """Steps between two ticks."""
        tall = self.cell[1]
        return next((every for every in TICKS if every * tall >= TICK_GAP), TICKS[-1])
