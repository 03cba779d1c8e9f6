"""What the model thinks of the tokens of the run on show, now that it is over: asked for while something shows it."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.protocol import Event, Failed, Finished, Review, Reviewed, ends
from engine.runs.looking_back import LookedBack, review_of, reviewable, worst
from engine.runs.trajectory import Trajectory
from sedd_studio.record.pace import seconds_left
from sedd_studio.session.asking import named
from sedd_studio.session.notices import going
from sedd_studio.session.session import Session

KEPT = 64
"""Samples whose answers are remembered, and that are looked back on one after another."""
NO_RUN = "Run first."
UNDER_WAY = "Wait for the run to end, or stop it."
OTHER_MODEL = "The run is of another model than the one that is open."


class Answer(LookedBack):
    """What is known of the tokens of a sample after so many steps."""

    def __init__(self, run: Trajectory, sample: int) -> None:
        super().__init__(run.length)
        self.run, self.sample, self.recorded = run, sample, run.recorded
        self.done, self.halted, self.refusal = False, False, ""


class Hindsight(QObject):
    """Looks back on the run and the sample on show while it is `wanted`, once the run is over; what was asked about
    another is dropped. `count` tokens are the worst that would go back to noise. `changed` is told when more is known.
    """

    changed = Signal()
    ended = Signal(str)
    """With a sentence: a run has been looked back on."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._wanted: set[str] = set()
        self._all: Trajectory | None = None
        """A run of which all samples are wanted."""
        self._answers: list[Answer] = []
        self._asked: Answer | None = None
        self._question, self._calls, self._of, self._began = 0, 0, 1, 0.0
        self._model = named(session.models)
        self.count = 8
        self._said = ""
        for signal in (session.view.changed, session.view.run_changed, session.runs.changed, session.models.changed):
            signal.connect(self._follow)
        session.engine.answered.connect(self._take)

    def want(self, who: str, wanted: bool) -> None:
        """Something on screen, named `who`, shows it from now on, or no more."""
        if wanted and who not in self._wanted:
            for each in self._answers:
                each.halted = False
        (self._wanted.add if wanted else self._wanted.discard)(who)
        self._follow()

    def want_all(self, wanted: bool) -> None:
        """Every sample of the run on show is looked back on from now on, `KEPT` at most, or only the one on show."""
        told = self._session.view.told
        self._all = told[0] if told is not None and wanted else None
        if self._all is not None:
            for each in self._answers:
                each.halted = False
        self._follow()

    # ---- what is known

    def answer(self) -> Answer | None:
        """What is known of the run and the sample on show."""
        told = self._session.view.told
        return None if told is None else self._known(*told)

    def _known(self, run: Trajectory, sample: int) -> Answer | None:
        for known in self._answers:
            if known.run is run and known.sample == sample and known.recorded == run.recorded:
                return known
        return None

    def mean_of(self, run: Trajectory, sample: int) -> float | None:
        """The mean log ratio of a sample's tokens, nats; None while they are not all known."""
        found = self._known(run, sample)
        if found is None or not found.done or np.isnan(found.regret).all():
            return None
        return float(np.nanmean(found.regret))

    def columns_of(self, run: Trajectory, sample: int) -> dict[str, np.ndarray]:
        """What is known of each position (L,) of a sample, by name; nothing until all is that was asked."""
        found = self._known(run, sample)
        return found.columns if found is not None and found.done else {}

    @property
    def regret(self) -> np.ndarray | None:
        """The log ratios (L,) of the run on show, nats, NaN where they are not known; None where none is."""
        found = self.answer()
        return None if found is None else found.regret

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """What is known of each position (L,), by name; nothing while nothing is."""
        found = self.answer()
        return {} if found is None else found.columns

    def worst(self) -> np.ndarray:
        """Which positions (L,) bool of the run on show would go back to noise."""
        regret = self.regret
        return np.zeros(0, bool) if regret is None else worst(regret, self.count)

    def set_count(self, count: int) -> None:
        self.count = count
        self.changed.emit()

    @property
    def share(self) -> float | None:
        """How much of it is done; None: nothing is asked."""
        return self._calls / max(self._of, 1) if self._question else None

    @property
    def work(self) -> str:
        """What it does, as a sentence; empty while it does nothing."""
        return going("Looking back on the run", seconds_left(self.share, self._began)) if self._question else ""

    # ---- asking

    def stop(self) -> None:
        """Wants no more of what is asked, until it is wanted anew; what is known stays."""
        self._all = None
        if self._asked is not None:
            self._asked.halted = True
            self._drop()

    def _drop(self) -> None:
        if self._question:
            self._session.engine.drop(self._question)

    @property
    def hindrance(self) -> str:
        """Why the run on show cannot be looked back on now, as a sentence; empty if it can."""
        told, info = self._session.view.told, self._session.models.info
        if told is None or not len(reviewable(*told)):
            return NO_RUN
        if told[0].under_way:
            return UNDER_WAY
        made = told[0].origin
        if info is not None and made is not None and not (made.info.name == info.name and made.info.same_weights(info)):
            return OTHER_MODEL
        return self._session.runs.hindrance

    @property
    def reason(self) -> str:
        """Why nothing is known, or no more: as `hindrance`, or what the model has answered."""
        found = self.answer()
        return self.hindrance if found is None or not found.done else found.refusal

    def _follow(self) -> None:
        if named(self._session.models) != self._model:
            self._model, self._answers = named(self._session.models), []
        told = self._session.view.told
        asked = self._asked
        samples = [] if told is None else self._due(*told)
        if asked is not None and (told is None or not any(self._is_about(asked, told[0], each) for each in samples)):
            self._drop()
            return
        if not (self._wanted or samples) or asked is not None:
            return
        hindrance = self.hindrance
        if hindrance != self._said:
            self._said = hindrance
            self.changed.emit()
        if told is not None and not hindrance:
            self._ask_next(told[0], samples)

    def _ask_next(self, run: Trajectory, samples: list[int]) -> None:
        for sample in samples:
            known = self._known(run, sample)
            if known is None or not (known.done or known.halted):
                self._ask(run, sample)
                return

    def _due(self, run: Trajectory, sample: int) -> list[int]:
        """The samples of the run on show that are wanted, the one on show first."""
        if run is not self._all:
            self._all = None
        others = range(min(run.samples, KEPT)) if self._all is not None else ()
        return [sample, *others] if self._wanted else [*others]

    def _is_about(self, asked: Answer, run: Trajectory, sample: int) -> bool:
        return asked.run is run and asked.sample == sample and asked.recorded == run.recorded

    def _ask(self, run: Trajectory, sample: int) -> None:
        known = self._known(run, sample) or Answer(run, sample)
        self._answers = [*(each for each in self._answers if each is not known), known][-KEPT:]
        left = [position for position in reviewable(run, sample) if np.isnan(known.now[position])]
        request: Review = review_of(run, sample, np.array(left, np.int64))
        self._asked, self._calls, self._of, self._began = known, 0, 1, time.monotonic()
        self._question = self._session.engine.ask(request)
        self.changed.emit()

    def _take(self, event: Event) -> None:
        if event.run_id != self._question or self._asked is None:
            return
        asked = self._asked
        match event:
            case Reviewed():
                asked.take(event)
                self._calls, self._of = event.calls, event.of
            case Finished():
                asked.done = True
            case Failed(headline=headline):
                asked.done, asked.refusal, self._all = True, headline, None
        if ends(event):
            self._question, self._asked = 0, None
        self.changed.emit()
        if isinstance(event, Finished):
            self.ended.emit("Looked back on the run")
        if ends(event):
            self._follow()
