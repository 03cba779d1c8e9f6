"""The legend of a map, drawn: a swatch for each kind of cell, and a bar from the low end of numbers to the high one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QFontMetrics, QPainter

from sedd_studio.painting.map_image import colour_of, ramp_of
from sedd_studio.painting.theme import Theme

SWATCH, BAR = 14.0, 110.0
GAP, APART = 6.0, 18.0
HIGH = 20
"""Pixels of a line."""
Entry = tuple[int, str]
"""The code of a kind of cell, and what it is called."""
_MIDDLE = Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Legend:
    """Kinds of cells, and the ends of the numbers, empty where there are none."""

    kinds: Sequence[Entry] = ()
    low: str = ""
    high: str = ""

    @property
    def said(self) -> str:
        """All of it in words."""
        return ", ".join([name for _, name in self.kinds] + [f"from {self.low} to {self.high}"] * bool(self.low))

    def height(self, width: float, metrics: QFontMetrics) -> int:
        """Pixels that it takes at a width."""
        lines = 1 + max((line for line, *_ in self._laid(width, metrics)), default=0)
        return HIGH * (lines + self._broken(width, metrics))

    def _broken(self, width: float, metrics: QFontMetrics) -> bool:
        """Whether the bar has no room beside the word for its low end, and stands below it."""
        said = metrics.horizontalAdvance(self.low) + metrics.horizontalAdvance(self.high)
        return bool(self.low) and said + BAR + 2 * GAP > width

    def _laid(self, width: float, metrics: QFontMetrics) -> list[tuple[int, float, int | None, str]]:
        """Line, x, code (None for the bar) and text of every entry; one that has no room begins another line."""
        found, x, line = [], 0.0, 0
        entries: list[tuple[int | None, str]] = [(code, name) for code, name in self.kinds]
        for code, name in [*entries, *[(None, "")] * bool(self.low)]:
            said = name if code is not None else self.low + self.high
            wide = (SWATCH if code is not None else BAR + GAP) + GAP + metrics.horizontalAdvance(said)
            if x > 0 and x + wide > width:
                x, line = 0.0, line + 1
            found.append((line, x, code, name))
            x += wide + APART
        return found

    def paint(self, painter: QPainter, corner: QPointF, width: float, theme: Theme) -> None:
        """Draws it from a corner on."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, muted = painter.fontMetrics(), theme.colour("muted")
        for line, left, code, name in self._laid(width, metrics):
            x, y = corner.x() + left, corner.y() + line * HIGH
            if code is None:
                painter.setPen(muted)
                painter.drawText(QRectF(x, y, width, HIGH), _MIDDLE, self.low)
                start = x + metrics.horizontalAdvance(self.low) + GAP
                if self._broken(width, metrics):
                    start, y = x, y + HIGH
                ramp = QBrush(ramp_of(theme, start, start + BAR))
                _box(painter, QRectF(start, y + 4, BAR, SWATCH - 2), ramp, theme)
                painter.setPen(muted)
                painter.drawText(QRectF(start + BAR + GAP, y, width, HIGH), _MIDDLE, self.high)
            else:
                _box(painter, QRectF(x, y + 3, SWATCH, SWATCH), QBrush(colour_of(code, theme)), theme)
                painter.setPen(muted)
                painter.drawText(QRectF(x + SWATCH + GAP, y, width, HIGH), _MIDDLE, name)


def _box(painter: QPainter, box: QRectF, brush: QBrush, theme: Theme) -> None:
    painter.setPen(theme.colour("strong_border"))
    painter.setBrush(brush)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
