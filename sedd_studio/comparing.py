"""Runs beside each other on one prompt, one seed and the same locks, so that what differs is what is compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from engine.messages import (
    FREE,
    Cancelled,
    Event,
    Failed,
    Finished,
    Frame,
    Generate,
    Judge,
    Judged,
    ModelInfo,
    Started,
    ends,
)
from engine.sampler_table import SAMPLERS
from sedd_studio import models
from sedd_studio.session import Session
from sedd_studio.trajectory import Origin, Trajectory

BUDGETS = (4, 16, 64, 256)
TICK = 33
SHOW = 6.0
"""Seconds in which all panes are played."""


class PaneState(Enum):
    """How far a pane is."""

    WAITING = auto()
    RUNNING = auto()
    DONE = auto()
    CANCELLED = auto()
    FAILED = auto()


@dataclass(eq=False)
class Pane:
    """One of the runs: its request, what is recorded of it, and what the judge says; `question` is its id."""

    title: str
    request: Generate
    question: int = 0
    state: PaneState = PaneState.WAITING
    run: Trajectory | None = None
    verdict: Judged | None = None
    judging: int = 0

    @property
    def final(self) -> np.ndarray | None:
        """The tokens (L,) that the run ended with."""
        return self.run.at(self.run.recorded, 0)[0] if self.run is not None and self.state is PaneState.DONE else None


Kind = Callable[[Generate, ModelInfo], list[tuple[str, Generate]]]


def by_steps(request: Generate, info: ModelInfo) -> list[tuple[str, Generate]]:
    """The same run with other step budgets, fewest first; they share their draws."""
    return [(f"{steps} steps", replace(request, steps=steps)) for steps in BUDGETS]


def by_sampler(request: Generate, info: ModelInfo) -> list[tuple[str, Generate]]:
    """The same run by each sampler that fits the noise, the published ones last."""
    fitting = [row for row in SAMPLERS if info.noise in row.noises and row.name != "uniformization"]
    return [(row.title, replace(request, sampler=row.name, options=())) for row in fitting]


KINDS: dict[str, tuple[str, Kind]] = {"steps": ("Step budgets", by_steps), "sampler": ("Samplers", by_sampler)}


class Comparison(QObject):
    """The panes, and a playhead that they share: `position` from 0, before the first step of each, to 1, its last."""

    changed = Signal()
    moved = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.panes: list[Pane] = []
        self.position = 1.0
        self.judge = models.judge()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self._advance)
        session.answered.connect(self._take)

    @property
    def busy(self) -> bool:
        """Whether some pane is not done yet."""
        return any(pane.state in (PaneState.WAITING, PaneState.RUNNING) for pane in self.panes)

    @property
    def playing(self) -> bool:
        """Whether the playhead moves."""
        return self._timer.isActive()

    @property
    def reference(self) -> Pane | None:
        """The pane that the others are held against: the last, which has the largest budget."""
        return self.panes[-1] if self.panes else None

    def start(self, kind: str) -> None:
        """Runs the prompt as it stands in each way of a kind, one after another, ending a comparison before."""
        session = self._session
        if not session.ready or session.info is None:
            return
        self.cancel_all()
        asked = replace(session.form.request(session.document.request, session.info.noise), samples=1)
        self.panes = [Pane(title, request) for title, request in KINDS[kind][1](asked, session.info)]
        for pane in self.panes:
            pane.question = session.ask(pane.request)
        self.play()
        self.changed.emit()

    def cancel(self, pane: Pane) -> None:
        """Ends one pane's run, or takes it out of the queue."""
        if pane.state in (PaneState.WAITING, PaneState.RUNNING):
            self._session.drop(pane.question)

    def cancel_all(self) -> None:
        """Ends all that is not done."""
        for pane in self.panes:
            self.cancel(pane)

    def agreement(self, pane: Pane) -> float | None:
        """The share of free positions at which a pane ended with the reference's token."""
        reference = self.reference
        if reference is None or pane.final is None or reference.final is None or pane.run is None:
            return None
        free = ~pane.run.locked
        return float((pane.final == reference.final)[free].mean()) if free.any() else 1.0

    def differences(self, pane: Pane) -> np.ndarray | None:
        """Where (L,) a pane ended with another token than the reference; None while that is not known."""
        reference = self.reference
        if reference is None or reference is pane or pane.final is None or reference.final is None:
            return None
        different: np.ndarray = np.not_equal(pane.final, reference.final)
        return different

    # ---- the playhead

    def step_of(self, pane: Pane) -> int:
        """The step that a pane shows."""
        return 0 if pane.run is None else min(round(self.position * pane.run.steps), pane.run.recorded)

    def seek(self, position: float) -> None:
        """Shows every pane at a share of its steps, and holds it."""
        self._timer.stop()
        self.position = min(max(position, 0.0), 1.0)
        self.moved.emit()

    def play(self) -> None:
        """Plays all panes from the start."""
        self.position = 0.0
        self._timer.start()
        self.moved.emit()

    def toggle(self) -> None:
        """Plays, or holds."""
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
            case Started():
                assert session.info is not None
                assert session.tokenizer is not None
                origin = Origin(pane.request, session.info, session.tokenizer, "")
                pane.run, pane.state = Trajectory(event, session.info.mask_id, origin), PaneState.RUNNING
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
                session.show_error(f"{pane.title}: {headline}", detail)
            case Judged():
                pane.verdict = event

    def _have_judged(self, pane: Pane, run: Trajectory) -> None:
        if self.judge is None or run.origin is None or self._session.domain.rows:
            return
        tokenizer = run.origin.tokenizer
        tokens = run.at(run.recorded, 0)[0].tolist()
        known = [token for token in tokens if token not in (run.mask, FREE)]
        pane.judging = self._session.ask(Judge(self.judge, (tokenizer.decode(known),), (tuple(known),)))
