"""Signals from outside: Ctrl+C in the terminal, the end of the terminal, a request to end."""

from __future__ import annotations

import signal
import socket
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier
from PySide6.QtWidgets import QApplication

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""Those that there are on this system; one that is ignored, as under nohup, stays so."""
EXIT = 128
"""What a shell adds to the number of the signal that ended a program."""


class Interrupts(QObject):
    """Has a signal end the event loop with its exit code, so that what comes after the loop is done: `came`. Another
    one ends the program at once.

    Qt does not give way to Python while it waits, so a byte in a socket wakes it up.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.came = False
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._end)
        self._wakes = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
        before = {number: signal.getsignal(number) for number in numbers}
        self._before = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
        for number in self._before:
            signal.signal(number, _hear)

    def close(self) -> None:
        """Leaves signals to whoever had them before."""
        self._notifier.setEnabled(False)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakes)
        self._reader.close()
        self._writer.close()

    def _end(self) -> None:
        number = next((number for number in self._reader.recv(64) if number in self._before), None)
        if number is not None:
            self.came = True
            for each in self._before:
                signal.signal(each, signal.SIG_DFL)
            QApplication.exit(EXIT + number)


def _hear(number: int, frame: FrameType | None) -> None:
    """Nothing: the byte that the interpreter has put into the socket says it."""
