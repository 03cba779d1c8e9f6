"""What the colours of a map mean: a swatch for each kind of cell, and a bar from the low end of its numbers to the high
one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from sedd_studio.painting.map_image import colour_of, ramp_of
from sedd_studio.painting.theme import Look

SWATCH, BAR = 14.0, 110.0
GAP, APART = 6.0, 18.0
HIGH = 20
Entry = tuple[int, str]
"""The code of a kind of cell, and what it is called."""


class MapLegend(QWidget):
    """One line of swatches, or as many lines as it needs."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._kinds: Sequence[Entry] = ()
        self._ends = ("", "")
        look.changed.connect(self.update)

    def show_entries(self, kinds: Sequence[Entry], low: str = "", high: str = "") -> None:
        """Lists kinds of cells, and the ends of the numbers where there are any."""
        if (kinds, (low, high)) != (self._kinds, self._ends):
            self._kinds, self._ends = kinds, (low, high)
            numbers = f"from {low} to {high}" if low else ""
            self.setAccessibleName("Colours: " + ", ".join([name for _, name in kinds] + [numbers] * bool(numbers)))
            self.updateGeometry()
            self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return HIGH * (1 + max((line for line, *_ in self._laid(width)), default=0))

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(max(self.width(), 240)))

    def _laid(self, width: int) -> list[tuple[int, float, int | None, str]]:
        """Line, x, code (None for the bar) and text of every entry."""
        metrics, found = self.fontMetrics(), []
        x, line = 0.0, 0
        entries: list[tuple[int | None, str]] = [(code, name) for code, name in self._kinds]
        if self._ends[0]:
            entries.append((None, ""))
        for code, name in entries:
            said = name if code is not None else "".join(self._ends)
            wide = (SWATCH if code is not None else BAR + GAP) + GAP + metrics.horizontalAdvance(said)
            if x > 0 and x + wide > width:
                x, line = 0.0, line + 1
            found.append((line, x, code, name))
            x += wide + APART
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        middle, metrics = Qt.AlignmentFlag.AlignVCenter, self.fontMetrics()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for line, x, code, name in self._laid(self.width()):
                y = line * HIGH
                if code is not None:
                    self._box(painter, QRectF(x, y + 3, SWATCH, SWATCH), QBrush(colour_of(code, self._look.theme)))
                    painter.setPen(self._look.colour("muted"))
                    painter.drawText(QRectF(x + SWATCH + GAP, y, self.width(), HIGH), middle, name)
                    continue
                low, high = self._ends
                left = x + metrics.horizontalAdvance(low) + GAP
                self._box(
                    painter,
                    QRectF(left, y + 4, BAR, SWATCH - 2),
                    QBrush(ramp_of(self._look.theme, left, left + BAR)),
                )
                painter.setPen(self._look.colour("muted"))
                painter.drawText(QRectF(x, y, self.width(), HIGH), middle, low)
                painter.drawText(QRectF(left + BAR + GAP, y, self.width(), HIGH), middle, high)

    def _box(self, painter: QPainter, box: QRectF, brush: QBrush) -> None:
        painter.setPen(self._look.colour("strong_border"))
        painter.setBrush(brush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
