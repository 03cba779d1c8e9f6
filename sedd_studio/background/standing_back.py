"""Threads that give way to the window's."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

NICENESS = 2
"""How far they stand back where the machine is busy: the window answers sooner, and their work takes no longer while
nothing else wants the processor. All by as much: one that holds the interpreter's lock while the window waits for it
would be held up by another."""
SLICE, TELLS = 0.002, 0.03
"""Seconds over which is seen whether the window's thread computes, at least and at most: over more it may have drawn
some pictures, and rested between them."""
BUSY = 0.2
"""Of that time: with less it has not much to do. Where three threads want the interpreter's lock, it has a third."""
FRAME = 0.006
"""Seconds of computing that are left alone: a picture of what moves."""
LONGEST, BETWEEN = 0.2, 0.02
"""Seconds for which a thread waits at most until the window's has nothing to do, and for which it then works before it
waits again: what somebody does without a pause holds nothing up for good."""


def stand_back() -> None:
    """Lets this thread, and those that it will start, give way to others; where threads have no priority of their own,
    or a sandbox lets nobody change it, nothing is done."""
    if sys.platform == "linux":
        this = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, this, os.getpriority(os.PRIO_PROCESS, this) + NICENESS)


def window_clock() -> Callable[[], float]:
    """Seconds for which the window's thread has computed; where the system does not tell, it never does."""
    window = threading.main_thread().ident
    if sys.platform != "linux" or window is None:
        return lambda: 0.0
    clock = time.pthread_getcpuclockid(window)
    return lambda: time.clock_gettime(clock)


class GivingWay:
    """Whether work beside the window's thread is to end, as `asked` tells; for `engine.stopping.stoppable`.

    It waits while the window's thread is in the midst of something long: both want the interpreter's lock, and what the
    window does would take twice as long. `window` tells the seconds for which the window's thread has computed, `clock`
    those that have passed, and `sleep` waits for some.
    """

    def __init__(
        self,
        asked: Callable[[], bool],
        window: Callable[[], float] | None = None,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._asked, self._window, self._clock, self._sleep = asked, window or window_clock(), clock, sleep
        self._at, self._computed = self._clock(), self._window()
        self._busy = self._waited = self._worked = 0.0

    def __call__(self) -> bool:
        if self._clock() - self._at > SLICE:
            self._see()
        while self._busy > FRAME and self._waited < LONGEST and not self._asked():
            began = self._clock()
            self._sleep(SLICE)
            self._waited += self._clock() - began
            self._see()
        return self._asked()

    def _see(self) -> None:
        """Sees for how long the window's thread has computed without much of a pause."""
        passed, computed = self._clock() - self._at, self._window() - self._computed
        self._at += passed
        self._computed += computed
        if passed > TELLS or computed < BUSY * passed:
            self._busy = self._waited = self._worked = 0.0
            return
        self._busy += computed
        if self._waited >= LONGEST:
            self._worked += passed
        if self._worked >= BETWEEN:
            self._waited = self._worked = 0.0
