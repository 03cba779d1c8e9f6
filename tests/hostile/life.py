"""A process that may be killed: a copy of this one, so that what it imports need not be imported again."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

WEDGED = 1200.0
"""Seconds after which a process that does not end is killed: many times what the longest takes on a loaded machine."""


class Life:
    """A piece of work in a process of its own, which prints into a file `told`, and what is wrong into `told`.err."""

    def __init__(self, work: Callable[[], None], told: Path, room: int | None = None) -> None:
        self._told = told
        if told.name != "null":
            for suffix in ("", ".err"):
                Path(f"{told}{suffix}").write_bytes(b"")
        sys.stdout.flush()
        sys.stderr.flush()
        self._id = os.fork()
        if self._id == 0:
            self._live(work, room)

    def _live(self, work: Callable[[], None], room: int | None) -> None:
        code = 1
        try:
            for stream, suffix in ((1, ""), (2, ".err")):
                name = f"{self._told}{suffix}" if self._told.name != "null" else os.devnull
                os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
            if room is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
            work()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)  # which writes nothing that the copy has in its buffers

    def ended(self) -> int:
        """Waits for its end; the exit code."""
        code = self.killed_after(WEDGED)
        if code is None:
            raise AssertionError(f"it did not end within {WEDGED:.0f} seconds")
        return code

    def killed_after(self, seconds: float) -> int | None:
        """Kills it after so many seconds; None, or the exit code if it ended before."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found, status = os.waitpid(self._id, os.WNOHANG)
            if found:
                return os.waitstatus_to_exitcode(status)
            time.sleep(min(0.002, max(0.0, end - time.monotonic())))
        os.kill(self._id, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(self._id, 0)[1])
        return None if code == -signal.SIGKILL else code

    def said(self) -> str:
        """What it printed, up to its last whole line."""
        return self._told.read_text(encoding="utf-8").rpartition("\n")[0]

    def complained(self) -> str:
        """What it said that is wrong."""
        return Path(f"{self._told}.err").read_text(encoding="utf-8").strip()
