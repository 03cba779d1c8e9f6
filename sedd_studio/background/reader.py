"""Files are read, and formulas typeset, in threads of their own: the window never waits for a disk, for what a large
file holds, or for a slow library."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from engine.protocol import UserError
from engine.stopping import Stopped, look, stoppable
from sedd_studio.background.standing_back import GivingWay, stand_back
from sedd_studio.turns import turns

T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """What was read."""

    value: Any


@dataclass(frozen=True)
class Refused:
    """Why nothing could be read, in a sentence and details."""

    headline: str
    detail: str


class Reader(QObject):
    """Reads one thing after another, in the order asked for; what was read is taken in the window's thread.

    `changed` is told when reading begins and ends, `failed` with a sentence and details; the thread is called `name`.
    It never holds what takes: a part of the window that nobody else held would be deleted in it.
    """

    changed = Signal()
    failed = Signal(str, str)
    _read = Signal(int, object)

    def __init__(self, parent: QObject | None = None, name: str = "files") -> None:
        super().__init__(parent)
        self._work: queue.SimpleQueue[tuple[int, Callable[[], Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name)
        self._asked = self._stopped = 0
        self._open: dict[int, tuple[str, Callable[[Any], object]]] = {}
        """What is read and what takes it, by the number of the question, the oldest first."""
        self._closed = False
        self._read.connect(self._bring)

    @property
    def busy(self) -> bool:
        return bool(self._open)

    @property
    def doing(self) -> str:
        """What goes on, in a few words; empty if nothing does."""
        return next(iter(self._open.values()), ("",))[0]

    def read(self, work: Callable[[], T], take: Callable[[T], object], doing: str = "Reading the file") -> None:
        """Does `work` in the thread, and hands what it returns to `take`; a UserError is told."""
        if self._closed:
            return
        if not self._thread.is_alive():
            self._thread.start()
        self._asked += 1
        self._open[self._asked] = doing, take
        self._work.put((self._asked, work))
        self.changed.emit()

    def stop(self) -> None:
        """Ends what is being read, as soon as its work looks, and what waits; nothing of it is taken."""
        self._stopped = self._asked

    def end(self) -> None:
        """Nothing more is read or taken."""
        self._closed = True
        self.stop()
        self._work.put(None)

    def close(self) -> None:
        """Waits for what is being read; nothing is taken any more."""
        self.end()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        stand_back()
        while (item := self._work.get()) is not None:
            number, work = item
            outcome: Found | Refused | None = None
            asked = GivingWay(lambda number=number: number <= self._stopped)  # type: ignore[misc]
            with suppress(Stopped), stoppable(asked):
                look()
                outcome = _outcome(work)
            self._read.emit(number, outcome)
            del item, work, outcome

    def _bring(self, number: int, outcome: Found | Refused | None) -> None:
        turns().later(self, lambda: self._take(number, outcome))

    def _take(self, number: int, outcome: Found | Refused | None) -> None:
        _, take = self._open.pop(number)
        if number > self._stopped:
            match outcome:
                case Found(value):
                    take(value)
                case Refused(headline, detail):
                    self.failed.emit(headline, detail)
        if not self._closed:
            self.changed.emit()


def _outcome(work: Callable[[], Any]) -> Found | Refused:
    try:
        return Found(work())
    except Stopped:
        raise
    except UserError as error:
        return Refused(str(error), "")
    except BaseException as error:  # whatever a damaged file makes a library raise; a panic in Rust is no Exception
        return Refused(f"The file could not be read: {error}", traceback.format_exc())
