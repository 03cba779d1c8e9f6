"""Libraries that are imported before they are needed: the first plot would hold the window for half a second."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module


class Ahead:
    """Imports `names` in a thread of its own, once it is begun. What needs one meanwhile waits for that one alone;
    one that is missing is missed where it is needed."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._thread = threading.Thread(target=self._work, name="ahead", daemon=True)
        self._ended = False

    def begin(self) -> None:
        """Begins, unless it has begun or ended before."""
        if not self._ended and self._thread.ident is None:
            self._thread.start()

    def close(self) -> None:
        """Waits for the one that is being imported; no other one is."""
        self._ended = True
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        for name in self._names:
            if not self._ended:
                with suppress(ImportError):
                    import_module(name)
