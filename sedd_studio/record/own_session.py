"""Whose session is whose: of several studios on one history each has a number, and a lock that its process holds."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock


class OwnSession:
    """The session of this process beside the history at `path`; `number` tells it from all others once it has begun."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._locks: dict[int, BaseFileLock] = {}
        self.number = secrets.randbits(62) + 2  # the one session of older histories is 1

    def begin(self) -> None:
        self.take(self.number)

    def sweep(self, known: Collection[int]) -> None:
        """Takes over those of processes that are no more and left nothing but their lock."""
        names = (path.stem.removeprefix("session-") for path in self._path.parent.glob("session-*.lock"))
        for number in (int(name) for name in names if name.isdecimal()):
            if number not in known:
                self.take(number)

    @property
    def numbers(self) -> list[int]:
        """Its own number, and those of the sessions that it took over."""
        return list({self.number, *self._locks})

    def take(self, number: int) -> bool:
        """Takes over the session of that number; False if it is this one, or another process is at it."""
        from filelock import FileLock, Timeout  # takes a while

        if number in self._locks:
            return False
        lock = FileLock(self._path.with_name(f"session-{number}.lock"), timeout=0, thread_local=False)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except (OSError, Timeout, NotImplementedError):
            return False
        self._locks[number] = lock
        return True

    def close(self) -> None:
        """Ends it: whatever it left may be taken over."""
        for lock in self._locks.values():
            with suppress(OSError):
                Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()
        self._locks.clear()
