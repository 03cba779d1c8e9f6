"""The maps of all samples of the run on show, made one after another while they are on screen."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.runs.fill_order import order_of
from engine.runs.map_modes import MAP_MODES
from engine.runs.run_map import RunMap
from engine.runs.trajectory import Trajectory
from sedd_studio.session.hindsight import KEPT, Hindsight
from sedd_studio.session.map_on_show import MapOnShow
from sedd_studio.session.notices import number_of
from sedd_studio.session.ranking import Ranking
from sedd_studio.session.session import Session

PRECISION = 0.05
"""Nats a token: how sure the likelihood of a sample is to be before that of the next is asked for."""


class MapSamples(QObject):
    """Makes a map a tick while it is `wanted`, once the run is over. `begun` is told when all are to be made anew,
    `made` with a sample and its codes (steps + 1, L). The model is asked about all samples where their colours, or the
    order in which they stand, need that."""

    begun = Signal()
    made = Signal(int, object)
    changed = Signal()
    """What is known of samples, by which they stand, is more."""

    def __init__(
        self, session: Session, shown: MapOnShow, ranking: Ranking, hindsight: Hindsight, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._shown, self._ranking, self._hindsight = session, shown, ranking, hindsight
        self._wanted, self._next = False, 0
        self._of: tuple[Trajectory, int, str] | None = None
        self._growing: RunMap | None = None
        self._coloured = set[int]()
        """Samples whose map has what the model was asked for."""
        self._by = "drawn"
        self._needs: tuple[Trajectory | None, bool] = None, False
        for signal in (session.view.changed, session.runs.changed, shown.changed):
            signal.connect(self._follow)
        for signal in (ranking.changed, hindsight.changed):
            signal.connect(self._learn)
        session.clock.add(self._make)

    def want(self, wanted: bool) -> None:
        self._wanted = wanted
        self._follow()

    def sort_by(self, order: str) -> None:
        """They stand in another of `runs.map_modes.ORDERS`; what it goes by is asked for, unless it is known."""
        self._by = order
        run, ranking = self.run, self._ranking
        unknown = run is not None and not any(ranking.place(sample) for sample in range(run.samples))
        if order == "likelihood" and unknown and not ranking.queue.busy:
            ranking.start(PRECISION)
        self._follow()

    def stop(self) -> None:
        """Asks for no more; what is known stays."""
        self._hindsight.stop()
        self._ranking.queue.cancel()

    @property
    def asks(self) -> bool:
        """Whether the model is being asked about samples."""
        return self._hindsight.share is not None or self._ranking.queue.busy

    @property
    def said(self) -> str:
        """Of how many samples what they stand by is known, in words; empty where it is known of all."""
        run = self.run
        if run is None or self._by not in ("likelihood", "regret"):
            return ""
        known = sum(np.isfinite(self._key(run, sample, self._by)) for sample in range(run.samples))
        if known == run.samples:
            return ""
        what, hindrance = (
            ("The likelihood", self._ranking.hindrance)
            if self._by == "likelihood"
            else ("The regret", self._hindsight.reason)
        )
        why = f" {hindrance}" * bool(hindrance and not self.asks)
        return f"{what} is known of {known} of {number_of(run.samples, 'sample')}, those stand first.{why}"

    def anew(self) -> None:
        """Makes all of them again, as in another theme."""
        self._of = None
        self._follow()

    @property
    def run(self) -> Trajectory | None:
        told = self._session.view.told
        return None if told is None else told[0]

    def _follow(self) -> None:
        run = self.run
        self._ask(run)
        if not self._wanted or run is None or run.under_way:
            return
        now = run, run.recorded, self._shown.mode_name
        if self._of is None or now[0] is not self._of[0] or now[1:] != self._of[1:]:
            self._of, self._next, self._growing = now, 0, None
            self._coloured.clear()
            self.begun.emit()
            self._session.clock.start()

    def _ask(self, run: Trajectory | None) -> None:
        """Has all samples looked back on where that is needed, once: one may stop it."""
        needs = self._wanted and run is not None and (bool(self._shown.mode.column) or self._by == "regret")
        before, self._needs = self._needs, (run, needs)
        if needs != before[1] or (needs and run is not before[0]):
            self._hindsight.want_all(needs)

    def _learn(self) -> None:
        self._session.clock.start()
        self.changed.emit()

    def _due(self, run: Trajectory) -> int | None:
        """The sample whose map is made next: the first that has none, or one of which more is known."""
        if self._next < run.samples:
            return self._next
        looked = range(min(run.samples, KEPT)) if self._shown.mode.column else ()
        unseen = (sample for sample in looked if sample not in self._coloured)
        return next((sample for sample in unseen if self._hindsight.columns_of(run, sample)), None)

    def _make(self, seconds: float) -> bool:
        due = None if not self._wanted or self._of is None else self._due(self._of[0])
        if due is None or self._of is None:
            return False
        run, mode = self._of[0], MAP_MODES[self._of[2]]
        growing = self._growing = self._growing or RunMap(run, due)
        growing.grow()
        if growing.complete:
            columns = self._hindsight.columns_of(run, growing.sample) if mode.column else {}
            if columns:
                self._coloured.add(growing.sample)
            self.made.emit(growing.sample, mode.codes(growing, columns.get(mode.column)))
            self._next, self._growing = max(self._next, growing.sample + 1), None
        return self._due(run) is not None

    # ---- what is known of samples

    def title(self, sample: int) -> str:
        """A sample in a line: its number, its changes, and where they are known its bound and its mean log ratio."""
        run = self.run
        if run is None:
            return ""
        facts = [str(sample + 1), number_of(changes_in(run, sample), "change")]
        if (place := self._ranking.place(sample)) is not None:
            facts.append(f"<= {place.bound.nats:.2f} nats a token")
        if (ratio := self._hindsight.mean_of(run, sample)) is not None:
            facts.append(f"log ratio {ratio:+.2f}")
        return " · ".join(facts)

    def sorted(self, by: str) -> list[int]:
        """The samples in one of `runs.map_modes.ORDERS`."""
        run = self.run
        return (
            [] if run is None else sorted(range(run.samples), key=lambda sample: (self._key(run, sample, by), sample))
        )

    def _key(self, run: Trajectory, sample: int, by: str) -> float:
        match by:
            case "changes":
                return changes_in(run, sample)
            case "early":
                order = order_of(run, sample)
                return float(np.nanmean(order)) if not np.isnan(order).all() else np.inf
            case "likelihood":
                place = self._ranking.place(sample)
                return np.inf if place is None else place.bound.nats
            case "regret":
                ratio = self._hindsight.mean_of(run, sample)
                return np.inf if ratio is None else -ratio
        return 0.0


def changes_in(run: Trajectory, sample: int) -> int:
    """How often tokens of a sample have changed."""
    return int(run.changes_curve(sample)[-1])
