"""Colours for what tokens cost: from nothing to a strong tint, and the legend that explains them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from sedd_studio.theme import Theme

MOST = 8.0
"""Nats at which the colour is strongest."""
STRONGEST = 0.6
"""How opaque that is: the word must stay readable on it."""


def tints(costs: np.ndarray, theme: Theme) -> list[QColor | None]:
    """A colour behind each token (L,) by its nats; None where it is not worth one."""
    shares = np.clip(costs / MOST, 0.0, 1.0)
    return [tint(share, theme) if share > 0.02 else None for share in shares.tolist()]


def tint(share: float, theme: Theme) -> QColor:
    """The colour of a share of `MOST`."""
    colour = theme.colour("fresh")
    colour.setAlphaF(STRONGEST * share)
    return colour


class Legend(QWidget):
    """A bar from 0 to `MOST` nats."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(f"Colours: from 0 to {MOST:g} nats a token and more")
        self.setMinimumHeight(30)

    def sizeHint(self) -> QSize:
        return QSize(180, 30)

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of `theme`."""
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        bar = QRectF(4, 4, min(180, self.width() - 8), 9)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        gradient.setColorAt(0, tint(0, self._theme))
        gradient.setColorAt(1, tint(1, self._theme))
        painter.setPen(self._theme.colour("border"))
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 3, 3)
        painter.setPen(self._theme.colour("muted"))
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        below = QRectF(bar.left(), bar.bottom() + 1, bar.width(), 16)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{MOST:g} nats and more")
        painter.end()
