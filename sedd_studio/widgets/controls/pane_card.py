"""One pane of a comparison: what it is, what it cost and how good it is, its text, and how far it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QGridLayout

from sedd_studio.painting.theme import Look
from sedd_studio.record.pace import duration
from sedd_studio.session.panes import Pane, PaneState
from sedd_studio.session.vocabulary import Say
from sedd_studio.widgets.controls.basic import Elided, ProgressLine
from sedd_studio.widgets.controls.buttons import IconButton
from sedd_studio.widgets.controls.layouts import column, row
from sedd_studio.widgets.controls.pane_text import PaneText

if TYPE_CHECKING:
    from sedd_studio.session.comparing import Comparison

WIDTH = 230
"""Pixels of the narrowest pane."""
FIGURES = {"calls": 3, "time": 4, "perplexity": 8, "entropy": 5, "same": 4}
"""What is said of a pane, with its share of the width."""
MEANINGS = {
    "calls": "Network calls of a text.",
    "time": "Seconds a text took.",
    "perplexity": "Of the texts, as the judging model writes from left to right; lower is better, with its error.",
    "entropy": "Of a text's tokens, in nats; low where words repeat, so it is read beside perplexity.",
    "same": "The share of tokens that equal those of the pane that this one is held against.",
}


class PaneCard(QFrame):
    """Shows `pane` in the words of `say`; a button cancels it, or opens what is through in the window, with all of its
    texts."""

    def __init__(self, comparison: Comparison, pane: Pane, say: Say, look: Look) -> None:
        super().__init__()
        self._comparison, self.pane, self._say = comparison, pane, say
        self.setObjectName("card")
        self.setMinimumWidth(WIDTH)
        title = pane.called(say)
        self.setAccessibleName(title)
        self.title, self.step = Elided("strong"), Elided("help")
        self.title.show_text(title)
        self.figures = {name: Elided("small") for name in FIGURES}
        self.text = PaneText(look)
        self.progress = ProgressLine(f"How far {title} is")
        self.state = Elided("help")
        self.cancel = IconButton("close", f"Cancel {title}", look, lambda: comparison.cancel(pane), text="Cancel")
        opens = f"Open {title} in the studio, with all of its texts"
        self.open = IconButton("float", opens, look, lambda: comparison.open(pane), text="Open")
        self._arrange()

    def _arrange(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(0)
        for place, (name, share) in enumerate(FIGURES.items()):
            caption = Elided("help")
            caption.show_text(self._say(name))
            caption.setToolTip(self._say(MEANINGS[name]))
            grid.addWidget(caption, 0, place)
            grid.addWidget(self.figures[name], 1, place)
            grid.setColumnStretch(place, share)
        line = QFrame()
        line.setObjectName("line")
        line.setFixedHeight(1)
        foot = row((self.state, 1), self.open, self.cancel, gap=4)
        foot_height = self.open.sizeHint().height()
        self.state.setMinimumHeight(foot_height)  # it stays where it is without a button beside it
        head = row((self.title, 3), (self.step, 2), gap=6)
        column(head, grid, line, (self.text, 1), self.progress, foot, gap=4, margins=(12, 8, 8, 4), of=self)

    def refresh(self) -> None:
        pane, comparison = self.pane, self._comparison
        under_way = pane.state in (PaneState.WAITING, PaneState.RUNNING)
        self.cancel.setVisible(under_way)
        self.open.setVisible(pane.can_be_opened)
        self.progress.show_share(pane.work_done / pane.work if under_way else None)
        self.step.show_text("" if pane.run is None else f"step {pane.step_at(comparison.position)} of {pane.run.steps}")
        self.state.show_text(state_of(pane))
        for name, figure in figures_of(comparison, pane).items():
            self.figures[name].show_text(figure)
        tokenizer = comparison.tokenizer_of(pane)
        if pane.run is not None and tokenizer is not None:
            self.text.show_run(pane.run, pane.step_at(comparison.position), tokenizer, comparison.differences(pane))


def state_of(pane: Pane) -> str:
    """How far the pane is, in texts."""
    texts = f"{pane.texts} of {pane.request.samples} texts"
    match pane.state:
        case PaneState.WAITING:
            return "waiting"
        case PaneState.RUNNING if pane.part is None or pane.texts or pane.request.samples > 1:
            return texts
        case PaneState.RUNNING if pane.part is not None:
            return f"step {pane.part.recorded} of {pane.part.steps}"
        case PaneState.DONE:
            return "✓ 1 text" if pane.request.samples == 1 else f"✓ {pane.request.samples} texts"
    return f"{'cancelled' if pane.state is PaneState.CANCELLED else 'failed'} · {texts}"


def figures_of(comparison: Comparison, pane: Pane) -> dict[str, str]:
    """What is known of the pane by name; a dash where nothing is."""
    same, verdict, known = comparison.agreement(pane), pane.verdict, pane.run is not None
    found = {"calls": f"{pane.calls:.4g}" if known else "", "time": duration(pane.seconds) if known else ""}
    if verdict is not None and not math.isnan(verdict.perplexity):
        error = "" if math.isnan(verdict.error) else f" ± {verdict.error:.1f}"
        found |= {"perplexity": f"{verdict.perplexity:.1f}{error}", "entropy": f"{verdict.entropy:.2f}"}
    if same is not None and pane is not comparison.reference_of(pane):
        found["same"] = f"{100 * same:.0f} %"
    return {name: found.get(name) or "\N{EN DASH}" for name in FIGURES}
