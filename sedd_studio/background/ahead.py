"""Libraries that are imported before they are needed, while the window rests: the first plot would hold it for half a
second, and beside a run each step of the network would wait for the interpreter's lock again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module

from PySide6.QtCore import QObject, QTimer

from sedd_studio.background.standing_back import stand_back

PAUSE = 200
"""Milliseconds between two looks whether the window rests."""


class Ahead(QObject):
    """Imports `names` in a thread of its own, once it was begun and `rests()` is true, and looked at in the window's
    thread. What needs one meanwhile waits for that one alone; one that is missing is missed where it is needed."""

    def __init__(self, names: Sequence[str], rests: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._names, self._rests = names, rests
        self._thread = threading.Thread(target=self._work, name="ahead", daemon=True)
        self._ended = False
        self._timer = QTimer(self)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self._look)

    def begin(self) -> None:
        """Begins after a pause, unless it has begun or ended before."""
        if not self._ended and self._thread.ident is None:
            self._timer.start()

    def close(self) -> None:
        """Waits for the one that is being imported; no other one is."""
        self._ended = True
        self._timer.stop()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        if self._rests():
            self._timer.stop()
            self._thread.start()

    def _work(self) -> None:
        stand_back()
        for name in self._names:
            if not self._ended:
                with suppress(ImportError):
                    import_module(name)
