"""The maps of all samples of the run on show, made one after another while they are on screen."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.runs.fill_order import order_of
from engine.runs.map_modes import MAP_MODES
from engine.runs.run_map import RunMap
from engine.runs.trajectory import Trajectory
from sedd_studio.session.hindsight import Hindsight
from sedd_studio.session.map_on_show import MapOnShow
from sedd_studio.session.notices import number_of
from sedd_studio.session.ranking import Ranking
from sedd_studio.session.session import Session


class MapSamples(QObject):
    """Makes a map a tick while it is `wanted`, once the run is over. `begun` is told when all are to be made anew,
    `made` with a sample and its codes (steps + 1, L)."""

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
        for signal in (session.view.changed, session.runs.changed, shown.changed):
            signal.connect(self._follow)
        for signal in (ranking.changed, hindsight.changed):
            signal.connect(self.changed)
        session.clock.add(self._make)

    def want(self, wanted: bool) -> None:
        self._wanted = wanted
        self._follow()

    def anew(self) -> None:
        """Makes all of them again, as in another theme."""
        self._of = None
        self._follow()

    @property
    def run(self) -> Trajectory | None:
        told = self._session.view.told
        return None if told is None else told[0]

    def _mode(self) -> str:
        return "state" if self._shown.mode.column else self._shown.mode_name

    def _follow(self) -> None:
        run = self.run
        if not self._wanted or run is None or run.under_way:
            return
        now = run, run.recorded, self._mode()
        if self._of is None or now[0] is not self._of[0] or now[1:] != self._of[1:]:
            self._of, self._next, self._growing = now, 0, None
            self.begun.emit()
            self._session.clock.start()

    def _make(self, seconds: float) -> bool:
        if not self._wanted or self._of is None or self._next >= self._of[0].samples:
            return False
        run, _, mode = self._of
        growing = self._growing = self._growing or RunMap(run, self._next)
        growing.grow()
        if growing.complete:
            self.made.emit(self._next, MAP_MODES[mode].codes(growing, None))
            self._next, self._growing = self._next + 1, None
        return self._next < run.samples

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
