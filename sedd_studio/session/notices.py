"""What goes on beside the runs of the window, and what of it ended last, in sentences for the status line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance

from engine.plain_text import plain_line
from sedd_studio.record.pace import until_done


class Worker(Protocol):
    """What works beside the runs: its `work` is a sentence, empty while it does nothing; `ended` is told with one."""

    changed: SignalInstance
    ended: SignalInstance
    destroyed: SignalInstance

    @property
    def work(self) -> str: ...


class Notices(QObject):
    """`text` says what ended last, with the `path` of the file where one was written; nothing once something else is
    on show or goes on. `kept` says when the session was kept last. `changed` is told when there is another sentence."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.text = self.kept = ""
        self.path: Path | None = None
        self._workers: list[Worker] = []

    @property
    def work(self) -> str:
        """What goes on; empty where nothing does."""
        return next((worker.work for worker in self._workers if worker.work), "")

    def watch(self, worker: Worker) -> None:
        """Says what a worker does, and when it has ended."""
        self._workers.append(worker)
        worker.changed.connect(self.changed)
        worker.ended.connect(self.say)
        worker.destroyed.connect(lambda: self._workers.remove(worker))

    def say(self, text: str, path: str = "") -> None:
        """Something has ended, and left a file at a path where one is named."""
        self.text, self.path = text, Path(path) if path else None
        self.changed.emit()

    def say_saved(self, path: str) -> None:
        self.say(f"Saved {plain_line(Path(path).name)}", path)

    def note_kept(self) -> None:
        """All that is on show is kept now."""
        kept = f"Kept at {datetime.now().astimezone():%H:%M}"
        if kept != self.kept:
            self.kept = kept
            self.changed.emit()

    def forget(self) -> None:
        if self.text:
            self.say("")


def going(what: str, left: float | None) -> str:
    """What goes on, with the seconds that are left as far as that is known."""
    return what if left is None else f"{what}, {until_done(left)}"


def number_of(count: int, thing: str) -> str:
    """So many of a thing."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
