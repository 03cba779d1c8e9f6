"""What can wait is done in the window's thread piece by piece, each in a turn of the event loop with room for it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QAbstractEventDispatcher, QCoreApplication, QObject, QTimer
from shiboken6 import isValid

ROOM = 0.008
"""Seconds of computing in a turn, beyond which what can wait is left to the next."""
LONGEST = 0.1
"""Seconds for which a piece waits at most for a turn with room: somebody may act without a pause."""


class Turns(QObject):
    """The turns of an application's event loop.

    Pieces of work that come at the same time, as a file that was read, a model that was opened and a panel that is to
    be dressed, would be done in one turn, and the window would answer nothing for as long as all of them take.
    `clock` tells the seconds that have passed, `computed` those that the window's thread has computed.
    """

    def __init__(
        self,
        parent: QObject,
        clock: Callable[[], float] = time.monotonic,
        computed: Callable[[], float] = time.thread_time,
    ) -> None:
        super().__init__(parent)
        self._clock, self._computed = clock, computed
        self._left: deque[tuple[QObject, Callable[[], object]]] = deque()
        self._began, self._waits = computed(), clock()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._do_next)
        dispatcher = QAbstractEventDispatcher.instance()
        dispatcher.awake.connect(self._begin)

    @property
    def crowded(self) -> bool:
        """Whether the turn has taken its time already; only the window's thread may ask. Outside of the loop there is
        none."""
        return self.thread().loopLevel() > 0 and self._computed() - self._began > ROOM

    @property
    def busy(self) -> bool:
        """Whether anything waits."""
        return bool(self._left)

    def later(self, owner: QObject, do: Callable[[], object]) -> None:
        """Has something done in another turn, after what was given before; nothing if its owner is deleted by then."""
        self._left.append((owner, do))
        if not self._timer.isActive():
            self._waits = self._clock()
            self._timer.start(0)

    def _begin(self) -> None:
        self._began = self._computed()

    def _do_next(self) -> None:
        if self.crowded and self._clock() - self._waits < LONGEST:
            return
        owner, do = self._left.popleft()
        self._waits = self._clock()
        if self._left:
            self._timer.start(0)  # anew, or nothing would be done in a loop of a dialog that this one opens
        else:
            self._timer.stop()
        if isValid(owner):
            do()


class Piece:
    """Something of an owner that is done in a turn of its own whenever it is wanted: once, however often that was."""

    def __init__(self, owner: QObject, do: Callable[[], object]) -> None:
        self._owner, self._do = owner, do
        self.wanted = False

    def want(self) -> None:
        """Has it done."""
        if not self.wanted:
            self.wanted = True
            turns().later(self._owner, self._do_wanted)

    def now(self) -> None:
        """Has it done at once as long as it is wanted, for who cannot wait."""
        while self.wanted:
            self._do_wanted()

    def _do_wanted(self) -> None:
        if self.wanted:
            self.wanted = False  # it may want itself again
            self._do()


def turns() -> Turns:
    """Those of the application that runs."""
    application = QCoreApplication.instance()
    assert application is not None
    found = application.findChild(Turns)
    return found if isinstance(found, Turns) else Turns(application)
