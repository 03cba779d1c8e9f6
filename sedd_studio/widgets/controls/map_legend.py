"""What the colours of a map mean, under each other where there is no room."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from sedd_studio.painting.map_legend import Legend
from sedd_studio.painting.theme import Look

LEAST = 240


class MapLegend(QWidget):
    """One line of swatches, or as many lines as it needs."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look, self._legend = look, Legend()
        look.changed.connect(self.update)

    def show_legend(self, legend: Legend) -> None:
        """Lists what it names."""
        if legend != self._legend:
            self._legend = legend
            self.setAccessibleName(f"Colours: {legend.said}")
            self.updateGeometry()
            self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._legend.height(width, self.fontMetrics())

    def sizeHint(self) -> QSize:
        return QSize(LEAST, self.heightForWidth(max(self.width(), LEAST)))

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._legend.paint(painter, QPointF(0, 0), self.width(), self._look.theme)
