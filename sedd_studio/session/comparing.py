"""Runs beside each other on one prompt and the same locks, so that what differs is what is compared."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from engine.language.tokenizers import Tokenizer
from engine.protocol import (
    Cancelled,
    Event,
    Failed,
    Finished,
    Frame,
    Introduced,
    Judge,
    Judged,
    ModelInfo,
    Started,
    UserError,
    ends,
)
from engine.runs.trajectory import Trajectory
from sedd_studio.record.pace import seconds_left
from sedd_studio.session.choosing import Choosing
from sedd_studio.session.compare_kinds import Chosen
from sedd_studio.session.comparing_models import ModelRows
from sedd_studio.session.notices import going, number_of
from sedd_studio.session.panes import Pane, PaneState, name_by_what_differs, recorded, unlike
from sedd_studio.session.session import Session

TICK = 33
SHOW = 6.0
"""Seconds in which all panes are played."""
ALIKE = (("model", "sampler", "seed"), ("model", "seed"))
"""What panes have in common of which one is held against another: those of other budgets, else of other samplers."""


class Comparison(QObject):
    """The panes of what is chosen, and a playhead that they share: `position` from 0, all noise, to 1, none."""

    changed = Signal()
    moved = Signal()
    ended = Signal(str)
    taken_over = Signal(object)
    """With a `Trajectory` that was made for a comparison, and that the window shows from now on."""
    """With a sentence: no run of it goes on any more."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.panes: list[Pane] = []
        self.choice = Choosing(session, self)
        self.models = ModelRows(session, self.choice, self)
        self.models.changed.connect(self.changed)
        self.models.ended.connect(self.ended)
        self.recorded = False
        """Whether the panes are runs that were made before."""
        self._tokenizer: Tokenizer | None = None
        self._model: ModelInfo | None = None  # which was loaded when the comparison began
        self.position = 1.0
        self._began = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self._advance)
        session.engine.answered.connect(self._take)

    # ---- how it stands

    def tokenizer_of(self, pane: Pane) -> Tokenizer | None:
        origin = pane.run.origin if pane.run is not None else None
        return origin.tokenizer if origin is not None else self._tokenizer

    @property
    def busy(self) -> bool:
        return self.models.busy or self._makes_panes

    @property
    def _makes_panes(self) -> bool:
        return any(pane.state in (PaneState.WAITING, PaneState.RUNNING) for pane in self.panes)

    @property
    def share(self) -> float | None:
        """How much of all network calls is done; None while nothing goes on."""
        if not self._makes_panes:
            return self.models.share
        return sum(pane.work_done for pane in self.panes) / max(1, sum(pane.work for pane in self.panes))

    @property
    def seconds_left(self) -> float | None:
        """How long it may take, at the pace so far; None while that cannot be told, or nothing goes on."""
        return seconds_left(self.share, self._began) if self._makes_panes else self.models.seconds_left

    @property
    def work(self) -> str:
        """What it does, as a sentence; empty while it does nothing."""
        if not self._makes_panes:
            return self.models.work
        return going(f"Comparing {number_of(len(self.panes), 'run')}", self.seconds_left)

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def reference_of(self, pane: Pane) -> Pane | None:
        """The pane that one is held against: the largest budget beside it, else the last sampler; of recorded runs the
        last. None where nothing is comparable word by word."""
        if self.recorded:
            return self.panes[-1]
        for names in ALIKE:
            alike = [one for one in self.panes if all(one.facets.get(n) == pane.facets.get(n) for n in names)]
            if len(alike) > 1:
                return max(enumerate(alike), key=lambda found: (found[1].request.steps, found[0]))[1]
        return None

    @property
    def of_another_prompt(self) -> bool:
        """Whether the panes are of another prompt than the one that stands there now."""
        asked = self.panes[0].request.tokens if self.panes else None
        return asked is not None and not self._session.view.document.answers(asked)

    def start(self) -> None:
        """Runs the prompt as it stands in each way that is chosen, ending a comparison before."""
        session = self._session
        if not session.editor.typed.apply() or not session.models.ready:
            return
        if self.choice.chosen.rows:
            self.cancel_all()
            self.models.start()
            return
        try:
            planned = self.choice.plan()
        except UserError as error:
            session.errors.show(str(error))
            return
        session.errors.dismiss()
        self.cancel_all()
        self.recorded, self._tokenizer, self._model = False, session.models.tokenizer, session.models.info
        self.panes = planned
        self._began = time.monotonic()
        for pane in self.panes:
            pane.info = session.models.info
            self._go_on(pane)
        self.play()
        self.changed.emit()

    def _go_on(self, pane: Pane) -> None:
        """Has more texts made of a pane, unless another model is there now, or is coming."""
        if self._model is None or not self._session.models.holds(self._model):
            pane.state = PaneState.CANCELLED
        elif (request := pane.next_part()) is not None:
            pane.question = self._session.engine.ask(request)

    def show_runs(self, runs: list[Trajectory]) -> None:
        """Lays recorded runs beside each other; nothing is run. The last is what the others are held against."""
        self.cancel_all()
        if self.choice.chosen.rows:  # they are panes
            self.choice.choose(**vars(Chosen(samples=self.choice.chosen.samples)))
        self.recorded = True
        self.panes = [recorded(run) for run in runs]
        name_by_what_differs(self.panes)
        self._tokenizer = self._session.models.tokenizer
        self.seek(1.0)
        self.changed.emit()

    def cancel(self, pane: Pane) -> None:
        """Has nothing more made of a pane; what has come of it and was not taken yet is no matter."""
        if pane.state in (PaneState.WAITING, PaneState.RUNNING):
            self._session.engine.drop(pane.question)
            pane.question, pane.state = 0, PaneState.CANCELLED
            self.changed.emit()

    def cancel_all(self) -> None:
        for pane in self.panes:
            self.cancel(pane)
        if self.models.busy:
            self.models.cancel_all()

    def agreement(self, pane: Pane) -> float | None:
        """The share of free positions, over all samples, at which a pane ended with the reference's token."""
        reference = self.reference_of(pane)
        different = None if reference is None else unlike(pane, reference)
        if different is None or pane.run is None:
            return None
        free = ~pane.run.locked
        return float((~different)[:, free].mean()) if free.any() else 1.0

    def differences(self, pane: Pane) -> np.ndarray | None:
        """Where (L,) a pane's first sample ended with another token than the reference's; None while not known."""
        reference = self.reference_of(pane)
        different = None if reference is None or reference is pane else unlike(pane, reference)
        return None if different is None else different[0]

    def open(self, pane: Pane) -> None:
        """Shows the run of a pane in the window, which takes it over the first time."""
        if pane.run is not None and pane.can_be_opened:
            if not self.recorded and not pane.opened:
                pane.opened = True
                self.taken_over.emit(pane.run)
            self._session.show_run(pane.run)

    # ---- the playhead

    def seek(self, position: float) -> None:
        """Shows every pane at the same level of noise, and holds it."""
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
        if isinstance(event, Started) and all(pane.state is PaneState.WAITING for pane in self.panes):
            self._began = time.monotonic()  # until now it waited for a run, which may have been paused
        for pane in self.panes:
            if event.run_id in (pane.question, pane.judging):
                self._record(pane, event)
                if ends(event):
                    self.changed.emit()
                if isinstance(event, Finished) and pane.state is PaneState.DONE and not self.busy:
                    done = sum(pane.state is PaneState.DONE for pane in self.panes)
                    self.ended.emit(f"Compared {number_of(done, 'run')}")
                return

    def _record(self, pane: Pane, event: Event) -> None:
        session = self._session
        match event:
            case Introduced(info=info):
                pane.info = info
            case Started():
                pane.begin(event, self._tokenizer)
            case Frame() if pane.part is not None:
                pane.part.append(event)
            case Finished():
                pane.finish(event)
                self._have_judged(pane)
                if pane.state is PaneState.RUNNING:
                    self._go_on(pane)
            case Cancelled() if event.run_id == pane.question:
                pane.state = PaneState.CANCELLED
            case Failed(headline=headline, detail=detail):
                if event.run_id == pane.question:
                    pane.state = PaneState.FAILED
                session.errors.show(f"{pane.title}: {headline}", detail)
            case Judged():
                pane.verdict, pane.judged = event, pane.to_judge

    def _have_judged(self, pane: Pane) -> None:
        """Asks the judge about all texts so far."""
        tokenizer = self._tokenizer
        judge = self.choice.fitting_judge
        if judge is None or tokenizer is None or pane.run is None:
            return
        known, pane.to_judge = pane.run.known(), pane.texts
        texts = tuple(map(tokenizer.decode, known))
        pane.judging = self._session.engine.ask(Judge(judge, texts, tuple(map(tuple, known))))
