"""The colour behind a token, from none to a strong tint, and the bar that explains it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from sedd_studio.painting.theme import Look

STRONGEST = 0.6
"""How opaque the strongest colour is: the word must stay readable on it."""
FAINTEST = 0.02


def tints(shares: np.ndarray, look: Look) -> list[QColor | None]:
    """A colour for each share (L,) from 0 to 1; None where it is not worth one, or NaN."""
    return [tint(share, look) if share > FAINTEST else None for share in shares.tolist()]


def tint(share: float, look: Look) -> QColor:
    """The colour of a share."""
    return look.colour("fresh", STRONGEST * min(max(share, 0.0), 1.0))


class HeatBar(QWidget):
    """All tints beside each other, from none to the strongest."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return QSize(140, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            bar = QRectF(self.rect()).adjusted(0.5, 1.5, -0.5, -1.5)
            gradient = QLinearGradient(bar.topLeft(), bar.topRight())
            gradient.setColorAt(0, tint(0, self._look))
            gradient.setColorAt(1, tint(1, self._look))
            painter.setPen(self._look.colour("border"))
            painter.setBrush(gradient)
            painter.drawRoundedRect(bar, 3, 3)
