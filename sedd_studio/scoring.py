"""The bound on the likelihood of the text on show, as it tightens, and how its tokens share it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.messages import FREE, Attributed, Bounded, Cancelled, Event, Failed, Score, Tokens, ends
from sedd_studio.session import Session
from sedd_studio.state import RunState

PRECISIONS = (0.1, 0.05, 0.02, 0.01)
"""Halves of the 95 % interval, nats a token, at which a bound may stop."""


@dataclass(frozen=True)
class Figure:
    """A bound in one unit: its value and its standard error."""

    unit: str
    value: float
    error: float


def figures(bound: Bounded, size: int) -> tuple[Figure, ...]:
    """A bound in the usual units, for a text of `size` bytes."""
    bits, error = bound.nats / math.log(2), bound.standard_error / math.log(2)
    perplexity = math.exp(bound.nats)
    found = [Figure("nats a token", bound.nats, bound.standard_error), Figure("bits a token", bits, error)]
    if size:
        share = bound.tokens / size
        found.append(Figure("bits a byte", bits * share, error * share))
    return (*found, Figure("perplexity a token", perplexity, perplexity * bound.standard_error))


class Scorer(QObject):
    """Scores the text at the playhead. `points` are the bounds so far, `costs` the nats of each token of `tokens`,
    `size` the bytes of what is scored.

    `changed` is told when there is more to show.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._question = 0
        self.tokens: Tokens | None = None
        self.given = np.zeros(0, bool)
        self.points: list[Bounded] = []
        self.costs: np.ndarray | None = None
        self.size = 0
        session.answered.connect(self._take)
        session.run_changed.connect(self.changed)
        session.playhead_changed.connect(self.changed)

    @property
    def scoring(self) -> bool:
        """Whether an answer is being waited for."""
        return self._question != 0

    @property
    def hindrance(self) -> str:
        """Why the text on show cannot be scored now, as a sentence; empty if it can."""
        state = self._session.canvas()
        if not self._session.ready:
            return "Open the model first."
        if self._session.state is RunState.RUNNING:
            return "The model is busy with the run."
        if not state.length or (state.tokens == FREE).any():
            return "Only a text without masked positions can be scored."
        return ""

    def start(self, precision: float, given_locked: bool) -> None:
        """Scores the text on show, all of it or what is not locked given what is."""
        if self.hindrance:
            return
        self.stop()
        state = self._session.canvas()
        given = state.locked & given_locked
        self.tokens, self.given = state.tokens, given if not given.all() else np.zeros(state.length, bool)
        self.points, self.costs = [], None
        scored = self.tokens[~self.given].tolist()
        self.size = len(self._session.tokenizer.decode(scored).encode()) if self._session.tokenizer else 0
        self._question = self._session.ask(Score(self.tokens, self.given, precision))
        self.changed.emit()

    def stop(self) -> None:
        """Is content with what is known."""
        if self._question:
            self._session.drop(self._question)

    def costs_on_show(self) -> np.ndarray | None:
        """The nats of each token (L,) if the text on show is the one that was scored."""
        shown = self._session.canvas().tokens
        return self.costs if self.tokens is not None and np.array_equal(self.tokens, shown) else None

    def _take(self, event: Event) -> None:
        if event.run_id != self._question:
            return
        match event:
            case Bounded():
                self.points.append(event)
            case Attributed(nats=nats):
                self.costs = nats
            case Failed(headline=headline, detail=detail):
                self._session.show_error(headline, detail)
            case Cancelled():
                pass
        if ends(event):
            self._question = 0
        self.changed.emit()
