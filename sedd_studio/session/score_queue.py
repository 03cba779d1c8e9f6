"""Bounds of several texts, asked for one after another."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.protocol import Bounded, Event, Failed, Finished, Score, ends
from sedd_studio.record.pace import seconds_left
from sedd_studio.session.notices import going, number_of
from sedd_studio.session.session import Session

if TYPE_CHECKING:
    from sedd_studio.session.text_rows import TextRow


class ScoreQueue(QObject):
    """Puts scores to the engine in turn; a run ends it. `bounds` holds what is known of each of `scores`.

    `changed` is told with the number of the score whose bound has changed, -1 for all.
    """

    changed = Signal(int)
    ended = Signal(str)
    """With a sentence: all are scored."""
    words = "Ranking", "Ranked", "sample"

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._question = 0
        self._next = 0
        self._began = 0.0
        self.scores: Sequence[Score] = ()
        self.bounds: list[Bounded | None] = []
        session.engine.answered.connect(self._take)

    @property
    def busy(self) -> bool:
        """Whether an answer is being waited for."""
        return self._question != 0

    @property
    def done(self) -> int:
        return self._next - self.busy

    @property
    def share(self) -> float | None:
        """How much of it is done; None while nothing is asked for."""
        return self.done / len(self.scores) if self.busy else None

    @property
    def seconds_left(self) -> float | None:
        """How long it will take, as far as can be told; None while it cannot, or when it is over."""
        return seconds_left(self.share, self._began)

    @property
    def work(self) -> str:
        """What it does, as a sentence; empty while it does nothing."""
        doing, _, thing = self.words
        return going(f"{doing} {number_of(len(self.scores), thing)}", self.seconds_left) if self.busy else ""

    def start(self, scores: Sequence[Score]) -> None:
        """Asks for these in place of what was asked for before."""
        self.cancel()
        self.scores, self.bounds = scores, [None] * len(scores)
        self._next, self._began = 0, time.monotonic()
        self.changed.emit(-1)
        self._go_on()

    def cancel(self) -> None:
        if self._question:
            self._session.engine.drop(self._question)
            self._question = 0
            self.changed.emit(-1)

    def _go_on(self) -> None:
        session = self._session
        if self._next >= len(self.scores) or session.runs.hindrance:
            self._question = 0
            return
        self._question = session.engine.ask(self.scores[self._next])
        self._next += 1

    def _take(self, event: Event) -> None:
        if not self._question or event.run_id != self._question:
            return
        number = self._next - 1
        if isinstance(event, Bounded):
            self.bounds[number] = event
        if isinstance(event, Failed):
            self._session.errors.show(event.headline, event.detail)
        if isinstance(event, Finished):
            self._go_on()
        elif ends(event):  # failed, or superseded by a run
            self._question = 0
        self.changed.emit(number)
        if isinstance(event, Finished) and not self.busy and self._next == len(self.scores):
            self.ended.emit(f"{self.words[1]} {number_of(self._next, self.words[2])}")


class TextScores(ScoreQueue):
    """Scores the texts of `rows` in turn."""

    rows: Sequence[TextRow] = ()
    words = "Scoring", "Scored", "text"

    def score(self, rows: Sequence[TextRow], precision: float) -> None:
        """Scores texts, each until half of its 95 % interval is `precision` nats a token."""
        self.rows = rows
        self.start([Score(row.tokens, np.zeros(len(row.tokens), bool), precision, by_token=False) for row in rows])
