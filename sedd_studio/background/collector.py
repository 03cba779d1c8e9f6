"""Garbage is collected in the window's thread only.

Python collects reference cycles in whichever thread happens to allocate. A cycle that holds a timer or a widget must
not be taken apart outside the window's thread: Qt would warn, or end the program. So automatic collection is off, and
this timer looks by Python's own rules.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer

INTERVAL = 250
"""Milliseconds between two looks."""
GROWTH = 1.25
"""How much the oldest generation grows before all of it is looked at again, which takes as long as several frames."""
LONGEST = 30.0
"""Seconds after which it is looked at all the same: a few objects can hold much memory."""


class Collector(QObject):
    """Collects the generations that are full. `close` gives collecting back to Python."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._old, self._looked = 0, 0.0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(INTERVAL)

    def look(self) -> int:
        """Collects the oldest generation that is due, with the younger ones; returns how many objects were freed."""
        due = [count > limit > 0 for count, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        late = time.monotonic() - self._looked > LONGEST
        if due[1] and due[2] and (late or len(gc.get_objects(2)) > GROWTH * self._old):
            freed = gc.collect()
            self._old, self._looked = len(gc.get_objects(2)), time.monotonic()
            return freed
        return gc.collect(int(due[1])) if due[0] or due[1] else 0

    def close(self) -> None:
        """No more looks."""
        self._timer.stop()
        gc.enable()
