"""What moves to where it is wanted by itself, in step with the clock."""

from __future__ import annotations

from collections.abc import Callable

from sedd_studio.session.clock import Clock

Put = Callable[[float], object]


class Glide:
    """Calls `put` with the share of the way that is done, from 0 to 1, over some seconds; one glide at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._put: Put | None = None
        self._seconds, self._passed = 1.0, 0.0
        clock.add(self._move)

    @property
    def under_way(self) -> bool:
        return self._put is not None

    def begin(self, put: Put, seconds: float) -> None:
        """Sets out; at once at the end where there are no seconds for it."""
        self._put, self._seconds, self._passed = put, seconds, 0.0
        if seconds > 0:
            self._clock.start()
        else:
            self.arrive()

    def arrive(self) -> None:
        """Is at the end now."""
        put, self._put = self._put, None
        if put is not None:
            put(1.0)

    def stop(self) -> None:
        """Goes no further."""
        self._put = None

    def _move(self, seconds: float) -> bool:
        if self._put is None:
            return False
        self._passed += seconds
        if self._passed >= self._seconds:
            self.arrive()
        else:
            self._put(self._passed / self._seconds)
        return self.under_way
