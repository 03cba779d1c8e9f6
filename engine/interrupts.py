"""Ctrl+C ends a command at any moment, silently and with one exit code; the studio, too, until it has a window. Imports
as little as can be: what comes before `take` is answered by Python.

While a command works, a `KeyboardInterrupt` is raised, so that files that are being written are taken back. Before and
after that, and while a library is being imported, which can turn the exception into another, or lose it, there is
nothing to take back, and the process ends at once.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

INTERRUPTED = 130
"""The exit code."""


class Interrupts:
    """What is done about Ctrl+C: a command works inside of it. `seen` says whether it was pressed then."""

    def __init__(self) -> None:
        self.seen = self._working = False

    def take(self) -> None:
        """Answers from here on, in the process that a command has for itself; what whoever started it has ignored,
        such as a shell that puts it into the background, stays so."""
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self.answer)
        sys.unraisablehook = self._lost

    @staticmethod
    def leave() -> None:
        """The command is over, and only the interpreter is taken down: its exit code stays what it is."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def __enter__(self) -> None:
        """A command works from here on."""
        self._working = True

    def __exit__(self, *_: object) -> None:
        self._working = False

    def answer(self, number: int, frame: FrameType | None) -> None:
        """Ctrl+C was pressed while `frame` ran."""
        if self.seen or not self._working or importing(frame):
            os._exit(INTERRUPTED)
        self.seen = True
        raise KeyboardInterrupt

    def _lost(self, error: sys.UnraisableHookArgs) -> None:
        """What was raised where it could not go on, such as while an object was deleted."""
        if not isinstance(error.exc_value, KeyboardInterrupt):
            sys.__unraisablehook__(error)
        else:
            os._exit(INTERRUPTED)


def importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported where a frame stands."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


INTERRUPTS = Interrupts()
