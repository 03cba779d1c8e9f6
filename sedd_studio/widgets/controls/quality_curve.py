"""Quality against compute: the judge's perplexity of each pane against its network calls, on logarithmic axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtWidgets import QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.session.panes import Pane
from sedd_studio.widgets.controls.layouts import column
from sedd_studio.widgets.controls.plot import dress, make_plot

if TYPE_CHECKING:
    import pyqtgraph

    from sedd_studio.session.comparing import Comparison

WIDTH = 290
CLOSEST = 1.5
FEWEST = 2
"""Points that make a curve."""


class QualityCurve(QWidget):
    """Hidden until two panes are judged. A click on a point opens its samples in the window."""

    def __init__(self, comparison: Comparison, look: Look) -> None:
        super().__init__()
        self._comparison, self._look = comparison, look
        self._plot: pyqtgraph.PlotWidget | None = None
        self._drawn: list[tuple[float, float, float]] = []
        self._column = column(of=self)
        self.setFixedWidth(WIDTH)
        self.hide()
        look.changed.connect(self._dress)

    def _dress(self) -> None:
        self._drawn = []
        self.refresh()

    def refresh(self) -> None:
        """Draw the panes that are judged, if there are others than before."""
        panes = sorted(self._comparison.judged(), key=lambda pane: pane.calls)
        points = [(pane.calls, pane.verdict.perplexity, pane.verdict.error) for pane in panes if pane.verdict]
        self.setVisible(len(points) >= FEWEST)
        if self.isHidden() or points == self._drawn:
            return
        self._drawn = points
        if self._plot is None:
            self._plot = make_plot("Generative perplexity against network calls", "network calls", "perplexity")
            self._column.addWidget(self._plot)
        self._draw(self._plot, panes, np.array(points))

    def as_png(self) -> bytes:
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self.grab().save(buffer, "PNG")
        return bytes(data.data())

    def _draw(self, plot: pyqtgraph.PlotWidget, panes: list[Pane], points: np.ndarray) -> None:
        import pyqtgraph

        plot.clear()
        dress(plot, self._look)
        calls, values, errors = points.T
        x, y = np.log10(calls), np.log10(values)
        accent = self._look.colour("accent")
        if self._comparison.reference is not None:  # else they are no budgets of one chain
            plot.addItem(pyqtgraph.PlotCurveItem(x, y, pen=pyqtgraph.mkPen(accent, width=2)))
        if not np.isnan(errors).any():
            top, bottom = np.log10(values + errors) - y, y - np.log10(np.maximum(values - errors, values / 10))
            plot.addItem(pyqtgraph.ErrorBarItem(x=x, y=y, top=top, bottom=bottom, beam=0.04, pen=accent))
        dots = pyqtgraph.ScatterPlotItem(x, y, data=panes, size=10, brush=accent, pen=None, hoverable=True, tip=told)
        dots.sigClicked.connect(lambda _item, hit, _event: self._comparison.open(hit[0].data()))
        plot.addItem(dots)
        plot.getAxis("bottom").setTicks([[(math.log10(number), f"{number:.0f}") for number in apart(calls)]])
        plot.getAxis("left").setTicks([[(math.log10(value), f"{value:g}") for value in round_numbers(values)]])


def apart(values: np.ndarray) -> list[float]:
    """Of rising values those that are far enough apart on a logarithmic axis to be written beside each other."""
    kept: list[float] = []
    for value in values.tolist():
        if not kept or value > CLOSEST * kept[-1]:
            kept.append(value)
    return kept


def round_numbers(values: np.ndarray) -> list[float]:
    """1, 2 and 5 times powers of ten, from just below the smallest to just above the largest of the values."""
    powers = range(math.floor(math.log10(values.min())) - 1, math.ceil(math.log10(values.max())) + 1)
    marks = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    return [mark for mark in marks if values.min() / 2 < mark < values.max() * 2]


def told(x: float, y: float, data: Any) -> str:
    """What a point says when the pointer is over it."""
    pane: Pane = data
    assert pane.verdict is not None
    error = "" if math.isnan(pane.verdict.error) else f" ± {pane.verdict.error:.1f}"
    return (
        f"{pane.title}: perplexity {pane.verdict.perplexity:.1f}{error} with {pane.calls:.4g} calls. Click to open it."
    )
