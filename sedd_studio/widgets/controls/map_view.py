"""The map of a run on screen: one picture that scrolls and zooms, with the playhead, the caret and what is marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea

from engine.runs.run_map import Cells
from sedd_studio.painting.map_image import map_image
from sedd_studio.painting.map_paint import MapScene, Span, cell_of, cells_picture, paint_map
from sedd_studio.painting.map_places import LEFT, MOST_ZOOM, MapPlaces
from sedd_studio.painting.theme import Look

ZOOM = 1.25
"""What a key or a notch of the wheel makes of the size."""
SMALLEST = QSize(200, 140)
PAGE = 10
"""Steps that a Page key goes."""
MOVES: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_PageUp: (-PAGE, 0),
    Qt.Key.Key_PageDown: (PAGE, 0),
    Qt.Key.Key_Home: (0, -(2**31)),
    Qt.Key.Key_End: (0, 2**31),
}
"""By how many steps and positions a key goes."""


class MapView(QAbstractScrollArea):
    """Draws cells as an image. A click or a drag goes to a step and a position; with Shift, or while it `brushes`, it
    marks a part. Arrows, Page keys, Home and End go on, with Shift they mark; + and - and 0 zoom, Enter goes to the
    text."""

    went = Signal(int, int)
    """To a step and a position."""
    marked = Signal(object)
    """The part that is marked: half-open runs of steps and positions, or None."""
    pointed = Signal(object)
    """The step and the position under the pointer, or None."""
    entered = Signal()
    """The text at the place is wanted."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._codes: Cells | None = None
        self._image: QImage | None = None
        self._drawn: tuple[object, QPixmap] | None = None
        self._rows = 0
        self._scene = MapScene(here=(0, 0))
        self._anchor: tuple[int, int] | None = None
        self._pressed = self.brushes = False
        self.zoom = 1.0
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Map of the run")
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setMinimumSize(SMALLEST)
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self.viewport().update)
        look.changed.connect(self._redress)

    # ---- what it shows

    def show_cells(self, codes: Cells | None, rows: int, pieces: Sequence[str]) -> None:
        """Shows codes (steps + 1, L), of which the first `rows` steps are made, and the text of each position."""
        other = self._codes is None or codes is None or self._codes.shape != codes.shape
        self._codes, self._rows = codes, rows
        self._scene = replace(self._scene, pieces=pieces)
        self._redress()
        if other:
            self.set_zoom(1.0)

    def show_curve(self, curve: np.ndarray | None) -> None:
        """Draws a line through a step (L,) of each position, NaN for none."""
        self._show(replace(self._scene, curve=curve))

    def show_place(self, step: int, position: int) -> None:
        """Where the playhead and the caret are."""
        if (step, position) != self._scene.here:
            self._show(replace(self._scene, here=(step, position)))

    def show_noted(self, positions: Sequence[int]) -> None:
        """Which columns have a sign."""
        self._show(replace(self._scene, noted=positions))

    def show_marked(self, part: tuple[Span, Span] | None) -> None:
        self._show(replace(self._scene, marked=part))

    def _show(self, scene: MapScene) -> None:
        self._scene = scene
        self.viewport().update()

    @property
    def places(self) -> MapPlaces:
        """Where cells are now."""
        rows, columns = (1, 1) if self._codes is None else self._codes.shape
        scrolled = float(self.horizontalScrollBar().value()), float(self.verticalScrollBar().value())
        size = self.viewport().size()
        return MapPlaces(rows, columns, size.width(), size.height(), self.zoom, *scrolled)

    def set_zoom(self, zoom: float, around: QPointF | None = None) -> None:
        """Another size; what is at the point `around`, or else at the playhead, stays where it is."""
        before = self.places
        point = around if around is not None else cell_of(before, *_here(self._scene)).center()
        wide, tall = before.cell
        at = (point.x() - LEFT + before.x) / wide, (point.y() - before.plot.top() + before.y) / tall
        self.zoom = min(max(zoom, 1.0), MOST_ZOOM)
        self._fit()
        wide, tall = self.places.cell
        self.horizontalScrollBar().setValue(round(at[0] * wide - point.x() + LEFT))
        self.verticalScrollBar().setValue(round(at[1] * tall - point.y() + before.plot.top()))
        self.viewport().update()

    def _fit(self) -> None:
        """The scroll bars are as long as the map is large. Which are there follows from the room for both the map and
        them: had Qt to find it, one that takes room from the map might make itself needless, and come and go."""
        bars = (self.horizontalScrollBar(), self.verticalScrollBar())
        across, down = self._needs(0, 0)
        if across or down:
            high, wide = bars[0].sizeHint().height(), bars[1].sizeHint().width()
            beside = self._needs(wide if down else 0, high if across else 0)
            across, down = across or beside[0], down or beside[1]
        always, never = Qt.ScrollBarPolicy.ScrollBarAlwaysOn, Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(always if across else never)
        self.setVerticalScrollBarPolicy(always if down else never)
        places = self.places
        pages = (places.plot.width(), places.plot.height())
        for bar, furthest, page in zip(bars, places.furthest, pages, strict=True):
            bar.setRange(0, int(np.ceil(furthest)) if furthest > 0.5 else 0)
            bar.setPageStep(int(page))
            bar.setSingleStep(24)

    def _needs(self, wide: int, high: int) -> tuple[bool, bool]:
        """Whether the map is larger than its room, across and down, when bars take so many pixels of it."""
        room = self.contentsRect().size() - QSize(wide, high)
        across, down = replace(self.places, width=room.width(), height=room.height()).furthest
        return across > 0.5, down > 0.5

    def _redress(self) -> None:
        self._image = None if self._codes is None else map_image(self._codes, self._look.theme)
        self._drawn = None
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            return
        places, ratio = self.places, self.viewport().devicePixelRatioF()
        if self._drawn is None or self._drawn[0] != (places, ratio):
            self._drawn = (places, ratio), QPixmap.fromImage(cells_picture(self._image, places, ratio))
        with QPainter(self.viewport()) as painter:
            paint_map(painter, self._drawn[1], places, self._scene, self._look.theme, self.font())
            if self.hasFocus():
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(QPen(self._look.colour("accent"), 2))
                painter.drawRoundedRect(QRectF(self.viewport().rect()).adjusted(1, 1, -1, -1), 6, 6)

    # ---- the mouse

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.pointed.emit(None)
        return super().viewportEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._image is None:
            return
        self._pressed = True
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._anchor = self.places.at(event.position()) if shift or self.brushes else None
        if self._anchor is None and self._scene.marked is not None:
            self.marked.emit(None)
        self._follow_mouse(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._image is not None:
            self._follow_mouse(event)

    def _follow_mouse(self, event: QMouseEvent) -> None:
        step, position = self.places.at(event.position())
        self.pointed.emit((step, position))
        if self._pressed and self._anchor is not None:
            self.marked.emit((_span(self._anchor[0], step), _span(self._anchor[1], position)))
        elif self._pressed:
            self.went.emit(min(step, self._rows - 1), position)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed, self._anchor = False, None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.entered.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_zoom(self.zoom * ZOOM ** (event.angleDelta().y() / 120), event.position())
            event.accept()
        else:
            super().wheelEvent(event)

    # ---- the keys

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._takes(event):
            event.accept()
            return True
        return super().event(event)

    def _takes(self, event: QKeyEvent) -> bool:
        """Whether a key works the map, and no command of the window."""
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            return False
        return event.key() in MOVES or (event.key() == Qt.Key.Key_Escape and self._scene.marked is not None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if self._image is None:
            event.ignore()
        elif key in MOVES:
            self._go(*MOVES[key], shift)
        elif key == Qt.Key.Key_Escape and self._scene.marked is not None:
            self.marked.emit(None)
        elif event.text() in ("+", "-", "0"):
            self.set_zoom({"+": self.zoom * ZOOM, "-": self.zoom / ZOOM, "0": 1.0}[event.text()])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
        else:
            event.ignore()

    def _go(self, steps: int, positions: int, marks: bool) -> None:
        before = _here(self._scene)
        step = min(max(before[0] + steps, 0), self._rows - 1)
        position = min(max(before[1] + positions, 0), self.places.columns - 1)
        self.went.emit(step, position)
        if marks:
            if self._anchor is None or self._scene.marked is None:
                self._anchor = before
            self.marked.emit((_span(self._anchor[0], step), _span(self._anchor[1], position)))
        elif self._scene.marked is not None:
            self.marked.emit(None)
        self._reveal(step, position)

    def _reveal(self, step: int, position: int) -> None:
        """Scrolls until a cell is seen."""
        places = self.places
        box, plot = cell_of(places, step, position), places.plot
        for bar, low, high in (
            (self.horizontalScrollBar(), box.left() - plot.left(), box.right() - plot.right()),
            (self.verticalScrollBar(), box.top() - plot.top(), box.bottom() - plot.bottom()),
        ):
            if low < 0 or high > 0:
                bar.setValue(bar.value() + round(low if low < 0 else high))


def _here(scene: MapScene) -> tuple[int, int]:
    return scene.here or (0, 0)


def _span(one: int, other: int) -> Span:
    return min(one, other), max(one, other) + 1
