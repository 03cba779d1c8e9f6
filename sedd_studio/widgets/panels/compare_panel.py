"""The compare panel: panes beside each other on a shared timeline, each with what it cost and how good it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QSlider, QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.record.pace import duration
from sedd_studio.session.compare_kinds import KINDS
from sedd_studio.session.errors import Errors
from sedd_studio.session.panes import SAMPLES, Pane, PaneState
from sedd_studio.session.runs import Runs
from sedd_studio.widgets.controls.basic import Choice, Elided, IconButton, ProgressLine, PushButton, label
from sedd_studio.widgets.controls.layouts import column, row, scrolled
from sedd_studio.widgets.controls.pane_text import PaneText
from sedd_studio.widgets.controls.quality_curve import QualityCurve
from sedd_studio.widgets.controls.saving import Content, ask_and_write

if TYPE_CHECKING:
    from sedd_studio.session.comparing import Comparison

TICKS = 1000
PANE_WIDTH = 190
NOTE = "One prompt, one seed, the same locks. Marked words differ from those of the largest budget."


class PaneView(QFrame):
    """One pane: its title, its facts, its text, and a button that ends it."""

    def __init__(self, comparison: Comparison, pane: Pane, look: Look) -> None:
        super().__init__()
        self._comparison, self.pane = comparison, pane
        self.setObjectName("card")
        self.setMinimumWidth(PANE_WIDTH)
        self.setAccessibleName(pane.title)
        self.facts, self.verdict = Elided("help"), Elided("help")
        self.text = PaneText(look)
        self.cancel = IconButton("close", f"Cancel {pane.title}", look, lambda: comparison.cancel(pane))
        opens = f"Open {pane.title} in the window, with all of its samples"
        self.open = IconButton("float", opens, look, lambda: comparison.open(pane))
        title = label(pane.title, "strong")
        title.setMinimumHeight(self.open.sizeHint().height())  # it stays where it is without a button beside it
        head = row((title, 1), self.open, self.cancel)
        column(head, self.facts, self.verdict, (self.text, 1), gap=2, margins=(10, 6, 6, 8), of=self)

    def refresh(self) -> None:
        pane, comparison = self.pane, self._comparison
        self.cancel.setVisible(pane.state in (PaneState.WAITING, PaneState.RUNNING))
        self.open.setVisible(pane.can_be_opened)
        self.facts.show_text(facts_of(comparison, pane))
        self.verdict.show_text(verdict_of(pane))
        tokenizer = comparison.tokenizer_of(pane)
        if pane.run is not None and tokenizer is not None:
            self.text.show_run(pane.run, comparison.step_of(pane), tokenizer, comparison.differences(pane))


def facts_of(comparison: Comparison, pane: Pane) -> str:
    """How far the pane is: calls and seconds of a sample, and the share of tokens like the reference's."""
    if pane.state is PaneState.WAITING:
        return "waiting"
    if pane.state in (PaneState.CANCELLED, PaneState.FAILED):
        return "cancelled" if pane.state is PaneState.CANCELLED else "failed"
    if pane.run is None:
        return "running"
    facts = [f"{pane.calls:.4g} calls", duration(pane.seconds)]
    if pane.state is PaneState.RUNNING:
        facts.insert(0, f"step {pane.run.recorded} of {pane.run.steps}")
    if (share := comparison.agreement(pane)) is not None and pane is not comparison.reference:
        facts.append(f"same {100 * share:.0f}%")
    return " · ".join(facts)


def verdict_of(pane: Pane) -> str:
    """What the judge says, and the entropy without which it means little."""
    verdict = pane.verdict
    if verdict is None or math.isnan(verdict.perplexity):
        return ""
    error = "" if math.isnan(verdict.error) else f" ± {verdict.error:.1f}"
    return f"ppl {verdict.perplexity:.1f}{error} · H {verdict.entropy:.2f}"


class ComparePanel(QWidget):
    """Starts comparisons and plays them."""

    def __init__(self, runs: Runs, errors: Errors, comparison: Comparison, look: Look) -> None:
        super().__init__()
        self._runs, self._errors, self._comparison, self._look = runs, errors, comparison, look
        self.kind = Choice("What to compare", look, {name: kind.title for name, kind in KINDS.items()})
        counts = {count: "1 sample" if count == 1 else f"{count} samples" for count in SAMPLES}
        self.samples = Choice("Samples of each pane", look, counts)
        self.start = PushButton("Compare", "play", look, self._start, primary=True)
        self.stop = PushButton("Cancel all", "stop", look, comparison.cancel_all)
        self.play = IconButton("play", "Play all panes", look, comparison.toggle)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, TICKS)
        self.slider.setAccessibleName("Share of the steps of every pane")
        self.export = PushButton("Export …", "folder", look, self._export)
        self.export.setToolTip("The table for other programs (CSV), or the curve as a picture (PNG).")
        self.note = Elided("help")
        self.progress = ProgressLine("How far the comparison is")
        self.curve = QualityCurve(comparison, look)
        self.views: list[PaneView] = []
        self._arrange()
        self.slider.valueChanged.connect(lambda value: comparison.seek(value / TICKS))
        comparison.changed.connect(self.refresh)
        comparison.moved.connect(self.refresh)
        runs.changed.connect(self._enable)

    def refresh(self) -> None:
        if not self.isVisible():
            return
        comparison = self._comparison
        if [view.pane for view in self.views] != comparison.panes:
            self._make_views()
        for view in self.views:
            view.refresh()
        self.curve.refresh()
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(comparison.position * TICKS))
        self.progress.show_share(comparison.share)
        left = comparison.seconds_left
        self.note.show_text(NOTE if left is None else f"About {duration(left)} left. {NOTE}")
        self.slider.setEnabled(bool(self.views))
        self.play.setEnabled(bool(self.views))
        self.play.sign.show("pause" if comparison.playing else "play")
        self._enable()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _start(self) -> None:
        self._comparison.start(self.kind.currentData(), self.samples.currentData())

    def _enable(self) -> None:
        self.start.setEnabled(not self._runs.hindrance)
        self.stop.setEnabled(self._comparison.busy)
        self.export.setEnabled(any(pane.state is PaneState.DONE for pane in self._comparison.panes))

    def _export(self) -> None:
        from sedd_studio.session.compare_table import as_csv  # with all exports

        kinds: dict[str, Content] = {
            "Table (*.csv)": lambda: as_csv(self._comparison).encode(),
            "Picture of the curve (*.png)": self.curve.as_png,
        }
        ask_and_write(self, "Export the comparison", "comparison", kinds, self._errors)

    def _make_views(self) -> None:
        for view in self.views:
            self._row.removeWidget(view)
            view.hide()
            view.deleteLater()
        self.views = [PaneView(self._comparison, pane, self._look) for pane in self._comparison.panes]
        for view in self.views:
            self._row.addWidget(view, 1)

    def _arrange(self) -> None:
        self.kind.setMinimumWidth(150)
        buttons = (self.kind, self.samples, self.start, self.stop, self.play)
        head = row(*buttons, (self.slider, 2), (self.note, 3), self.export, gap=10)
        panes = QWidget()
        panes.setObjectName("panes")
        self._row = row(gap=10, of=panes)
        scroll = scrolled(panes)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # the texts scroll by themselves
        body = row((scroll, 1), self.curve, gap=14)
        column(head, self.progress, (body, 1), gap=4, margins=(16, 10, 16, 10), of=self)
