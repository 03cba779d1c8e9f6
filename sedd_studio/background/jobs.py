"""Long work beside the engine's: one piece at a time in a thread of its own, with progress and a way to end it."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.files import check_place
from engine.plain_text import plain_line
from engine.protocol import UserError, is_lack_of_memory
from engine.stopping import Stopped, stoppable
from sedd_studio.background.standing_back import GivingWay, stand_back
from sedd_studio.record.pace import seconds_left

Work = Callable[[], Iterator[float | None]]


@dataclass
class Job:
    """A piece of work: a generator that yields how far it is, from 0 to 1. It makes the file at `path`, if any.

    One that yields None has not found out yet how much was done `before`: what it yields next is that.
    """

    title: str
    work: Work
    path: Path | None = None
    share: float = 0.0
    before: float | None = 0.0
    started: float = 0.0
    cancelled: bool = False

    def take(self, share: float | None) -> None:
        """Notes how far it is."""
        if share is None:
            self.before = None
            return
        if self.before is None:
            self.before, self.started = share, time.monotonic()
        self.share = share


class Jobs(QObject):
    """Does jobs in the order in which they were given. Ending one is closing its generator, as with the engine's runs.

    `changed` is told when there is something else to show, `failed` with a sentence and details, `saved` with
    the path of a file that was made.
    """

    changed = Signal()
    failed = Signal(str, str)
    saved = Signal(str)
    _ended = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[Job] = []
        self._thread: threading.Thread | None = None
        self.current: Job | None = None
        self._ended.connect(self._take_end)

    @property
    def seconds_left(self) -> float | None:
        """How long the job may still take; None while that is not known."""
        job = self.current
        if job is None or job.before is None:
            return None
        return seconds_left(job.share, job.started, job.before)

    def start(self, title: str, work: Work, path: Path | None = None) -> None:
        """Does the work, which makes a file at `path` if one is named, after what was given before; not where no file
        can be."""
        self._waiting.append(Job(plain_line(title), work, path))
        if self.current is None:
            self._next()

    def cancel(self) -> None:
        """Ends the job that is being done, at its next yield, or as soon as its work looks."""
        if self.current is not None:
            self.current.cancelled = True

    def end(self) -> None:
        """Ends all of them; nothing is begun any more."""
        self._waiting.clear()
        self.cancel()

    def close(self) -> None:
        """Ends all of them and waits for the thread."""
        self.end()
        if self._thread is not None:
            self._thread.join()

    def _next(self) -> None:
        self.current = self._waiting.pop(0) if self._waiting else None
        if self.current is not None:
            self.current.started = time.monotonic()
            self._thread = threading.Thread(target=self._do, args=(self.current,), name="job")
            self._thread.start()
        self.changed.emit()

    def _do(self, job: Job) -> None:
        headline = detail = ""
        stand_back()
        try:
            with stoppable(GivingWay(lambda: job.cancelled)):
                if job.path is not None:
                    check_place(job.path)
                steps = job.work()
                for share in steps:
                    job.take(share)
                    self.changed.emit()
                    if job.cancelled:
                        steps.close()  # type: ignore[attr-defined]
                        break
        except Stopped:
            pass
        except UserError as error:
            headline = str(error)
        except OSError as error:
            headline = f"{job.title} failed ({error.strerror or error}); choose another place, or free some room."
        except BaseException as error:  # whatever a library raises: the window goes on; a panic in Rust is no Exception
            headline, detail = f"{job.title} failed: {error}", traceback.format_exc()
            if is_lack_of_memory(error):
                headline = (
                    f"{job.title} failed: there is not enough memory; close other programs, or choose less at once."
                )
        self._ended.emit(headline, detail)

    def _take_end(self, headline: str, detail: str) -> None:
        if self._thread is not None:
            self._thread.join()
        if headline:
            self.failed.emit(headline, detail)
        elif self.current is not None and self.current.path is not None and not self.current.cancelled:
            self.saved.emit(str(self.current.path))
        self._next()
