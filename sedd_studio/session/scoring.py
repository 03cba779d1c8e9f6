"""The bound on the likelihood of the text on show, as it tightens, and how its tokens share it."""

from __future__ import annotations

import math
import time

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.language.domains import TEXT
from engine.protocol import FREE, Attributed, Bounded, Cancelled, Event, Failed, Score, Tokens, Weigh, Weighed, ends
from sedd_studio.record.pace import seconds_left
from sedd_studio.record.previews import shortened
from sedd_studio.session import model_folders
from sedd_studio.session.notices import going, number_of
from sedd_studio.session.session import Session
from sedd_studio.session.vocabulary import Say


class Scorer(QObject):
    """Scores the text at the playhead. `points` are the bounds so far, `costs` the nats of each token of `tokens`,
    `precision` is half of the 95 % interval at which it ends, `profile` where along the noise they come from, `size`
    the bytes of what is scored, `about` names it.

    `exact` is what the autoregressive model gives the same text; none for a part of a text, of which it sees only the
    left side. `changed` is told when there is more to show.
    """

    changed = Signal()
    ended = Signal(str)
    """With a sentence: a text has been scored."""

    def __init__(self, session: Session, say: Say, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._say = session, say
        self._question = 0
        self.tokens: Tokens | None = None
        self.about = ""
        self.given = np.zeros(0, bool)
        self.points: list[Bounded] = []
        self.costs: np.ndarray | None = None
        self.size = 0
        self.profile = np.zeros(0)
        self.exact: Weighed | None = None
        self._weighing = 0
        self.precision = self._began = 0.0
        self.writer = model_folders.judge()
        session.engine.answered.connect(self._take)
        session.runs.changed.connect(self.changed)
        session.view.changed.connect(self.changed)
        session.editor.typed.changed.connect(self.changed)

    @property
    def scoring(self) -> bool:
        """Whether an answer is being waited for."""
        return self._question != 0

    @property
    def share(self) -> float | None:
        """How much of it is done: the interval narrows as the root of the calls grows. None: nothing is scored."""
        if not self.scoring:
            return None
        width = self.points[-1].half_width if self.points else math.nan
        if math.isnan(width):
            return 0.0
        return 1.0 if width <= self.precision else (self.precision / width) ** 2

    @property
    def seconds_left(self) -> float | None:
        """How long it may take until the precision is reached; None while that cannot be told, or nothing is scored."""
        return seconds_left(self.share, self._began)

    @property
    def work(self) -> str:
        """What it does, as a sentence; empty while it does nothing."""
        return going("Scoring the text", self.seconds_left) if self.scoring else ""

    @property
    def hindrance(self) -> str:
        """Why the text on show cannot be scored now, as a sentence; empty if it can, or if another is being typed."""
        state = self._session.view.canvas()
        if self._session.runs.hindrance:
            return self._session.runs.hindrance
        if self._session.editor.typed.waiting:
            return ""
        if not state.length or (state.tokens == FREE).any():
            return "Only a text without masked positions can be scored."
        return ""

    def start(self, precision: float, given_locked: bool) -> None:
        """Scores the text on show, all of it or what is not locked given what is."""
        if not self._session.editor.typed.apply():
            return
        if self.hindrance:
            self._session.errors.show(self.hindrance)
            return
        self._session.errors.dismiss()
        self.stop()
        state = self._session.view.canvas()
        models = self._session.models
        given = state.locked & (given_locked and not models.exact)
        self.tokens, self.given = state.tokens, given if not given.all() else np.zeros(state.length, bool)
        self.about = named(self._session)
        self.precision, self._began = precision, time.monotonic()
        self.points, self.costs, self.profile = [], None, np.zeros(0)
        self.exact, self._weighing = None, 0  # an answer to come is of another text
        scored = self.tokens[~self.given].tolist()
        self.size = len(models.tokenizer.decode(scored).encode()) if models.tokenizer else 0
        self._question = self._session.engine.ask(Score(self.tokens, self.given, precision, early=True))
        whole = not self.given.any() and not models.exact
        if self.writer is not None and whole and models.domain is TEXT:
            self._weighing = self._session.engine.ask(Weigh(self.writer, self.tokens))
        self.changed.emit()

    def stop(self) -> None:
        for question in filter(None, (self._question, self._weighing)):
            self._session.engine.drop(question)

    @property
    def on_show(self) -> bool:
        return self.tokens is not None and np.array_equal(self.tokens, self._session.view.canvas().tokens)

    def costs_on_show(self) -> np.ndarray | None:
        """The nats of each token (L,) if the text on show is the one that was scored."""
        return self.costs if self.on_show else None

    def _take(self, event: Event) -> None:
        if event.run_id == self._weighing and isinstance(event, Weighed):
            self.exact = event  # where it cannot be had, the bound stands alone
            self.changed.emit()
        if event.run_id == self._weighing and ends(event):
            self._weighing = 0
        if event.run_id != self._question:
            return
        match event:
            case Bounded():
                self.points.append(event)
            case Attributed(nats=nats, profile=profile):
                self.costs, self.profile = nats, profile
            case Failed(headline=headline, detail=detail):
                self._session.errors.show(headline, detail)
            case Cancelled():
                pass
        if ends(event):
            self._question = 0
        self.changed.emit()
        if isinstance(event, Attributed) and event.done and self.points:
            told = "Scored {about}: <= {nats:.2f} nats a token"
            self.ended.emit(self._say(told, about=self.about, nats=self.points[-1].nats))


def named(session: Session) -> str:
    """The text on show in a few words: of which run and step it is, and how it begins."""
    run, step = session.view.run, session.playhead.step
    text = f"“{shortened(session.view.full_text(), 30)}”"
    if run is None or run.origin is None:
        return text
    at = "" if step == run.steps else f" at step {step}"
    return f"{text} of the run of {number_of(run.steps, 'step')} with seed {run.origin.request.seed}{at}"
