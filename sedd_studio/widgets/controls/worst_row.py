"""Which tokens of a run the model regrets most, and the button that sends them back to noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.session.notices import number_of
from sedd_studio.widgets.controls.basic import Elided, Number, ProgressLine, keep_up
from sedd_studio.widgets.controls.buttons import PushButton
from sedd_studio.widgets.controls.layouts import column, row

if TYPE_CHECKING:
    from sedd_studio.session.hindsight import Hindsight
    from sedd_studio.session.runs import Runs
    from sedd_studio.session.view import View
    from sedd_studio.session.vocabulary import Vocabulary

MOST = 1024
NAMED = 12
"""Tokens that are named in the preview."""
AGAIN = "Noise the worst again"
TOLD = "Sends them back to noise and goes on from a step with so much of it: a branch of the run, which stays."


class WorstRow(QWidget):
    """Says how far the model was asked and which tokens are the worst; the button has them noised and drawn again."""

    def __init__(self, view: View, runs: Runs, hindsight: Hindsight, words: Vocabulary, look: Look) -> None:
        super().__init__()
        self._view, self._runs, self._hindsight, self._words = view, runs, hindsight, words
        self.count = Number("How many of the worst tokens", 1, MOST, look)
        self.count.setFixedWidth(84)
        self.count.setValue(hindsight.count)
        self.again = PushButton(AGAIN, "noise", look, self._noise_again)
        self.again.setToolTip(TOLD)
        self.stop = PushButton("Stop", "stop", look, hindsight.stop)
        self.progress = ProgressLine("How far the run was looked back on")
        self.preview = Elided("help")
        column(row(self.count, self.again, self.stop, (self.preview, 1), gap=8), self.progress, gap=4, of=self)
        self.count.valueChanged.connect(lambda value: hindsight.set_count(int(value)))
        keep_up(self.refresh, hindsight.changed, runs.changed, words.changed)

    def refresh(self) -> None:
        found = self._hindsight
        chosen, busy = np.flatnonzero(found.worst()), found.share is not None
        self.progress.show_share(found.share)
        self.stop.setEnabled(busy)
        self.again.setEnabled(bool(len(chosen)) and not found.hindrance and self._view.run is not None)
        self.preview.show_text(*self._told(chosen))

    def _told(self, chosen: np.ndarray) -> list[str]:
        found, run = self._hindsight, self._view.run
        regret, tokenizer = found.regret, self._view.tokenizer
        if regret is None or run is None or tokenizer is None or np.isnan(regret).all():
            return [found.reason or "The model is asked about each token …"]
        if not len(chosen):
            return ["The model thinks less of no token than when it chose it."]
        tokens = run.at(run.recorded, self._view.playhead.sample)[0]
        ranked = sorted(chosen.tolist(), key=lambda position: float(regret[position]))
        said = [f"“{tokenizer.piece(int(tokens[place])).strip()}” {regret[place]:.1f}" for place in ranked[:NAMED]]
        more = f", and {len(ranked) - NAMED} more" if len(ranked) > NAMED else ""
        told = "{tokens}, log ratio in nats: {named}"
        named = f"{', '.join(said)}{more}"
        return [self._words.say(told, tokens=number_of(len(ranked), "token"), named=named)]

    def _noise_again(self) -> None:
        chosen, playhead = self._hindsight.worst(), self._view.playhead
        playhead.seek(playhead.recorded)
        self._runs.noise_again(chosen)
