"""The keeper: a thread that writes the history, so that the window never waits for a disk."""

from __future__ import annotations

import queue
import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from engine.protocol import UserError
from engine.runs.runfile import decode
from engine.runs.trajectory import Trajectory
from sedd_studio.background.standing_back import stand_back
from sedd_studio.record.database import is_damage
from sedd_studio.record.history import History, LeftOver
from sedd_studio.record.own_session import OwnSession

T = TypeVar("T")
Work = Callable[[History], object]
PAUSE = 5.0
"""Seconds until what could not be done is tried again."""


@dataclass(eq=False)
class Task:
    """A piece of work. One that `stands_for` others does away with those before it; `failed` ones are tried again.

    One that `finds` changes nothing, and is tried once. What stands for others is how the session stands."""

    work: Work
    stands_for: str = ""
    finds: bool = False
    failed: bool = False


class Keeper(QObject):
    """Takes work for the history at `path`, in order. `close` waits until all of it is done.

    `changed` is told after each piece of work, `failed` with a sentence if one could not be done; both reach the
    window's thread. What cannot be done while the disk is full, or another program is at it, is kept and tried again.
    What it is asked to `find` is told until the keeper is `closed`. Where the history cannot be opened that is told
    once, and the studio goes on without one until it can.
    """

    changed = Signal()
    failed = Signal(str)
    remembered = Signal()
    """How the session stands is written, as far as it was given."""
    found = Signal(object)
    """With the `LeftOver` of a session of a process that is no more."""
    _answered = Signal(object)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="keeper")
        self._session = OwnSession(path)
        self._writer: History | None = None
        self._told = False
        self.closed = False
        self._answered.connect(self._answer)

    def find(self, work: Callable[[History], T], take: Callable[[T], object]) -> None:
        """Has the window's thread `take` what `work` finds in the history; nothing, with the reason told, where it
        cannot be read."""

        def answer(history: History) -> None:
            found = work(history)
            self._answered.emit(lambda: take(found))

        self._put(Task(answer, finds=True))

    def runs(self, numbers: Sequence[int]) -> list[Trajectory]:
        """The runs with these ids, read in whichever thread asks; a UserError where that cannot be done."""
        try:
            with closing(History(self.path, self._session.number)) as history:
                contents = [history.content(number) for number in numbers]
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"The history cannot be read now ({error}); try again.") from None
        return [decode(content) for content in contents]

    def keep(self, run: Trajectory) -> None:
        """Puts a run, as far as it is recorded now, into the history."""
        snapshot = run.snapshot()
        self.do(lambda history: history.add(snapshot))

    def keep_sample(self, run: Trajectory, sample: int) -> None:
        """Puts one sample into the history, as a run of its own and a favourite."""
        snapshot = run.snapshot()
        self.do(lambda history: history.add(snapshot.only(sample), favourite=True))

    def remember(self, state: dict[str, object], run: Trajectory | None) -> None:
        """Keeps how the session stands, to be had back at another start."""
        snapshot = None if run is None else run.snapshot()
        self.do(lambda history: history.remember(state, snapshot), stands_for="session")

    def look_back(self, closed: bool = True) -> None:
        """Takes over what sessions left whose processes are no more, without those that were `closed` if so wished:
        `found` is told of each, the newest first."""
        self.do(lambda history: self._look_back(history, closed))

    def do(self, work: Work, stands_for: str = "") -> None:
        """Has any other work done with the history."""
        self._put(Task(work, stands_for))

    def _put(self, task: Task) -> None:
        if not self._thread.is_alive():
            self._thread.start()
        self._tasks.put(task)

    def _answer(self, answer: Callable[[], object]) -> None:
        if not self.closed:
            answer()

    def end(self, keeps: bool = False) -> None:
        """Has what is left done, and what was taken over forgotten, with the session itself unless it `keeps` that;
        takes nothing more."""
        self.closed = True
        own = self._session.number
        self.do(lambda history: history.forget([n for n in self._session.numbers if not keeps or n != own]))
        self.do(lambda history: history.tidy(self._session.numbers))
        self._tasks.put(None)

    def close(self) -> None:
        """Does what is left to do, and forgets the session, unless it was ended before."""
        if not self.closed:
            self.end()
        self._thread.join()
        self._session.close()

    def _look_back(self, history: History, closed: bool) -> None:
        found: list[LeftOver] = []
        known = history.sessions()
        self._session.sweep(known)
        for number in known:
            left = history.left_by(number)
            if (closed or left is None or not left.closed) and self._session.take(number):
                found += [] if left is None else [left]
                history.tidy([number])
        for left in sorted(found, key=lambda left: -left.kept):
            self.found.emit(left)

    def _run(self) -> None:
        stand_back()
        waiting: list[Task] = []
        self._session.begin()
        going = True
        while going:
            try:
                task = self._tasks.get(timeout=PAUSE if waiting else None)
            except queue.Empty:
                pass
            else:
                going = task is not None
                if task is not None:
                    kept = [other for other in waiting if not task.stands_for or other.stands_for != task.stands_for]
                    waiting = [*kept, task]
            waiting = [task for task in waiting if not self._done(task)]
        if waiting:
            sys.stderr.write(f"{len(waiting)} changes could not be written to the history in {self.path.parent}.\n")
        if self._writer is not None:
            self._writer.close()

    def _done(self, task: Task) -> bool:
        """Whether a task needs no further trial; tells of one that fails for the first time."""
        try:
            if self._writer is None:
                self._writer = self._opened()
        except (OSError, sqlite3.Error) as error:
            self._go_without(error)
            return task.finds
        except UserError as error:
            self._go_without(error)
            return True
        try:
            task.work(self._writer)
        except BaseException as error:  # a full disk, ...: the next piece of work may fare better; Rust panics
            if is_damage(error) and not task.failed:
                task.failed, self._writer = True, self._renewed(self._writer)
                return self._done(task)
            if task.finds:
                self._go_without(error)
                return True
            if not task.failed:
                task.failed = True
                self.failed.emit(f"The history in {self.path.parent} could not be written ({error}); free some room.")
            return not isinstance(error, OSError | sqlite3.OperationalError)
        if not task.finds:
            self.changed.emit()
        if task.stands_for:
            self.remembered.emit()
        return True

    def _opened(self) -> History:
        history = History(self.path, self._session.number)
        self._tell_aside(history)
        return history

    def _renewed(self, history: History) -> History | None:
        """Another history in the place of one that turned out to be damaged."""
        try:
            history.begin_again()
        except (OSError, sqlite3.Error, UserError) as error:
            self._go_without(error)
            return None
        self._tell_aside(history)
        return history

    def _tell_aside(self, history: History) -> None:
        if history.put_aside is not None:
            self.failed.emit(f"The history was damaged; it is now {history.put_aside}, and a new one is begun.")

    def _go_without(self, error: BaseException) -> None:
        """Tells, once, that there is no history."""
        if not self._told:
            self._told = True
            place = self.path.parent
            self.failed.emit(
                f"Runs are not kept: {error}"  # says what to do
                if isinstance(error, UserError)
                else f"Runs are not kept: the history in {place} cannot be opened ({error}); "
                "allow reading and writing there, then start again."
            )
