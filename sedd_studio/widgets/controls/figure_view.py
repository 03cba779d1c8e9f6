"""A figure of Learn on screen: it paints what is shown, takes clicks and keys, and says aloud what it shows."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from sedd_studio.painting.lessons.picture import Picture
from sedd_studio.painting.theme import Look
from sedd_studio.record.chapters.chapter import Shown
from sedd_studio.widgets.controls.basic import label
from sedd_studio.widgets.controls.layouts import column

SMALLEST = (240, 180)
MARGIN_BESIDE = 4.0
"""Pixels round what stands beside a figure."""
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
ENDS = (Qt.Key.Key_Home, Qt.Key.Key_End)


class FigureView(QWidget):
    """Paints `picture` of what is `shown`, the figure itself or what stands `beside` it; says with `chosen` what is
    chosen in it, and with `moved` by how many notches its slider is to go. The focus is shown if it is `framed`."""

    chosen = Signal(str, object)
    moved = Signal(str, int)
    ended = Signal(str, bool)
    """A slider is to go to its end, or to its begin."""

    def __init__(self, look: Look, beside: bool = False, framed: bool = True) -> None:
        super().__init__()
        self._look, self._beside, self._framed = look, beside, framed
        self._scale = 1.0
        self.picture: Picture | None = None
        self.shown: Shown | None = None
        self.setMinimumSize(*SMALLEST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.waiting = label("", "muted")
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.waiting.setWordWrap(True)
        column((self.waiting, 1), of=self)
        if not beside:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        look.changed.connect(self.update)

    def show_figure(self, picture: Picture, shown: Shown | None, name: str, says: str) -> None:
        """Shows a figure; `says` is what it shows in words or, where there is none, why."""
        other = picture is not self.picture
        self.picture, self.shown = picture, shown
        if other:
            self._keep_room()
        self.waiting.setText("" if self._beside or shown is not None else says)
        self.waiting.setVisible(bool(self.waiting.text()))
        if not self._beside:
            self.setAccessibleName(name)
            self.setAccessibleDescription(says)
        self.update()

    def set_scale(self, scale: float) -> None:
        """Paints it so many times as large, type and lines too, in the room that there is."""
        self._scale = scale
        self._keep_room()
        self.update()

    def _keep_room(self) -> None:
        """What stands beside a figure needs some height."""
        if self._beside and self.picture is not None:
            self.setMinimumHeight(ceil(self._scale * (self.picture.least_beside + 2 * MARGIN_BESIDE)))

    @property
    def area(self) -> QRectF:
        """Where it is painted, in pixels before they are scaled."""
        margin = MARGIN_BESIDE if self._beside else 12.0
        room = QRectF(0, 0, self.width() / self._scale, self.height() / self._scale)
        return room.adjusted(margin, margin, -margin, -margin)

    def hasHeightForWidth(self) -> bool:
        """Not, whatever the sentence in the place of a figure would like."""
        return False

    def sizeHint(self) -> QSize:
        return QSize(520, 420)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.picture is None or self.shown is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint = self.picture.paint_beside if self._beside else self.picture.paint
            painter.scale(self._scale, self._scale)
            paint(painter, self.area, self.shown, self._look.theme)
            if self.hasFocus() and self._framed:
                painter.setPen(QPen(self._look.colour("accent"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.picture is not None and self.shown is not None and not self._beside:
            change = self.picture.at(self.area, self.shown, event.position() / self._scale)
            if change is not None:
                self.chosen.emit(*change)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._key(Qt.Key(event.key())):
            super().keyPressEvent(event)

    def _key(self, key: Qt.Key) -> bool:
        """Whether it is one of the figure's."""
        if self.picture is None or self.shown is None:
            return False
        if self.picture.level and key in STEPS:
            self.moved.emit(self.picture.level, STEPS[key])
        elif self.picture.level and key in ENDS:
            self.ended.emit(self.picture.level, key == Qt.Key.Key_End)
        elif (change := self.picture.key(self.shown, key)) is not None:
            self.chosen.emit(*change)
        else:
            return False
        return True
