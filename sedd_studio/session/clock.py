"""The pulse of the session: what moves by itself is moved in step, while there is anything to wait for."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

TICK = 16
"""Milliseconds between two looks at what the engine has left."""
Step = Callable[[float], bool]


class Clock(QObject):
    """Calls its steps, in the order in which they were added, with the seconds since the last tick. Each returns
    whether it wants another; when none does the clock stops."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: list[Step] = []
        self._ticked = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self.tick)

    def add(self, step: Step) -> None:
        """Calls a step from now on, after those that were added before."""
        self._steps.append(step)

    def start(self) -> None:
        """Something is to be waited for."""
        if not self._timer.isActive():
            self._ticked = time.monotonic()
            self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def has_rested(self, seconds: float) -> bool:
        """Whether nothing was waited for, and nothing moved by itself, for so long."""
        return not self._timer.isActive() and time.monotonic() - self._ticked >= seconds

    def tick(self) -> None:
        now = time.monotonic()
        passed, self._ticked = now - self._ticked, now
        wanted = [step(passed) for step in self._steps]
        if not any(wanted):
            self._timer.stop()
