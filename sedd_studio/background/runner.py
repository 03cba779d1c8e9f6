"""The engine's thread. The only file that imports the engine's work, and it does so inside the thread."""

from __future__ import annotations

import gc
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Protocol

from engine.protocol import Cancelled, Event, Failed, Question, Request, Working, ends

NICENESS = 2
"""How far the engine stands back where the machine is busy: the window answers sooner, and a run takes no longer while
nothing else wants the processor."""


class Performer(Protocol):
    """What the runner asks of an engine."""

    def perform(self, run_id: int, request: Request) -> Iterator[Event]:
        """The events of a request; closing the iterator cancels it."""


def torch_engine() -> Performer:
    """The real engine; importing it takes seconds, because it brings torch.

    What it brings stays: some 200,000 objects, which are set aside. A collection of garbage in the window's thread
    would look at them for as long as ten frames take.
    """
    from engine.performing.engine import Engine

    gc.freeze()
    return Engine()


class Runner:
    """One thread that performs requests in order, a queue down and a queue up.

    A request supersedes those before it: a running one is closed at its next event, a waiting one is not begun.
    Each ends with exactly one event that `ends` it.
    """

    def __init__(self, make_engine: Callable[[], Performer] = torch_engine) -> None:
        self._make_engine = make_engine
        self._requests: queue.SimpleQueue[tuple[int, Request] | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._last_id = 0
        self._cancelled_up_to = 0
        self._dropped: set[int] = set()
        self._thread = threading.Thread(target=self._work, name="engine")

    def submit(self, request: Request) -> int:
        """Hands a request to the thread, superseding all before it; returns its run id."""
        self.cancel()
        self._last_id += 1
        if not self._thread.is_alive():
            self._thread.start()
        self._requests.put((self._last_id, request))
        return self._last_id

    def ask(self, request: Question) -> int:
        """Hands over a question that ends nothing: it is answered after what was asked for before; returns its id."""
        self._last_id += 1
        self._requests.put((self._last_id, request))
        return self._last_id

    def drop(self, question: int) -> None:
        """Ends a question alone, at its next event; one that has been answered is no matter."""
        self._dropped.add(question)

    def cancel(self) -> None:
        """Ends what is running and what waits, at the next event."""
        self._cancelled_up_to = self._last_id

    def take(self) -> list[Event]:
        """All events that have come since the last call."""
        events = []
        while True:
            try:
                events.append(self._events.get_nowait())
            except queue.Empty:
                return events

    def close(self) -> None:
        """Cancels everything and waits for the thread to end."""
        self.cancel()
        if self._thread.is_alive():
            self._requests.put(None)
            self._thread.join()

    def _work(self) -> None:
        stand_back()
        try:
            engine = self._make_engine()
        except Exception as error:  # without an engine every request fails with the same reason
            engine = _Broken(f"The engine could not start: {error}", traceback.format_exc())
        while (item := self._requests.get()) is not None:
            self._perform(engine, *item)

    def _perform(self, engine: Performer, run_id: int, request: Request) -> None:
        if self._is_cancelled(run_id):
            self._events.put(Cancelled(run_id))
            return
        events = engine.perform(run_id, request)
        for event in events:
            if self._is_cancelled(run_id) and not ends(event):
                events.close()  # type: ignore[attr-defined]
                self._events.put(Cancelled(run_id))
                return
            if not isinstance(event, Working):
                self._events.put(event)

    def _is_cancelled(self, run_id: int) -> bool:
        return run_id <= self._cancelled_up_to or run_id in self._dropped


def stand_back() -> None:
    """Lets this thread, and those that it will start, give way to others; where threads have no priority of their own
    nothing is done."""
    if sys.platform == "linux":
        this = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, this, os.getpriority(os.PRIO_PROCESS, this) + NICENESS)


class _Broken:
    """Stands in for an engine that could not be made."""

    def __init__(self, headline: str, detail: str) -> None:
        self._headline, self._detail = headline, detail

    def perform(self, run_id: int, request: Request) -> Iterator[Event]:
        yield Failed(run_id, self._headline, self._detail)
