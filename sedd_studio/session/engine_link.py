"""The link to the engine's thread: requests go down, and each event goes to whoever asked for it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.protocol import Event, ModelLoaded, Question, Request, ends
from sedd_studio.session.clock import Clock
from sedd_studio.turns import turns

if TYPE_CHECKING:  # widgets import this module, and none of them may reach the runner
    from sedd_studio.background.runner import Runner

Take = Callable[[Event], object]
PART = 0.008
"""Seconds of a tick in which events are begun to be taken: what has come beyond waits for the next."""
LATER = 6
"""Ticks in a row for which a model that has come waits at most, while the window has much else to do."""


class EngineLink(QObject):
    """Takes what the engine has left at every tick of the clock, as long as an answer is to come."""

    answered = Signal(object)
    """With the event that answers a question: an `Insight`, or why there is none."""
    superseded = Signal()
    """What was submitted before is wanted no more."""
    taken = Signal()
    """Events of what was submitted have been taken."""

    def __init__(self, runner: Runner, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner, self._clock = runner, clock
        self._submitted: dict[int, Take] = {}
        self._questions: set[int] = set()
        self._left: deque[Event] = deque()
        self._waited = 0
        clock.add(lambda _: self._wait())

    def submit(self, request: Request, take: Take) -> int:
        """Has a request performed in the place of what was submitted before, and its events taken; returns its id."""
        self.superseded.emit()
        number = self._runner.submit(request)
        self._submitted[number] = take
        self._clock.start()
        return number

    @property
    def busy(self) -> bool:
        """Whether an answer is to come."""
        return bool(self._submitted or self._questions)

    def supersede(self) -> None:
        """Ends what was submitted and what was asked."""
        self.superseded.emit()
        self.cancel()

    def cancel(self) -> None:
        """Ends them as well; what has come of it is still wanted."""
        self._runner.cancel()
        self._clock.start()

    def hold(self) -> None:
        """Holds what was submitted, until it is let go or superseded; questions of one network call are answered."""
        self._runner.hold()

    def step(self) -> None:
        """Has one more event made of what is held."""
        self._runner.step()
        self._clock.start()

    def let_go(self) -> None:
        """What is held goes on."""
        self._runner.let_go()
        self._clock.start()

    def ask(self, question: Question) -> int:
        """Puts a question to the engine, which ends nothing; `answered` tells the answers, with this id."""
        number = self._runner.ask(question)
        self._questions.add(number)
        self._clock.start()
        return number

    def drop(self, question: int) -> None:
        self._runner.drop(question)

    def deliver(self, events: Iterable[Event]) -> None:
        """Hands events to those who asked for them; what nobody asked for is dropped."""
        taken = False
        for event in events:
            if event.run_id in self._questions:
                if ends(event):
                    self._questions.remove(event.run_id)
                self.answered.emit(event)
            elif (take := self._submitted.get(event.run_id)) is not None:
                if ends(event):
                    del self._submitted[event.run_id]
                take(event)
                taken = True
        if taken:
            self.taken.emit()

    def end(self) -> None:
        self._runner.end()

    def close(self) -> None:
        self._runner.close()

    def _wait(self) -> bool:
        rests = self._runner.rests
        self._left.extend(self._runner.take())
        self.deliver(self._soon())
        return bool(self._left) or (self.busy and not rests)

    def _soon(self) -> Iterator[Event]:
        """The events of this tick. Only to take a model, with which all on show is another, needs much longer than a
        picture: it waits for a turn of the event loop with room."""
        end = time.perf_counter() + PART
        while self._left and time.perf_counter() < end:
            if isinstance(self._left[0], ModelLoaded) and turns().crowded and self._waited < LATER:
                self._waited += 1
                return
            self._waited = 0
            yield self._left.popleft()
