"""What the model would put where the user points: asked for after a short rest, and only while no run is going on."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from engine.protocol import FREE, Event, Failed, Insight, Inspect
from sedd_studio.session.asking import Asked
from sedd_studio.session.scoring import Scorer
from sedd_studio.session.session import Session
from sedd_studio.session.state import Candidate, Pointed

REST = 90
"""Milliseconds that a pointer rests before the model is asked."""


class Pointer(QObject):
    """The position pointed at, kept until another is; `changed` is told when it, or what is known of it, changes."""

    changed = Signal()

    def __init__(self, session: Session, scorer: Scorer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._scorer = session, scorer
        self.pointed: Pointed | None = None
        self._asked: Asked | None = None
        self._question = 0
        self._limited = False
        """Whether not every token may stand where was asked."""
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._ask)
        session.view.changed.connect(self._look_again)
        session.runs.changed.connect(self._look_again)
        session.form.changed.connect(self._look_again)
        session.engine.answered.connect(self._take)
        scorer.changed.connect(self._note_cost)

    def point_at(self, position: int | None) -> None:
        """Points at a position; pointing at nothing leaves what was pointed at before."""
        if position is not None and (self.pointed is None or self.pointed.position != position):
            self._point(self._known(position))
            self._rest.start()

    def _point(self, known: Pointed | None) -> None:
        """Shows what is known without asking; what was asked before is wanted no more."""
        if self._question:
            self._session.engine.drop(self._question)
        self.pointed, self._asked, self._question = known, None, 0
        self.changed.emit()

    def _look_again(self) -> None:
        """Something has changed; only what is another question is asked anew."""
        if self.pointed is None:
            return
        session, position = self._session, self.pointed.position
        known = self._known(position) if position < session.view.canvas().length else None
        moving = session.playhead.playing or bool(session.runs.silence)
        if known is None or moving:
            self._point(known)
        elif self._asked is None or not self._asked.same_as(Asked.now(session)):
            if (known.shown, known.locked) != (self.pointed.shown, self.pointed.locked):
                self._point(known)
            self._rest.start()

    def _note_cost(self) -> None:
        """A score has come in for the text that is pointed at."""
        if self.pointed is not None and self.pointed.position < self._session.view.canvas().length:
            cost = self._known(self.pointed.position).cost
            if cost != self.pointed.cost:
                self.pointed = replace(self.pointed, cost=cost)
                self.changed.emit()

    def _known(self, position: int) -> Pointed:
        session, state = self._session, self._session.view.canvas()
        masked = state.tokens[position] == FREE
        costs = self._scorer.costs_on_show()
        cost = None if costs is None else float(costs[position])
        return Pointed(
            position, None if masked else session.view.piece(position), bool(state.locked[position]), cost=cost
        )

    def _ask(self) -> None:
        session = self._session
        if self.pointed is None or session.runs.silence or session.playhead.playing:
            return
        if self._question:
            session.engine.drop(self._question)
        self._asked = asked = Asked.now(session)
        within = session.runs.asked()
        self._limited = bool(within.limits or within.words or within.pattern)
        request = Inspect(asked.tokens, asked.locked, self.pointed.position, asked.sigma)
        shaped = self._limited or within.label >= 0
        self._question = session.engine.ask(replace(request, within=within) if shaped else request)

    def _take(self, event: Event) -> None:
        if event.run_id != self._question or self.pointed is None:
            return
        self._question = 0
        if isinstance(event, Failed):
            self.pointed = replace(self._known(self.pointed.position), refusal=event.headline)
            self.changed.emit()
            return
        if not isinstance(event, Insight):
            self._asked = None  # cancelled: it may be asked again when something has changed
            return
        tokenizer = self._session.models.tokenizer
        scores = [None] * len(event.tokens) if event.score is None else event.score.tolist()
        rows = zip(event.tokens.tolist(), event.probability.tolist(), scores, strict=True)
        candidates = tuple(
            Candidate(token, tokenizer.piece(token) if tokenizer else "", probability, score)
            for token, probability, score in rows
        )
        known = self._known(self.pointed.position)
        found = replace(known, candidates=candidates, entropy=event.entropy, own=event.own)
        self.pointed = replace(found, limited=self._limited)
        self.changed.emit()
