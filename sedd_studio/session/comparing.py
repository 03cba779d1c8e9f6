"""Runs beside each other on one prompt, one seed and the same locks, so that what differs is what is compared."""

from __future__ import annotations

import math
import time

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from engine.language.tokenizers import Tokenizer
from engine.protocol import Cancelled, Event, Failed, Finished, Frame, Introduced, Judge, Judged, Noise, Started, ends
from sedd_studio.record.pace import seconds_left
from sedd_studio.record.trajectory import Trajectory
from sedd_studio.session import model_folders
from sedd_studio.session.compare_kinds import KINDS, Asked, Kind
from sedd_studio.session.panes import Pane, PaneState, begin, recorded, unlike
from sedd_studio.session.session import Session

TICK = 33
SHOW = 6.0
"""Seconds in which all panes are played."""


RECORDED = Kind("Recorded runs", lambda asked: [])
"""Not in the table: its rows are chosen in the history."""


class Comparison(QObject):
    """The panes, and a playhead that they share: `position` from 0, before the first step of each, to 1, its last."""

    changed = Signal()
    moved = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.panes: list[Pane] = []
        self._kind = KINDS["steps"]
        self._tokenizer: Tokenizer | None = None
        self.position = 1.0
        self._began = 0.0
        self.judge = model_folders.judge()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self._advance)
        session.engine.answered.connect(self._take)

    def tokenizer_of(self, pane: Pane) -> Tokenizer | None:
        origin = pane.run.origin if pane.run is not None else None
        return origin.tokenizer if origin is not None else self._tokenizer

    @property
    def busy(self) -> bool:
        return any(pane.state in (PaneState.WAITING, PaneState.RUNNING) for pane in self.panes)

    @property
    def share(self) -> float | None:
        """How much of all network calls is done; None while nothing goes on."""
        if not self.busy:
            return None
        return sum(pane.work_done for pane in self.panes) / max(1, sum(pane.work for pane in self.panes))

    @property
    def seconds_left(self) -> float | None:
        """How long it may take, at the pace so far; None while that cannot be told, or nothing goes on."""
        return seconds_left(self.share, self._began)

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    @property
    def reference(self) -> Pane | None:
        """The pane that the others are held against: the last, where it has the largest budget."""
        return self.panes[-1] if self.panes and self._kind.towards_last else None

    def start(self, kind: str, samples: int = 1) -> None:
        """Runs the prompt as it stands in each way of a kind, one after another, ending a comparison before."""
        models, chosen = self._session.models, KINDS[kind]
        if not self._session.editor.typed.apply():
            return
        if not models.ready or models.info is None or models.tokenizer is None:
            return
        if not chosen.needs_models:
            self._begin(chosen, samples, [])
            return
        tokenizer, others = models.tokenizer, [path for path in models.known() if path != models.info.path]

        def begin(found: list[tuple[str, Noise]]) -> None:
            if models.ready and models.tokenizer is tokenizer:
                self._begin(chosen, samples, found)

        self._session.reader.read(lambda: model_folders.with_same_tokenizer(tokenizer, others), begin)

    def _begin(self, kind: Kind, samples: int, others: list[tuple[str, Noise]]) -> None:
        session, models = self._session, self._session.models
        assert models.info is not None
        assert models.tokenizer is not None
        self.cancel_all()
        self._kind, self._tokenizer = kind, models.tokenizer
        asked = Asked(session.runs.asked, models.info, samples, self.judge, others)
        self.panes = [Pane(*row) for row in self._kind.rows(asked)]
        self._began = time.monotonic()
        for pane in self.panes:
            pane.info = models.info
            pane.question = session.engine.ask(pane.request)
        self.play()
        self.changed.emit()

    def show_runs(self, runs: list[Trajectory]) -> None:
        """Lays recorded runs beside each other; nothing is run. The last is what the others are held against."""
        self.cancel_all()
        self._kind = RECORDED
        self.panes = [recorded(run) for run in runs]
        self._tokenizer = self._session.models.tokenizer
        self.seek(1.0)
        self.changed.emit()

    def cancel(self, pane: Pane) -> None:
        if pane.state in (PaneState.WAITING, PaneState.RUNNING):
            self._session.engine.drop(pane.question)

    def cancel_all(self) -> None:
        for pane in self.panes:
            self.cancel(pane)

    def agreement(self, pane: Pane) -> float | None:
        """The share of free positions, over all samples, at which a pane ended with the reference's token."""
        different = None if self.reference is None else unlike(pane, self.reference)
        if different is None or pane.run is None:
            return None
        free = ~pane.run.locked
        return float((~different)[:, free].mean()) if free.any() else 1.0

    def differences(self, pane: Pane) -> np.ndarray | None:
        """Where (L,) a pane's first sample ended with another token than the reference's; None while not known."""
        different = None if self.reference in (None, pane) else unlike(pane, self.reference)
        return None if different is None else different[0]

    def judged(self) -> list[Pane]:
        """The panes that are done and of whose texts the judge has spoken."""
        return [pane for pane in self.panes if pane.verdict is not None and not math.isnan(pane.verdict.perplexity)]

    def open(self, pane: Pane) -> None:
        if pane.run is not None and pane.can_be_opened:
            self._session.show_run(pane.run)

    # ---- the playhead

    def step_of(self, pane: Pane) -> int:
        return 0 if pane.run is None else min(round(self.position * pane.run.steps), pane.run.recorded)

    def seek(self, position: float) -> None:
        """Shows every pane at a share of its steps, and holds it."""
        self._timer.stop()
        self.position = min(max(position, 0.0), 1.0)
        self.moved.emit()

    def play(self) -> None:
        self.position = 0.0
        self._timer.start()
        self.moved.emit()

    def toggle(self) -> None:
        if self.playing:
            self.seek(self.position)
        else:
            self.play()

    def _advance(self) -> None:
        self.position = min(1.0, self.position + TICK / 1000 / SHOW)
        if self.position >= 1.0 and not self.busy:
            self._timer.stop()
        self.moved.emit()

    # ---- answers

    def _take(self, event: Event) -> None:
        for pane in self.panes:
            if event.run_id in (pane.question, pane.judging):
                self._record(pane, event)
                if ends(event):
                    self.changed.emit()
                return

    def _record(self, pane: Pane, event: Event) -> None:
        session = self._session
        match event:
            case Introduced(info=info):
                pane.info = info
            case Started():
                pane.run, pane.state = begin(pane, event, self._tokenizer), PaneState.RUNNING
            case Frame():
                assert pane.run is not None
                pane.run.append(event)
            case Finished():
                assert pane.run is not None
                pane.run.result, pane.state = event, PaneState.DONE
                self._have_judged(pane, pane.run)
            case Cancelled() if event.run_id == pane.question:
                pane.state = PaneState.CANCELLED
            case Failed(headline=headline, detail=detail):
                if event.run_id == pane.question:
                    pane.state = PaneState.FAILED
                session.errors.show(f"{pane.title}: {headline}", detail)
            case Judged():
                pane.verdict = event

    def _have_judged(self, pane: Pane, run: Trajectory) -> None:
        tokenizer = self._tokenizer
        if self.judge is None or tokenizer is None or self._session.models.domain.rows:
            return
        known = run.known()
        texts = tuple(map(tokenizer.decode, known))
        pane.judging = self._session.engine.ask(Judge(self.judge, texts, tuple(map(tuple, known))))
