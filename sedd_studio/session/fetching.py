"""Models from the hub: `sedd fetch` does the work in a process of its own, which can be ended at any moment."""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.protocol import UserError

if TYPE_CHECKING:
    from sedd_studio.background.jobs import Jobs

LOOK_EVERY = 0.05
"""Seconds: a cancel is seen this soon, whether or not anything comes over the line."""


class Fetcher(QObject):
    """Fetches models, one after the other. `coming` says of each how many bytes have come, and of how many; both are 0
    until that is known. `changed` is told of all of it, `ended` when nothing more comes of one, and `came` with the
    name of one that is there."""

    changed = Signal()
    ended = Signal()
    came = Signal(str)
    _told = Signal(str, object, object)  # numbers beyond those of a C compiler, too
    _over = Signal(str, bool)

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.coming: dict[str, tuple[int, int]] = {}
        self.current = ""
        self._told.connect(self._take)
        self._over.connect(self._end)

    def fetch(self, name: str) -> None:
        """Fetches a model by its name on the hub; what has come of it before need not come again."""
        if not self.named(name):
            self.coming[name] = (0, 0)
            self._jobs.start(f"Fetching {name}", lambda: self._work(name))
            self.changed.emit()

    def named(self, name: str) -> str:
        """By which name a model was asked for that comes or waits, for one has several to the hub; "" for any other."""
        from engine.catalogue.fetched import same  # not before the window is painted

        return next((other for other in self.coming if same(name, other)), "")

    def progress(self, name: str) -> tuple[int, int]:
        """How many bytes of a model have come, and of how many."""
        return self.coming.get(self.named(name), (0, 0))

    def cancel(self, name: str) -> None:
        """Ends it, or has it not begun."""
        name = self.named(name)
        if name and name == self.current:
            self._jobs.cancel()
        elif self.coming.pop(name, None) is not None:
            self.changed.emit()

    def _work(self, name: str) -> Iterator[float | None]:
        if name not in self.coming:  # it was cancelled while it waited
            return
        share: float | None = None
        there = False
        self._told.emit(name, 0, 0)
        try:
            for line in lines_of([sys.executable, "-m", "engine.cli", "fetch", name, "--json"]):
                told = json.loads(line) if line else {}
                if told.get("event") == "fetched":
                    share = told["done"] / max(1, told["total"])
                    self._told.emit(name, told["done"], told["total"])
                there = there or told.get("event") == "model"
                yield share
        finally:
            self._over.emit(name, there)

    def _take(self, name: str, done: int, total: int) -> None:
        self.current = name
        self.coming[name] = (done, total)
        self.changed.emit()

    def _end(self, name: str, there: bool) -> None:
        self.current = ""
        self.coming.pop(name, None)
        self.changed.emit()
        self.ended.emit()
        if there:
            self.came.emit(name)


def lines_of(command: list[str]) -> Iterator[str]:
    """The lines that a command prints, and an empty one whenever it is silent for a while; closing this ends it.

    A UserError has what it printed on standard error if it fails.
    """
    import subprocess  # the window is painted before these are needed
    import tempfile

    with tempfile.TemporaryFile("w+") as complaints:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True) as process:
            found: queue.Queue[str | None] = queue.Queue()
            reader = threading.Thread(target=_read, args=(process.stdout, found), name="reader")
            reader.start()
            try:
                while (line := _next(found)) is not None:
                    yield line
            except BaseException:  # whoever reads has closed this
                process.kill()
                raise
            finally:
                reader.join()
        if process.returncode:
            complaints.seek(0)
            raise UserError(" ".join(complaints.read().split()))


def _next(found: queue.Queue[str | None]) -> str | None:
    try:
        return found.get(timeout=LOOK_EVERY)
    except queue.Empty:
        return ""


def _read(pipe: IO[str] | None, found: queue.Queue[str | None]) -> None:
    for line in pipe or ():
        found.put(line)
    found.put(None)
