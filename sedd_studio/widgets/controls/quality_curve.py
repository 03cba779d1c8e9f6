"""Quality against compute: the judge's perplexity of each pane against its network calls, on logarithmic axes, and the
entropy beside it, without which perplexity misleads."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtWidgets import QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.session.compare_reading import ENOUGH
from sedd_studio.session.panes import Pane, judged
from sedd_studio.session.vocabulary import Say, Vocabulary
from sedd_studio.turns import Piece
from sedd_studio.widgets.controls.basic import Elided, plain
from sedd_studio.widgets.controls.flow import Turning
from sedd_studio.widgets.controls.layouts import column
from sedd_studio.widgets.controls.plot import dress, make_plot

if TYPE_CHECKING:
    import pyqtgraph

    from sedd_studio.session.comparing import Comparison

ABOUT = "Quality against compute: perplexity by the judge, lower is better, and entropy; mean ± standard error"
CLOSEST = 1.5
ROOM, LITTLE = (14.0, 42.0, 190.0, 12.0), (14.0, 12.0, 14.0, 12.0)
"""Pixels round the points: for what is written beside them, and where nothing is."""
SIDES = ((0.0, 1.0), (0.0, 0.0), (-0.06, 0.5), (1.0, 1.0), (1.0, 0.0))
"""Where a label may have its point: at a corner, with it above to the right, below, beside, or to the left."""
Points = list[tuple[Pane, float, float, float]]
"""A pane, and its place: calls, the figure, and its standard error."""


class QualityCurve(QWidget):
    """Draws what is judged, a plot in a turn of the event loop: each takes as long as a picture of the window.

    A click on a point opens its texts in the window.
    """

    def __init__(self, comparison: Comparison, words: Vocabulary, look: Look) -> None:
        super().__init__()
        self._comparison, self._words, self._look = comparison, words, look
        self._plots: list[pyqtgraph.PlotWidget] = []
        self._drawn: object = None
        self._left: list[Callable[[], None]] = []
        self._next = Piece(self, self._draw_next)
        self._about = Elided("help")
        self._column = column(self._about, gap=4, of=self)
        self.setMinimumHeight(170)
        look.changed.connect(self.refresh)
        words.changed.connect(self.refresh)

    def refresh(self, *_: object) -> None:
        """Has the panes drawn that are judged, if there are others than before."""
        if self.isVisible():
            self._about.show_text(self._words.say(ABOUT))
            if self._looks() != self._drawn:
                self._next.want()

    @property
    def drawn(self) -> bool:
        """Whether nothing is left to be drawn."""
        return not self._next.wanted

    def _panes(self) -> list[Pane]:
        return sorted(judged(self._comparison.panes), key=lambda pane: (pane.calls, pane.request.steps))

    def _looks(self) -> object:
        """All that decides what the plots look like."""
        sizes = [plot.getViewBox().rect().size() for plot in self._plots]
        judged = [(pane, pane.verdict, pane.unfinished) for pane in self._panes()]
        return self._look.theme, self._words.say(ABOUT), sizes, judged

    def _draw_next(self) -> None:
        """Makes the plots, or draws one of them."""
        if not self._plots and self._panes():
            self._make_plots()
            self._next.want()
            return
        looks = self._looks()
        if looks != self._drawn:
            self._drawn = looks
            self._left = self._drawings()
        if self._left:
            self._left.pop(0)()
        if self._left:
            self._next.want()

    def _drawings(self) -> list[Callable[[], None]]:
        """What draws each plot as it is to look now."""
        if not self._plots:
            return []
        found = [(pane, pane.calls, pane.verdict) for pane in self._panes() if pane.verdict is not None]
        perplexity = [(pane, calls, told.perplexity, told.error) for pane, calls, told in found]
        entropy = [(pane, calls, told.entropy, told.entropy_error) for pane, calls, told in found]
        wide, narrow = self._plots
        return [
            lambda: self._draw(wide, "perplexity", perplexity, log=True),
            lambda: self._draw(narrow, "entropy, nats", entropy, log=False),
        ]

    def as_png(self) -> bytes:
        self._next.now()
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self.grab().save(buffer, "PNG")
        return bytes(data.data())

    def _make_plots(self) -> None:
        self._plots = [
            make_plot("Generative perplexity against network calls"),
            make_plot("Entropy against network calls"),
        ]
        for plot in self._plots:
            plot.getViewBox().sigResized.connect(self.refresh)
        wide, narrow = self._plots
        self._column.addWidget(Turning((wide, 3), (narrow, 2), gap=8), 1)

    def _draw(self, plot: pyqtgraph.PlotWidget, title: str, points: Points, log: bool) -> None:
        import pyqtgraph

        plot.setLabel("left", self._words.say(title))
        plot.setLabel("bottom", self._words.say("network calls a text"))
        plot.clear()
        dress(plot, self._look)
        if not points:
            return
        accent = self._look.colour("accent")
        calls, values, errors = (np.array([point[i] for point in points], float) for i in (1, 2, 3))
        low, high = values - np.nan_to_num(errors), values + np.nan_to_num(errors)
        scale: Callable[[Any], Any] = np.log10 if log else np.asarray
        x, y, low, high = (
            np.log10(calls),
            scale(values),
            scale(np.maximum(low, values / 10) if log else low),
            scale(high),
        )
        view = room(x, np.concatenate([low, high]), plot.getViewBox().rect().size(), ROOM if log else LITTLE)
        for one, two, whole in lines(points):
            style = Qt.PenStyle.SolidLine if whole else Qt.PenStyle.DashLine
            pen = pyqtgraph.mkPen(accent, width=2, style=style)
            plot.addItem(pyqtgraph.PlotCurveItem(x[[one, two]], y[[one, two]], pen=pen))
        known = ~np.isnan(errors)
        if known.any():
            bars = {"x": x[known], "y": y[known], "top": (high - y)[known], "bottom": (y - low)[known]}
            plot.addItem(pyqtgraph.ErrorBarItem(**bars, beam=0.015 * view.width(), pen=accent))
        hollow, full = pyqtgraph.mkBrush(self._look.colour("panel")), pyqtgraph.mkBrush(accent)
        brushes = [hollow if pane.unfinished else full for pane, *_ in points]
        pen = pyqtgraph.mkPen(accent, width=2)
        dots = pyqtgraph.ScatterPlotItem(
            x,
            y,
            data=[pane for pane, *_ in points],
            size=10,
            brush=brushes,
            pen=pen,
            hoverable=True,
            tip=lambda x, y, data: tip_of(data, self._words.say),
        )
        dots.sigClicked.connect(lambda _item, hit, _event: self._comparison.open(hit[0].data()))
        plot.addItem(dots)
        plot.getAxis("bottom").setTicks([[(math.log10(number), f"{number:.4g}") for number in apart(np.sort(calls))]])
        marks = [[(math.log10(value), f"{value:g}") for value in round_numbers(values)]] if log else None
        plot.getAxis("left").setTicks(marks)
        plot.setRange(view, padding=0, disableAutoRange=True)
        if log:
            self._label(plot, points, x, y, view)

    def _label(self, plot: pyqtgraph.PlotWidget, points: Points, x: np.ndarray, y: np.ndarray, view: QRectF) -> None:
        """Says at each point what it is and of how many texts, where there is room beside the others."""
        import pyqtgraph

        font = QFont(plot.font())
        font.setPixelSize(self._look.sizes.small)
        metrics = QFontMetricsF(font)
        wide, high = max(1.0, plot.getViewBox().width()), max(1.0, plot.getViewBox().height())
        at = [
            QPointF((one - view.left()) / view.width() * wide, (view.bottom() - two) / view.height() * high)
            for one, two in zip(x.tolist(), y.tolist(), strict=True)
        ]
        taken = [QRectF(point.x() - 5, point.y() - 5, 10, 10) for point in at]
        for (pane, *_), place, own in zip(points, at, list(taken), strict=True):
            text = label_of(pane, self._words.say)
            size = max(map(metrics.horizontalAdvance, text.splitlines())) + 8, 2 * metrics.height() + 4
            for side in SIDES:
                area = QRectF(place.x() - side[0] * size[0], place.y() - side[1] * size[1], *size)
                if QRectF(0, 0, wide, high).contains(area) and not any(area.intersects(o) for o in taken if o != own):
                    taken.append(area)
                    item = pyqtgraph.TextItem(text, color=self._look.colour("text"), anchor=side)
                    item.setFont(font)
                    item.setPos(*self._back(place, view, wide, high))
                    plot.addItem(item)
                    break

    @staticmethod
    def _back(place: QPointF, view: QRectF, wide: float, high: float) -> tuple[float, float]:
        return view.left() + place.x() / wide * view.width(), view.bottom() - place.y() / high * view.height()


def lines(points: Points) -> Iterator[tuple[int, int, bool]]:
    """Between which points lines are drawn, by number, and whether both are finished: budgets of one chain, each of
    enough texts."""
    chains: dict[tuple[str | None, ...], list[int]] = {}
    for number, (pane, *_) in enumerate(points):
        if "steps" in pane.facets and pane.judged >= ENOUGH:
            key = tuple(pane.facets.get(name) for name in ("model", "sampler", "seed"))
            chains.setdefault(key, []).append(number)
    for chain in chains.values():
        for one, two in pairwise(chain):
            yield one, two, not (points[one][0].unfinished or points[two][0].unfinished)


def room(x: np.ndarray, y: np.ndarray, size: QSizeF, margins: tuple[float, float, float, float]) -> QRectF:
    """What of the axes is shown of a picture of that size: all points, and `margins` in pixels at the left, the top,
    the right and the foot."""
    (left, top, right, foot), most = margins, 0.6
    across, up = max(x.max() - x.min(), 0.3), max(y.max() - y.min(), 0.05)
    wide = across / max(1 - (left + right) / max(1.0, size.width()), 1 - most)
    high = up / max(1 - (top + foot) / max(1.0, size.height()), 1 - most)
    return QRectF(
        x.min() - left / (left + right) * (wide - across), y.min() - foot / (top + foot) * (high - up), wide, high
    )


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


def label_of(pane: Pane, say: Say) -> str:
    """What a point is, and of how many texts its figure is."""
    return f"{pane.called(say)}\n{figures_of(pane)}"


def figures_of(pane: Pane) -> str:
    """The judge's figure of a pane, with its error, and of how many texts it is."""
    assert pane.verdict is not None
    error = "" if math.isnan(pane.verdict.error) else f" ± {pane.verdict.error:.1f}"
    count = f"n = {pane.judged}{' so far' if pane.unfinished else ''}"
    return f"{pane.verdict.perplexity:.1f}{error} · {count}"


def tip_of(pane: Pane, say: Say) -> str:
    """What a point says when the pointer is over it."""
    assert pane.verdict is not None
    told = "{name}: perplexity {figures}, entropy {entropy:.2f}, with {calls:.4g} calls. Click to open it."
    figures, entropy = figures_of(pane), pane.verdict.entropy
    return plain(say(told, name=pane.called(say), figures=figures, entropy=entropy, calls=pane.calls))
