"""The pointer of who presents: a large disc that everybody sees."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from sedd_studio.painting.theme import Look

SHARE = 0.06
"""Of the height of the screen: how wide it is."""


class Laser(QWidget):
    """Lies over all else and takes no clicks; hidden until it is switched on."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Pointer")
        self.hide()

    @property
    def middle(self) -> QPoint:
        """Where it points."""
        return self.geometry().center()

    def put(self, point: QPoint) -> None:
        """Points there, as far as that is on the screen."""
        home = self.parentWidget()
        assert home is not None
        wide = max(24, round(SHARE * home.height()))
        self.resize(wide, wide)
        x, y = min(max(point.x(), 0), home.width() - 1), min(max(point.y(), 0), home.height() - 1)
        self.move(x - (wide - 1) // 2, y - (wide - 1) // 2)
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A disc that lets through what is under it, and two rings: one of them is seen on any ground."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            line = max(2.0, 0.07 * self.width())
            area = QRectF(self.rect()).adjusted(line, line, -line, -line)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._look.colour("error", 0.4))
            painter.drawEllipse(area)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._look.colour("window"), 2 * line))
            painter.drawEllipse(area)
            painter.setPen(QPen(self._look.colour("error"), line))
            painter.drawEllipse(area)
