"""What the model would say if it had to stop at the step on show: asked for while something on screen wants to know."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.protocol import Event, Failed, Guess, Guessed, Tokens
from sedd_studio.session.session import Session


@dataclass(frozen=True, eq=False)
class Asked:
    """What a guess is of: the model (its weights and its tokenizer), the text, and the noise at which it stands."""

    model: tuple[str, str]
    tokens: Tokens
    locked: np.ndarray
    sigma: float

    def same_as(self, other: Asked) -> bool:
        """Whether the answer would be the same. A level that is not known is NaN in both."""
        level = self.sigma == other.sigma or (math.isnan(self.sigma) and math.isnan(other.sigma))
        pairs = ((self.tokens, other.tokens), (self.locked, other.locked))
        return level and self.model == other.model and all(np.array_equal(a, b) for a, b in pairs)


class Guesser(QObject):
    """Keeps `guess` up with the playhead, one question at a time, and asks nothing while a run is going on.

    `changed` is told when the guess, or `reason` why there is none, is another.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._wanted: set[str] = set()
        self._question = 0
        self._asked: Asked | None = None
        self._answered: Asked | None = None
        self.guess: Guessed | None = None
        self.reason = ""
        for signal in (session.models.changed, session.view.changed, session.runs.changed):
            signal.connect(self._follow)
        session.engine.answered.connect(self._take)

    def want(self, who: str, wanted: bool) -> None:
        """Something on screen, named `who`, shows the guess from now on, or no more."""
        (self._wanted.add if wanted else self._wanted.discard)(who)
        self._follow()

    def current(self) -> Guessed | None:
        """The guess, if it is of the text on show."""
        of = self._answered
        return self.guess if of is not None and np.array_equal(of.tokens, self._session.view.canvas().tokens) else None

    def _follow(self) -> None:
        """Asks about the text on show, unless that was done already or an answer is still to come."""
        session = self._session
        if self._answered is not None and self._answered.model != self._model():
            self._answered = None
            self._know(None, "")
        if not self._wanted or self._question:
            return
        if session.runs.hindrance:
            if self.guess is None:
                self._know(None, session.runs.hindrance)
            return
        asked = self._of_now()
        if not len(asked.tokens) or (self._asked is not None and asked.same_as(self._asked)):
            return
        self._asked = asked
        self._question = session.engine.ask(Guess(asked.tokens, asked.locked, asked.sigma))

    def _of_now(self) -> Asked:
        session = self._session
        state = session.view.canvas()
        return Asked(self._model(), state.tokens, state.locked, session.view.step_info().sigma)

    def _model(self) -> tuple[str, str]:
        info, tokenizer = self._session.models.info, self._session.models.tokenizer
        return info.weights if info is not None else "", tokenizer.fingerprint if tokenizer is not None else ""

    def _take(self, event: Event) -> None:
        if event.run_id != self._question:
            return
        self._question = 0
        match event:
            case Guessed() if self._asked is not None and self._asked.model != self._model():
                self._asked = None  # another model, with other words, has come in the meantime
            case Guessed():
                self.take_as_known(event)
            case Failed(headline=headline):
                self._know(None, headline)
            case _:
                self._asked = None  # cancelled: it may be asked again
        self._follow()

    def take_as_known(self, guess: Guessed) -> None:
        """Takes a guess for that of the text on show when it was asked for, or of the one on show now."""
        self._answered = self._asked or self._of_now()
        self._know(guess, "")

    def _know(self, guess: Guessed | None, reason: str) -> None:
        if guess is not self.guess or reason != self.reason:
            self.guess, self.reason = guess, reason
            self.changed.emit()
