"""A quiet plot: no menu, no mouse, our colours. The library is imported when the first one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy

from sedd_studio.painting.theme import Look

if TYPE_CHECKING:
    import pyqtgraph

SMALLEST = (220, 150)
"""Pixels of a plot that can be read."""


def make_plot(name: str) -> pyqtgraph.PlotWidget:
    """An empty plot."""
    import pyqtgraph

    plot = pyqtgraph.PlotWidget()
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(False, False)
    plot.hideButtons()
    plot.setMinimumSize(*SMALLEST)
    plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # else it asks for half a screen
    plot.setAccessibleName(name)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # no key does anything there
    return plot


def dress(plot: pyqtgraph.PlotWidget, look: Look) -> None:
    """Colours of background and axes."""
    plot.setBackground(look.colour("panel"))
    for side in ("bottom", "left"):
        axis = plot.getAxis(side)
        axis.setPen(look.colour("strong_border"))
        axis.setTextPen(look.colour("muted"))
