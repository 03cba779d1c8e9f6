"""The position panel: the ten likeliest tokens where the user points, and how sure the model is there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView

from sedd_studio.painting.theme import Look
from sedd_studio.session.runs import Runs
from sedd_studio.session.state import Pointed
from sedd_studio.session.vocabulary import Vocabulary
from sedd_studio.widgets.controls.basic import keep_up, label
from sedd_studio.widgets.controls.candidate_rows import ROW, CandidatePainter, Candidates, percent
from sedd_studio.widgets.controls.layouts import column

if TYPE_CHECKING:
    from sedd_studio.session.pointing import Pointer

SHOWN, SHOWN_AT_LEAST = 10, 4
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
HINT = "Point at a position to see what the model would put there."


class PositionPanel(QFrame):
    """Shows `pointer.pointed`. A click, or Enter, puts a candidate there and goes on from the step on show."""

    def __init__(self, runs: Runs, pointer: Pointer, words: Vocabulary, look: Look) -> None:
        super().__init__()
        self._runs, self._pointer, self._words = runs, pointer, words
        self.setObjectName("positionPanel")
        self.title = label("", "strong")
        self.candidates = Candidates(self)
        self.list = QListView()
        self.list.setModel(self.candidates)
        self.list.setAccessibleName("Likely tokens at the position")
        self.list.setMinimumHeight(SHOWN_AT_LEAST * ROW)
        self.list.setMaximumHeight(SHOWN * ROW)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        CandidatePainter(look, self.list)
        self.facts = label(HINT, "help")
        self.facts.setWordWrap(True)
        column(self.title, (self.list, 100), self.facts, None, gap=6, margins=(20, 2, 16, 12), of=self)
        self.list.clicked.connect(self._place)
        self.list.installEventFilter(self)
        keep_up(self.refresh, pointer.changed, runs.changed, words.changed)

    def refresh(self) -> None:
        pointed = self._pointer.pointed
        self.candidates.show_rows(pointed.candidates if pointed is not None else ())
        self.list.setEnabled(bool(self.candidates.rows))
        for part in (self.list, self.title):
            part.setVisible(pointed is not None)
        if pointed is None:
            self.facts.setText(HINT)
            return
        what = "masked" if pointed.shown is None else "locked" if pointed.locked else "settled"
        self.title.setText(f"{pointed.position + 1} · {what}")
        self.facts.setText(self._facts(pointed))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in ENTER:
            self._place(self.list.currentIndex())
            return True
        return super().eventFilter(watched, event)

    def _facts(self, pointed: Pointed) -> str:
        if pointed.entropy is None:
            return self._runs.silence or pointed.refusal or "…"
        say, entropy, cost = self._words.say, pointed.entropy, pointed.cost
        facts = [say("entropy {entropy:.2f} nats", entropy=entropy, choices=math.exp(entropy))]
        if pointed.limited:
            facts.append("of what is allowed here")
        if pointed.own is not None:
            facts.append(f"what stands here: {percent(pointed.own)}")
        if cost is not None:
            facts.append(say("{cost:.2f} nats of the bound", cost=cost, odds=math.exp(cost)))
        return " · ".join(facts) + "\nClick a word to put it here and go on from this step."

    def _place(self, index: QModelIndex) -> None:
        pointed = self._pointer.pointed
        if pointed is not None and 0 <= index.row() < len(pointed.candidates):
            self._runs.place(pointed.position, pointed.candidates[index.row()].token)
