"""Garbage is collected in the window's thread only.

Python collects reference cycles in whichever thread happens to allocate. A cycle that holds a timer or a widget must
not be taken apart outside the window's thread: Qt would warn, or end the program. So automatic collection is off, and
this timer looks as often as Python itself would.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL = 250
"""Milliseconds between two looks."""


class Collector(QObject):
    """Collects the generations that are full. `close` gives collecting back to Python."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(INTERVAL)

    def look(self) -> int:
        """Collects the oldest generation that is full, with the younger ones; returns how many objects were freed."""
        counts, limits = gc.get_count(), gc.get_threshold()
        full = [generation for generation in range(3) if counts[generation] > limits[generation] > 0]
        return gc.collect(full[-1]) if full else 0

    def close(self) -> None:
        """No more looks."""
        self._timer.stop()
        gc.enable()
