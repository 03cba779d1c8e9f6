"""Samples that were kept: each goes into the history as a run of its own, among the favourites."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from engine.runs.trajectory import Trajectory
from sedd_studio.session.runs import Runs
from sedd_studio.session.view import View

if TYPE_CHECKING:
    from sedd_studio.background.keeper import Keeper


class Favourites(QObject):
    """Knows which samples of a run were kept since the program began. `changed` is told when one more is.

    A sample of a run that is still being made goes into the history when the run ends, as far as it came.
    """

    changed = Signal()

    def __init__(self, view: View, runs: Runs, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view, self._keeper = view, keeper
        self._kept: WeakKeyDictionary[Trajectory, set[int]] = WeakKeyDictionary()
        runs.ended.connect(self._keep_whole)

    def has(self, sample: int) -> bool:
        run = self._view.run
        return run is not None and sample in self._kept.get(run, ())

    def keep(self, sample: int) -> None:
        """Keeps a sample of the run on show, once."""
        run = self._view.run
        if run is None or run.origin is None or self.has(sample) or not (run.under_way or run.recorded):
            return
        self._kept.setdefault(run, set()).add(sample)
        if not run.under_way:
            self._keeper.keep_sample(run, sample)
        self.changed.emit()

    def _keep_whole(self, run: Trajectory) -> None:
        if not run.recorded:
            self._kept.pop(run, None)
        for sample in sorted(self._kept.get(run, ())):
            self._keeper.keep_sample(run, sample)
