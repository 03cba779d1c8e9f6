"""Threads that give way to the window's."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

NICENESS = 2
"""How far they stand back where the machine is busy: the window answers sooner, and their work takes no longer while
nothing else wants the processor. All by as much: one that holds the interpreter's lock while the window waits for it
would be held up by another."""


def stand_back() -> None:
    """Lets this thread, and those that it will start, give way to others; where threads have no priority of their own,
    or a sandbox lets nobody change it, nothing is done."""
    if sys.platform == "linux":
        this = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, this, os.getpriority(os.PRIO_PROCESS, this) + NICENESS)
