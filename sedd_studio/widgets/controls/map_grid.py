"""Many samples of a run as small maps beside each other; one is opened by a click, or by Enter."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea

from engine.runs.run_map import Cells
from sedd_studio.painting.map_image import map_image
from sedd_studio.painting.theme import Look

WIDE, HIGH, TITLE, GAP = 232, 112, 22, 12
"""Pixels of a tile, at least as wide, of the line above its map, and between two."""
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class MapGrid(QAbstractScrollArea):
    """Draws a tile for each of the samples, in the order in which it is told them."""

    opened = Signal(int)
    """With a sample."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._maps: dict[int, QPixmap] = {}
        self._order: Sequence[int] = ()
        self._titles: Sequence[str] = ()
        self._current = 0
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Maps of all samples")
        self.viewport().setAutoFillBackground(False)

    # ---- what it shows

    def clear(self) -> None:
        """All maps are to come."""
        self._maps.clear()
        self.viewport().update()

    def take(self, sample: int, codes: Cells) -> None:
        """The map of a sample, codes (steps + 1, L)."""
        ratio = self.viewport().devicePixelRatioF()
        size = QSize(round(WIDE * ratio), round((HIGH - TITLE) * ratio))
        smooth = Qt.TransformationMode.SmoothTransformation
        drawn = map_image(codes, self._look.theme).scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
        drawn.setDevicePixelRatio(ratio)
        self._maps[sample] = QPixmap.fromImage(drawn)
        self.viewport().update()

    def show_order(self, order: Sequence[int], titles: Sequence[str], current: int) -> None:
        """The samples from the first tile on, what is said of each, and which of them is on show."""
        self._order, self._titles, self._current = order, titles, current
        self._tell()
        self._fit()
        self.viewport().update()

    def _tell(self) -> None:
        place = self._place()
        said = f"sample {self._titles[place]}. {place + 1} of {len(self._order)}" if self._order else ""
        self.setAccessibleDescription(said)

    def _place(self) -> int:
        return self._order.index(self._current) if self._current in self._order else 0

    @property
    def columns(self) -> int:
        """Tiles beside each other."""
        return max(1, (self.viewport().width() + GAP) // (WIDE + GAP))

    def tile(self, place: int) -> QRectF:
        """Where the tile number `place` is."""
        row, column = divmod(place, self.columns)
        top = row * (HIGH + GAP) - self.verticalScrollBar().value()
        wide = (self.viewport().width() + GAP) / self.columns - GAP
        return QRectF(column * (wide + GAP), top, wide, HIGH)

    def _fit(self) -> None:
        rows = -(-len(self._order) // self.columns)
        self.verticalScrollBar().setRange(0, max(0, rows * (HIGH + GAP) - GAP - self.viewport().height()))
        self.verticalScrollBar().setPageStep(self.viewport().height())
        self.verticalScrollBar().setSingleStep((HIGH + GAP) // 3)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for place, sample in enumerate(self._order):
                tile = self.tile(place)
                if tile.bottom() < 0 or tile.top() > self.viewport().height():
                    continue
                here = sample == self._current
                painter.setPen(self._look.colour("text" if here else "muted"))
                line = QRectF(tile.left() + 2, tile.top(), tile.width() - 4, TITLE)
                align, dots = Qt.AlignmentFlag.AlignVCenter, Qt.TextElideMode.ElideRight
                title = painter.fontMetrics().elidedText(self._titles[place], dots, int(line.width()))
                painter.drawText(line, align, title)
                plot = tile.adjusted(0, TITLE, 0, 0)
                if (drawn := self._maps.get(sample)) is not None:
                    painter.drawPixmap(plot, drawn, QRectF(drawn.rect()))
                width = (3.0 if self.hasFocus() else 2.0) if here else 1.0
                painter.setPen(QPen(self._look.colour("accent" if here else "border"), width))
                painter.drawRect(plot)

    # ---- how one is opened

    def at(self, point: QPointF) -> int | None:
        """The sample at a point."""
        found = (place for place in range(len(self._order)) if self.tile(place).contains(point))
        return next((self._order[place] for place in found), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        sample = self.at(event.position())
        if sample is not None and event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(sample)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -self.columns, Qt.Key.Key_Down: self.columns}
        key = Qt.Key(event.key())
        if key in ENTER and self._order:
            self.opened.emit(self._current)
        elif key in by and self._order:
            place = min(max(self._place() + by[key], 0), len(self._order) - 1)
            self._current = self._order[place]
            self._tell()
            tile, bar = self.tile(place), self.verticalScrollBar()
            bar.setValue(round(bar.value() + min(tile.top(), 0) + max(tile.bottom() - self.viewport().height(), 0)))
            self.viewport().update()
        else:
            event.ignore()
