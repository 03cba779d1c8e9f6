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
from sedd_studio.session.models import Models

if TYPE_CHECKING:
    from sedd_studio.background.jobs import Jobs

LOOK_EVERY = 0.05
"""Seconds: a cancel is seen this soon, whether or not anything comes over the line."""


class Fetcher(QObject):
    """Fetches models and opens each that has come."""

    _come = Signal(str)

    def __init__(self, models: Models, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._come.connect(models.open)

    def fetch(self, name: str) -> None:
        self._jobs.start(f"Fetching {name}", lambda: self._work(name))

    def _work(self, name: str) -> Iterator[float]:
        share = 0.0
        for line in lines_of([sys.executable, "-m", "engine.cli", "fetch", name, "--json"]):
            told = json.loads(line) if line else {}
            if told.get("event") == "fetched":
                share = told["done"] / max(1, told["total"])
            elif told.get("event") == "model":
                self._come.emit(told["folder"])
            yield share


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
