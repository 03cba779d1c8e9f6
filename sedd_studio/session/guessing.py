"""What the model would say if it had to stop at the step on show: asked for while something on screen wants to know."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.protocol import Event, Failed, Guess, Guessed
from sedd_studio.session.asking import Asked, named
from sedd_studio.session.session import Session


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
        for signal in (session.models.changed, session.view.changed, session.runs.changed, session.form.changed):
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

    @property
    def stale(self) -> bool:
        """Whether the guess is of another text than the one on show, and none is on its way."""
        return self.guess is not None and not self._question and self.current() is None

    def _follow(self) -> None:
        """Asks about the text on show, unless that was done already or an answer is still to come."""
        session = self._session
        if self._answered is not None and self._answered.model != named(self._session.models):
            self._answered = None
            self._know(None, "")
        if not self._wanted or self._question:
            return
        if session.runs.silence:
            if self.guess is None:
                self._know(None, session.runs.silence)
            return
        asked = Asked.now(self._session)
        if not len(asked.tokens) or (self._asked is not None and asked.same_as(self._asked)):
            return
        self._asked = asked
        within = session.runs.asked()
        request = Guess(asked.tokens, asked.locked, asked.sigma, within.label, within.guidance)
        self._question = session.engine.ask(request)

    def _take(self, event: Event) -> None:
        if event.run_id != self._question:
            return
        self._question = 0
        match event:
            case Guessed() if self._asked is not None and self._asked.model != named(self._session.models):
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
        self._answered = self._asked or Asked.now(self._session)
        self._know(guess, "")

    def _know(self, guess: Guessed | None, reason: str) -> None:
        if guess is not self.guess or reason != self.reason:
            self.guess, self.reason = guess, reason
            self.changed.emit()
