"""What the word that one points at does to others, or which of them it leans on: asked for while colours show it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Literal

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from engine.protocol import FREE, Event, Failed, Finished, Influence, Influenced, Run, ends
from sedd_studio.record.pace import seconds_left
from sedd_studio.session.asking import Asked
from sedd_studio.session.notices import going
from sedd_studio.session.pointing import Pointer
from sedd_studio.session.session import Session

REST = 250
"""Milliseconds that a pointer rests before the model is asked."""
DRAWS = 4
"""Of what else could stand at a token's place, under uniform noise."""
MOST_ARCS = 8
FAINTEST = 0.02
"""Nats from which on a word has an arc."""
Way = Literal["does", "leans"]


class Influencer(QObject):
    """Asks about the selection, or the word that was pointed at last, once it rests there. `word` is what `nats` (L,)
    are about: the divergence of each position's law without it, or of its own without the word there; NaN where that is
    not known. `reason` says why there are none. `changed` is told when more is known.

    What a locked word does is asked of all that is not locked, given the locks alone; of any other word, of every
    position, given all else.
    """

    changed = Signal()
    ended = Signal(str)
    """With a sentence: it has been answered."""

    def __init__(self, session: Session, pointer: Pointer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._pointer = session, pointer
        self.way: Way | None = None
        self.word: Run | None = None
        self.nats: np.ndarray | None = None
        self.reason = ""
        self._asked: tuple[Asked, Run, Way] | None = None
        self._question, self._calls, self._of, self._began = 0, 0, 1, 0.0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._ask)
        for signal in (pointer.changed, session.view.changed, session.view.selection_changed, session.runs.changed):
            signal.connect(self._follow)
        session.engine.answered.connect(self._take)

    def want(self, way: Way | None) -> None:
        """Shows what the word does, or what it leans on, from now on, or neither."""
        self.way = way
        self._follow()

    @property
    def share(self) -> float | None:
        """How much of it is done; None: nothing is asked."""
        return self._calls / max(self._of, 1) if self._question else None

    @property
    def work(self) -> str:
        """What it does, as a sentence; empty while it does nothing."""
        return going("Asking what the word does", seconds_left(self.share, self._began)) if self._question else ""

    def on_show(self) -> np.ndarray | None:
        """The nats (L,), if they are about the text on show."""
        about = self._asked
        if (
            about is None
            or self.nats is None
            or not np.array_equal(about[0].tokens, self._session.view.canvas().tokens)
        ):
            return None
        return self.nats

    def arcs(self) -> list[tuple[Run, int, float]]:
        """The strongest ties of the word: itself, a position, nats."""
        nats, word = self.on_show(), self.word
        if nats is None or word is None:
            return []
        ranked = np.argsort(-np.nan_to_num(nats, nan=-1.0))[:MOST_ARCS].tolist()
        return [(word, place, float(nats[place])) for place in ranked if nats[place] > FAINTEST]

    def _chosen(self) -> Run | None:
        """The selection, or the word that was pointed at last, if there is text."""
        view, pointed = self._session.view, self._pointer.pointed
        run = view.selection or (view.word_at(pointed.position) if pointed is not None else None)
        if run is None or run[1] > view.canvas().length or (view.canvas().tokens[slice(*run)] == FREE).any():
            return None
        return run

    def _follow(self) -> None:
        """Asks once the pointer rests, unless that was asked already; what is asked about another word is dropped."""
        word = self._chosen() if self.way is not None else None
        now = None if word is None or self.way is None else (Asked.now(self._session), word, self.way)
        before = self._asked
        same = now is not None and before is not None and now[1:] == before[1:] and now[0].same_as(before[0])
        if same:
            return
        if self._question:
            self._session.engine.drop(self._question)
            self._question, self._asked = 0, None
        if now is None:
            self._rest.stop()
        else:
            self._rest.start()

    def _ask(self) -> None:
        word, way, session = self._chosen(), self.way, self._session
        self.reason = session.runs.silence
        if word is None or way is None or self.reason:
            self.changed.emit()
            return
        about = Asked.now(session)
        within = session.runs.asked()
        request = replace(self._request(about, word, way), label=within.label, guidance=within.guidance)
        self._asked, self.word, self._calls, self._of = (about, word, way), word, 0, 1
        self.nats, self._began = np.full(len(about.tokens), np.nan), time.monotonic()
        self._question = session.engine.ask(request)
        self.changed.emit()

    def _request(self, about: Asked, word: Run, way: Way) -> Influence:
        view, info = self._session.view, self._session.models.info
        tokens, locked, sigma, shows = about.tokens, about.locked, about.sigma, np.arange(len(about.tokens))
        uniform = info is not None and info.noise == "uniform"
        known = tokens != FREE
        inside = (shows >= word[0]) & (shows < word[1])
        if way == "leans":
            words = [run for run in view.words() if known[slice(*run)].all() and not inside[slice(*run)].any()]
            words = _singles(words) if uniform else words
            return Influence(tokens, locked, sigma, tuple(words), tuple(range(*word)), "text", DRAWS)
        words = _singles([word]) if uniform else [word]
        if locked[slice(*word)].all() and not uniform and not locked.all():
            return Influence(tokens, locked, sigma, tuple(words))
        positions = tuple(np.flatnonzero(known & ~inside).tolist())
        return Influence(tokens, locked, sigma, tuple(words), positions, "text", DRAWS)

    def _take(self, event: Event) -> None:
        if event.run_id != self._question or self._asked is None or self.nats is None:
            return
        match event:
            case Influenced():
                self._calls, self._of = event.calls, event.of
                if self._asked[2] == "leans":
                    self._add(np.arange(*event.word), np.full(event.word[1] - event.word[0], event.nats.sum()))
                else:
                    self._add(event.positions, event.nats)
            case Failed(headline=headline):
                self.reason = headline
        if ends(event):
            self._question = 0
        self.changed.emit()
        if isinstance(event, Finished):
            self.ended.emit("Asked what the word does")

    def _add(self, positions: np.ndarray, nats: np.ndarray) -> None:
        assert self.nats is not None
        self.nats[positions] = np.nan_to_num(self.nats[positions]) + nats


def _singles(words: list[Run]) -> list[Run]:
    """Each token of words on its own."""
    return [(place, place + 1) for start, stop in words for place in range(start, stop)]
