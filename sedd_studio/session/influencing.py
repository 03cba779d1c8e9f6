"""What the word that one points at does to others, or which of them it leans on: asked for while colours show it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
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
MOST_ARCS, NAMED = 8, 4
"""Ties that are drawn, and that are told in words."""
FAINTEST = 0.02
"""Nats from which on a word has an arc."""
Way = Literal["does", "leans"]


class Influencer(QObject):
    """Asks about the selection, or the word that was pointed at last, once it rests there. `word` is what `nats` (L,)
    are about: the divergence of each position's law without it, or of its own without the word there; NaN where that is
    not known. `reason` says why there are none. `changed` is told when more is known.

    What a locked word does is asked of all that is not locked, given the locks alone, in two network calls; of any
    other word, of every position, given all else. Where each position, or each word, takes calls of its own, those in
    view are asked about first, and first of what is left when others come into view.
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
        self._seen: Run = (0, 0)
        self._before = 0
        """Calls of questions about the same that were put in another order."""
        self._ordered = False
        """Whether the order in which it is asked is that in which the answers come."""
        self._told: Counter[Run] = Counter()
        """Of how many positions of the chosen word it is known how they lean on each of the others."""
        self._rest, self._again = self._timer(self._ask), self._timer(self._go_on)
        for signal in (pointer.changed, session.view.changed, session.view.selection_changed, session.runs.changed):
            signal.connect(self._follow)
        session.engine.answered.connect(self._take)

    def _timer(self, do: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(REST)
        timer.timeout.connect(do)
        return timer

    def see(self, seen: Run) -> None:
        """These positions are in view now."""
        if seen != self._seen:
            self._seen = seen
            if self._question and self._ordered:
                self._again.start()

    def want(self, way: Way | None) -> None:
        """Shows what the word does, or what it leans on, from now on, or neither."""
        self.way = way
        self._follow()

    @property
    def share(self) -> float | None:
        """How much of it is done; None: nothing is asked."""
        return (self._before + self._calls) / max(self._before + self._of, 1) if self._question else None

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

    @property
    def said(self) -> str:
        """The strongest of them in words; empty while none is known."""
        ties = self.arcs()[:NAMED]
        if not ties or self.word is None or self._asked is None:
            return ""
        word = "".join(self._session.view.piece(place) or "" for place in range(*self.word)).strip()
        named = ", ".join(f"{self._named(place)} {nats:.2f}" for _, place, nats in ties)
        return f"“{word}” {'does most to' if self._asked[2] == 'does' else 'leans most on'} {named} nats"

    def _named(self, place: int) -> str:
        piece = (self._session.view.piece(place) or "").strip()
        return f"“{piece}”" if piece else f"position {place + 1}"

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
        self._again.stop()
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
        self._asked, self.word, self._before = (about, word, way), word, 0
        self.nats, self._began = np.full(len(about.tokens), np.nan), time.monotonic()
        self._told.clear()
        self._put(self._request(*self._asked))
        self.changed.emit()

    def _go_on(self) -> None:
        """Asks about what is left, what is in view first."""
        if not self._question or self._asked is None:
            return
        request = self._request(*self._asked)
        if request.words and request.positions:
            self._session.engine.drop(self._question)
            self._before += self._calls
            self._put(request)

    def _put(self, request: Influence) -> None:
        within = self._session.runs.asked()
        self._calls, self._of = 0, 1
        self._question = self._session.engine.ask(replace(request, label=within.label, guidance=within.guidance))

    def _request(self, about: Asked, word: Run, way: Way) -> Influence:
        """What is asked, without what is known of it."""
        assert self.nats is not None
        view, info = self._session.view, self._session.models.info
        tokens, locked, sigma, shows = about.tokens, about.locked, about.sigma, np.arange(len(about.tokens))
        hides = info is None or info.kind.hides
        known = tokens != FREE
        inside = (shows >= word[0]) & (shows < word[1])
        if way == "leans":
            words = [run for run in view.words() if known[slice(*run)].all() and not inside[slice(*run)].any()]
            words = [run for run in (words if hides else _singles(words)) if self._told[run] < word[1] - word[0]]
            for run in words:
                self.nats[slice(*run)], self._told[run] = np.nan, 0
            words.sort(key=self._out_of_view)
            self._ordered = True
            return Influence(tokens, locked, sigma, tuple(words), tuple(range(*word)), "text", DRAWS)
        words = [word] if hides else _singles([word])
        self._ordered = hides
        if locked[slice(*word)].all() and hides and not locked.all():
            self._ordered = False
            return Influence(tokens, locked, sigma, tuple(words))
        asked = known & ~inside & (hides | ~locked)  # a network that marks what is locked has no law of it
        left: list[int] = np.flatnonzero(asked & np.isnan(self.nats)).tolist()
        left.sort(key=lambda place: self._out_of_view((place, place + 1)))
        return Influence(tokens, locked, sigma, tuple(words), tuple(left), "text", DRAWS)

    def _out_of_view(self, run: Run) -> bool:
        return run[1] <= self._seen[0] or run[0] >= self._seen[1]

    def _take(self, event: Event) -> None:
        if event.run_id != self._question or self._asked is None or self.nats is None:
            return
        match event:
            case Influenced():
                self._calls, self._of = event.calls, event.of
                if len(event.positions):
                    self._learn(event, self._asked[2])
            case Failed(headline=headline):
                self.reason = headline
        if ends(event):
            self._question = 0
            self._again.stop()
        self.changed.emit()
        if isinstance(event, Finished):
            self.ended.emit("Asked what the word does")

    def _learn(self, event: Influenced, way: Way) -> None:
        assert self.nats is not None
        positions, nats = event.positions, event.nats
        if way == "leans":
            positions = np.arange(*event.word)
            nats = np.full(len(positions), nats.sum())
            self._told[event.word] += len(event.positions)
        self.nats[positions] = np.nan_to_num(self.nats[positions]) + nats


def _singles(words: list[Run]) -> list[Run]:
    """Each token of words on its own."""
    return [(place, place + 1) for start, stop in words for place in range(start, stop)]
