"""Signals from outside: Ctrl+C in the terminal, the end of the terminal, a request to end."""

from __future__ import annotations

import faulthandler
import os
import signal
import socket
import threading
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""Those that there are on this system; one that is ignored, as under nohup, stays so."""
GRACE = 0.5
"""Seconds that a thread has, after the deadline, to let go of the interpreter's lock."""
EXIT = 128
"""What a shell adds to the number of the signal that ended a program."""


class Deadline:
    """Ends the process `seconds` after closing was asked for, whatever it is at: what waits for a disk, a child or a
    library, in any thread, is left behind. Files are written whole or not at all, so none is left half.

    Where a library never lets go of the interpreter's lock the process ends a little later, with exit code 1."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._nowhere = Path(os.devnull).open("w")  # noqa: SIM115 - it is written to at the very end
        self._watch: threading.Timer | None = None
        self._lock = threading.Lock()

    def begin(self, code: int) -> None:
        """Has the process end with that exit code; in any thread. The first one who asks counts."""
        with self._lock:
            if self._watch is None:
                self._watch = threading.Timer(self._seconds, os._exit, [code])
                self._watch.daemon = True
                self._watch.start()
                faulthandler.dump_traceback_later(self._seconds + GRACE, exit=True, file=self._nowhere)

    def cancel(self) -> None:
        """All has ended in time."""
        if self._watch is not None:
            faulthandler.cancel_dump_traceback_later()
            self._watch.cancel()
            self._watch.join()
        self._nowhere.close()


class Interrupts(QObject):
    """Has a signal end the event loop with its exit code, so that what comes after the loop is done: `came`. Another
    one ends the program at once.

    The interpreter hears a signal only between two steps of the window's thread, so a byte in a socket tells a thread
    of its own, which begins the `deadline` whatever the window is at.
    """

    _heard = Signal(int)

    def __init__(self, deadline: Deadline, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.came = False
        self._deadline = deadline
        self._heard.connect(QApplication.exit)
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._wakes = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
        before = {number: signal.getsignal(number) for number in numbers}
        self._before = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
        for number in self._before:
            signal.signal(number, _hear)
        self._thread = threading.Thread(target=self._listen, name="signals", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Leaves signals to whoever had them before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakes)
        self._writer.close()
        self._thread.join()
        self._reader.close()

    def _listen(self) -> None:
        while numbers := self._reader.recv(64):
            for number in numbers:
                if number in self._before:
                    self._hear(EXIT + number)

    def _hear(self, code: int) -> None:
        if self.came:
            os._exit(code)
        self.came = True
        self._deadline.begin(code)
        self._heard.emit(code)


def _hear(number: int, frame: FrameType | None) -> None:
    """Nothing: the byte that the interpreter has put into the socket says it."""
