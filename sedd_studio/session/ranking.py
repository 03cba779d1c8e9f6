"""Which of several samples the model takes to be likeliest: the bound of what each filled in, given what was locked."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.protocol import FREE, Bounded, Score, Tokens
from engine.runs.trajectory import Trajectory
from sedd_studio.session.score_queue import ScoreQueue
from sedd_studio.session.session import Session


@dataclass(frozen=True)
class Place:
    """The `rank` of a sample, from 1, among the `of` whose bounds are known."""

    rank: int
    of: int
    bound: Bounded


class Ranking(QObject):
    """Ranks the samples of the run on show by their ends. All share the draws of noise, so differences are surer than
    the errors say. `changed` is told when there is more to show.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._run: Trajectory | None = None
        self.queue = ScoreQueue(session, self)
        self.queue.changed.connect(self.changed)
        session.runs.changed.connect(self.changed)

    @property
    def hindrance(self) -> str:
        """Why the samples on show cannot be ranked now, as a sentence; empty if they can."""
        session = self._session
        if session.playhead.samples < 2:
            return "Ranking needs a run of several samples."
        if session.runs.hindrance:
            return session.runs.hindrance
        if any((tokens == FREE).any() for tokens in self._ends()):
            return "Only a run that came to its end can be ranked."
        return ""

    def start(self, precision: float) -> None:
        """Scores every sample until half of its 95 % interval is `precision` nats a token."""
        if not self._session.editor.typed.apply():
            return
        if self.hindrance:
            self._session.errors.show(self.hindrance)
            return
        session, self._run = self._session, self._session.view.run
        session.errors.dismiss()
        assert self._run is not None  # of several samples
        locked = self._run.locked
        whole = session.models.exact  # ranks alike: what is locked is the same
        given = np.zeros_like(locked) if whole or locked.all() else locked
        self.queue.start([Score(tokens, given, precision, by_token=False) for tokens in self._ends()])

    def _ends(self) -> list[Tokens]:
        document, playhead = self._session.view.document, self._session.playhead
        return [document.visible(playhead.recorded, sample) for sample in range(playhead.samples)]

    def place(self, sample: int) -> Place | None:
        """The place of a sample of the run on show; None while its bound is not known."""
        if self._run is None or self._run is not self._session.view.run:
            return None
        bounds = [None if bound is None or math.isnan(bound.standard_error) else bound for bound in self.queue.bounds]
        bound = bounds[sample]
        if bound is None:
            return None
        known = sorted(other.nats for other in bounds if other is not None)
        return Place(1 + known.index(bound.nats), len(known), bound)
