"""The keeper: a thread that writes the history, so that the window never waits for a disk."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from sedd_studio.record.history import History
from sedd_studio.record.trajectory import Trajectory

T = TypeVar("T")
Work = Callable[[History], object]


class Keeper(QObject):
    """Takes work for the history at `path`, in order. `close` waits until all of it is done.

    `changed` is told after each piece of work, `failed` with a sentence if one could not be done; both reach the
    window's thread. `read` is for reading there, until the keeper is `closed`. Where the history cannot be opened that
    is told once, and the studio goes on without one.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._work: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="keeper")
        self._reader: History | None = None
        self._told = False
        self.closed = False

    @property
    def history(self) -> History:
        """The history as it is on disk, for the window's thread to read; an error where it cannot be opened."""
        if self._reader is None:
            self._reader = History(self._path)
        return self._reader

    def read(self, work: Callable[[History], T], otherwise: T) -> T:
        """What `work` finds in the history; `otherwise`, with the reason told, where it cannot be read."""
        try:
            return work(self.history)
        except (OSError, sqlite3.Error) as error:
            self._go_without(error)
            return otherwise

    def keep(self, run: Trajectory, favourite: bool = False) -> None:
        """Puts a run, as far as it is recorded now, into the history."""
        snapshot = run.snapshot()
        self.do(lambda history: history.add(snapshot, favourite))

    def remember(self, state: dict[str, object], run: Trajectory | None) -> None:
        """Keeps how the session stands, to be offered back if it does not end properly."""
        snapshot = None if run is None else run.snapshot()
        self.do(lambda history: history.remember(state, snapshot))

    def do(self, work: Work) -> None:
        """Has any other work done with the history."""
        if not self._thread.is_alive():
            self._thread.start()
        self._work.put(work)

    def close(self, forgets: bool = True) -> None:
        """Does what is left to do, and forgets the session, unless it is to be offered back."""
        self.closed = True
        if forgets:
            self.do(History.forget)
        self.do(History.tidy)
        self._work.put(None)
        self._thread.join()
        if self._reader is not None:
            self._reader.close()

    def _run(self) -> None:
        history: History | None = None
        while (work := self._work.get()) is not None:
            try:
                history = history or History(self._path)
            except (OSError, sqlite3.Error) as error:
                self._go_without(error)
                continue
            try:
                work(history)
            except Exception as error:  # a full disk, a lost one, ...: the next piece of work may fare better
                self.failed.emit(f"The history in {self._path.parent} could not be written ({error}); free some room.")
            else:
                self.changed.emit()
        if history is not None:
            history.close()

    def _go_without(self, error: Exception) -> None:
        """Tells, once, that there is no history. Either thread may be the one that finds out."""
        if not self._told:
            self._told = True
            self.failed.emit(
                f"Runs are not kept: the history in {self._path.parent} cannot be opened ({error}). "
                "Allow reading and writing there, then start again."
            )
