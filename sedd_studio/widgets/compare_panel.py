"""The compare panel: panes beside each other on a shared timeline, each with what it cost and how good it is."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSlider, QVBoxLayout, QWidget

from sedd_studio.comparing import KINDS, Comparison, Pane, PaneState
from sedd_studio.parts.controls import Choice, Elided, IconButton, PushButton, label
from sedd_studio.parts.durations import duration
from sedd_studio.parts.pane_text import PaneText
from sedd_studio.session import Session
from sedd_studio.state import RunState
from sedd_studio.theme import Theme

TICKS = 1000
PANE_WIDTH = 230
NOTE = "One prompt, one seed, the same locks. Marked words differ from those of the last pane."


class PaneView(QFrame):
    """One pane: its title, its facts, its text, and a button that ends it."""

    def __init__(self, comparison: Comparison, pane: Pane, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison, self.pane = comparison, pane
        self.setObjectName("card")
        self.setMinimumWidth(PANE_WIDTH)
        self.setAccessibleName(pane.title)
        self.facts = Elided("help")
        self.text = PaneText(theme)
        self.cancel = IconButton("close", f"Cancel {pane.title}", theme)
        self.cancel.clicked.connect(lambda: comparison.cancel(pane))
        keeps = self.cancel.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)  # the title stays where it is when the run is over
        self.cancel.setSizePolicy(keeps)
        head = QHBoxLayout()
        head.addWidget(label(pane.title, "strong"), 1)
        head.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 6, 8)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.facts)
        column.addWidget(self.text, 1)

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of `theme`."""
        self.cancel.set_theme(theme)
        self.text.set_theme(theme)

    def refresh(self) -> None:
        """Show the pane at the shared playhead."""
        pane, comparison = self.pane, self._comparison
        self.cancel.setVisible(pane.state in (PaneState.WAITING, PaneState.RUNNING))
        self.facts.show_text(facts_of(comparison, pane))
        if pane.run is not None and pane.run.origin is not None:
            tokenizer = pane.run.origin.tokenizer
            self.text.show_run(pane.run, comparison.step_of(pane), tokenizer, comparison.differences(pane))


def facts_of(comparison: Comparison, pane: Pane) -> str:
    """Calls, seconds, what the judge says with the entropy beside it, and the share of equal tokens."""
    if pane.state is PaneState.WAITING:
        return "waiting"
    if pane.state in (PaneState.CANCELLED, PaneState.FAILED):
        return "cancelled" if pane.state is PaneState.CANCELLED else "failed"
    if pane.run is None:
        return "running"
    last = pane.run.moments[-1]
    facts = [f"{last.calls} calls", duration(last.seconds)]
    if pane.state is PaneState.RUNNING:
        facts.insert(0, f"step {pane.run.recorded} of {pane.run.steps}")
    if pane.verdict is not None and not math.isnan(pane.verdict.perplexity):
        facts.append(f"ppl {pane.verdict.perplexity:.1f} · H {pane.verdict.entropy:.2f}")
    if (share := comparison.agreement(pane)) is not None and pane is not comparison.reference:
        facts.append(f"same {100 * share:.0f}%")
    return " · ".join(facts)


class ComparePanel(QWidget):
    """Starts comparisons and plays them."""

    def __init__(self, session: Session, comparison: Comparison, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._comparison, self._theme = session, comparison, theme
        self.kind = Choice("What to compare", theme)
        for name, (title, _) in KINDS.items():
            self.kind.addItem(title, name)
        self.start = PushButton("Compare", "play", theme, primary=True)
        self.stop = PushButton("Cancel all", "stop", theme)
        self.play = IconButton("play", "Play all panes", theme)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, TICKS)
        self.slider.setAccessibleName("Share of the steps of every pane")
        self.note = label(NOTE, "help")
        self.views: list[PaneView] = []
        self._arrange()
        self.start.clicked.connect(lambda: comparison.start(self.kind.currentData()))
        self.stop.clicked.connect(comparison.cancel_all)
        self.play.clicked.connect(comparison.toggle)
        self.slider.valueChanged.connect(lambda value: comparison.seek(value / TICKS))
        comparison.changed.connect(self.refresh)
        comparison.moved.connect(self.refresh)
        session.run_changed.connect(self._enable)
        session.model_changed.connect(self._enable)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of `theme`."""
        self._theme = theme
        for part in (self.kind, self.start, self.stop, self.play):
            part.set_theme(theme)
        for view in self.views:
            view.set_theme(theme)

    def refresh(self) -> None:
        """Show every pane at the playhead."""
        comparison = self._comparison
        if [view.pane for view in self.views] != comparison.panes:
            self._make_views()
        for view in self.views:
            view.refresh()
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(comparison.position * TICKS))
        self.slider.setEnabled(bool(self.views))
        self.play.setEnabled(bool(self.views))
        self.play.set_icon("pause" if comparison.playing else "play", self._theme)
        self._enable()

    def _enable(self) -> None:
        self.start.setEnabled(self._session.ready and self._session.state is not RunState.RUNNING)
        self.stop.setEnabled(self._comparison.busy)

    def _make_views(self) -> None:
        for view in self.views:
            view.deleteLater()
        self.views = [PaneView(self._comparison, pane, self._theme) for pane in self._comparison.panes]
        for view in self.views:
            self._row.addWidget(view, 1)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        self.kind.setMinimumWidth(150)
        for part in (self.kind, self.start, self.stop, self.play):
            head.addWidget(part)
        head.addWidget(self.slider, 1)
        head.addWidget(self.note)
        panes = QWidget()
        panes.setObjectName("panes")
        self._row = QHBoxLayout(panes)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(10)
        scroll = QScrollArea()
        scroll.setWidget(panes)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(scroll, 1)
