"""The engine's thread. The only file that imports the engine's work, and it does so inside the thread."""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import math
import os
import queue
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from contextvars import Context
from importlib import import_module
from pathlib import Path
from typing import Protocol

from engine.language.domains import DOMAINS, TEXT
from engine.protocol import (
    Bounded,
    Cancelled,
    Event,
    Failed,
    Guess,
    Inspect,
    Judged,
    Lesson,
    LoadModel,
    ModelLoaded,
    Request,
    ends,
)
from engine.stopping import Stopped, look, stoppable, within
from sedd_studio.background.standing_back import GivingWay, stand_back

Item = tuple[int, Request]
SHORT = Inspect | Guess | Lesson
"""What is answered while something else goes on: a network call, or none."""
PLOTS = "pyqtgraph"


class Performer(Protocol):
    """What the runner asks of an engine."""

    def perform(self, run_id: int, request: Request) -> Iterator[Event]:
        """The events of a request; closing the iterator cancels it."""


def torch_engine() -> Performer:
    """The real engine; importing it takes seconds, because it brings torch.

    What it brings stays: some 200,000 objects, which are set aside. A collection of garbage in the window's thread
    would look at them for as long as ten frames take.
    """
    open_torch_library()
    from engine.performing.engine import Engine

    gc.freeze()
    return Engine()


def open_torch_library() -> None:
    """Has torch's library opened outside the interpreter's lock, where the system allows it. An import would hold the
    lock meanwhile: for seconds on a busy machine, and longer from a slow disk, in which the window could do nothing,
    closing neither."""
    torch = importlib.util.find_spec("torch")
    if os.name == "posix" and torch is not None and torch.origin is not None:
        for path in (Path(torch.origin).parent / "lib").glob("libtorch_python.*"):
            ctypes.CDLL(None).dlopen(os.fsencode(path), os.RTLD_NOW)


class Runner:
    """One thread that performs requests in order, a queue down and a queue up.

    A request supersedes those before it: a running one is stopped, a waiting one is not begun.
    Each ends with exactly one event that `ends` it. If something ends the thread, another goes on with the same engine.
    What is performed can be held for a while; what takes one network call is answered meanwhile, and so are lessons,
    which need no model; all else waits. So it is between two events of a question that takes many calls.
    """

    def __init__(self, make_engine: Callable[[], Performer] = torch_engine) -> None:
        self._make_engine = make_engine
        self._requests: queue.SimpleQueue[Item | None] = queue.SimpleQueue()  # None: look what has changed
        self._waiting: deque[Item] = deque()  # came while something was held, and is performed after it
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._last_id = 0
        self._cancelled_up_to = 0
        self._dropped: set[int] = set()
        self._submitted = self._held = self._steps = 0  # what is held, and how many more of its events are wanted
        self._put = self._got = 0  # entries of the queue of requests
        self._rests_after = -1  # so many of them, because what is performed is held
        self._engine: Performer | None = None
        self._begun = 0  # the request that is being performed
        self._thread: threading.Thread | None = None
        self._ended = False

    def submit(self, request: Request) -> int:
        """Hands a request to the thread, superseding all before it; returns its run id."""
        self.cancel()
        self._submitted = self.ask(request)
        return self._submitted

    def ask(self, request: Request) -> int:
        """Hands over a question that ends nothing: it is answered after what was asked for before; returns its id."""
        self._last_id += 1
        self._tell((self._last_id, request))
        self._keep_alive()
        return self._last_id

    def drop(self, question: int) -> None:
        """Ends a question alone, as soon as its work looks; one that has been answered is no matter."""
        self._dropped.add(question)

    def cancel(self) -> None:
        """Ends what is running, as soon as its work looks, and what waits; nothing is held any more."""
        self._cancelled_up_to = self._last_id
        self.let_go()

    def hold(self) -> None:
        """Holds what was submitted last, as soon as its work looks, until it is let go or cancelled."""
        self._held, self._steps = self._submitted, 0

    def step(self) -> None:
        """Lets what is held go on for one event."""
        self._steps += 1
        self._tell(None)

    def let_go(self) -> None:
        """What is held goes on."""
        self._held = 0
        self._tell(None)

    @property
    def rests(self) -> bool:
        """Whether something is held, and nothing is to come as long as nothing else is told."""
        return self._rests_after == self._put

    def take(self) -> list[Event]:
        """All events that have come since the last call."""
        if self._thread is not None:
            self._keep_alive()
        events = []
        while True:
            try:
                events.append(self._events.get_nowait())
            except queue.Empty:
                return events

    def end(self) -> None:
        """Cancels everything, and has the thread end."""
        self.cancel()
        self._ended = True
        if self._thread is not None:
            self._tell(None)

    def close(self) -> None:
        """Cancels everything and waits for the thread to end."""
        self.end()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _keep_alive(self) -> None:
        """Starts the thread where there is none; what one that is gone had begun has failed.

        None is begun after the end: a clock or a question of a window that is being closed may come late.
        """
        if self._ended or (self._thread is not None and self._thread.is_alive()):
            return
        if self._begun:
            self._events.put(Failed(self._begun, "The engine's thread ended, and another goes on; try again."))
            self._begun = 0
        self._thread = threading.Thread(target=self._work, name="engine")
        self._thread.start()

    def _work(self) -> None:
        stand_back()
        try:
            self._engine = self._engine or self._make_engine()
        except BaseException as error:  # without an engine every request fails with the same reason
            self._engine = _Broken(f"The engine could not start: {error}", traceback.format_exc())
        while (item := self._waiting.popleft() if self._waiting else self._get()) is not None or not self._ended:
            if item is not None:
                self._begun, _ = item
                self._tried(self._engine, *item)
                self._begun = 0

    def _tell(self, item: Item | None) -> None:
        self._put += 1
        self._requests.put(item)

    def _get(self) -> Item | None:
        item = self._requests.get()
        self._got += 1
        return item

    def _tried(self, engine: Performer, run_id: int, request: Request) -> None:
        try:
            self._perform(engine, run_id, request)
        except BaseException as error:  # a panic of a library, too: the next request is taken
            headline = f"The engine stopped with an unexpected error: {error}"
            self._events.put(Failed(run_id, headline, traceback.format_exc()))

    def _perform(self, engine: Performer, run_id: int, request: Request) -> None:
        if self._is_cancelled(run_id):
            self._events.put(Cancelled(run_id))
            return
        try:
            asked = closing(engine.perform(run_id, request))  # type: ignore[type-var]
            with asked as events, stoppable(GivingWay(lambda: self._is_over(run_id, engine))):
                for event in events:
                    bring_drawing(event)
                    if self._is_cancelled(run_id) and not ends(event):
                        raise Stopped
                    self._events.put(event)
                    if not ends(event):
                        self._steps = max(0, self._steps - 1)
                        look()
                        self._answer_between(run_id, engine)
        except Stopped:
            self._events.put(Cancelled(run_id))

    def _is_over(self, run_id: int, engine: Performer) -> bool:
        """Whether a request is to end. While it is held it waits here, and short questions are answered."""
        while self._held == run_id and not self._steps and not self._is_cancelled(run_id):
            self._rests_after = self._got
            item = self._get()
            if item is not None and isinstance(item[1], SHORT):
                Context().run(self._tried, engine, *item)  # not held itself, and on no lanes of the work
            elif item is not None:
                self._waiting.append(item)
        return self._is_cancelled(run_id)

    def _answer_between(self, run_id: int, engine: Performer) -> None:
        """Answers short questions that came after a long one, those that wait before them passed; but not what is asked
        of a model that is to be loaded first."""
        while run_id != self._submitted and not self._loads() and not self._is_cancelled(run_id):
            with suppress(queue.Empty):
                item = self._requests.get_nowait()
                self._got += 1
                if item is not None and isinstance(item[1], SHORT):
                    Context().run(self._tried, engine, *item)  # is not stopped when the long one is
                elif item is not None:
                    self._waiting.append(item)
                continue
            return

    def _loads(self) -> bool:
        """Whether another model waits to be loaded."""
        return any(isinstance(request, LoadModel) for _, request in self._waiting)

    def _is_cancelled(self, run_id: int) -> bool:
        return run_id <= self._cancelled_up_to or run_id in self._dropped


def bring_drawing(event: Event) -> None:
    """Imports what an event is drawn with, the texts of a model or the plot of a score, before the window draws it: it
    takes as long as ten frames."""
    match event:
        case ModelLoaded():
            drawn_with = DOMAINS.get(event.info.domain, TEXT).drawn_with
        case Bounded() | Judged():
            drawn_with = PLOTS
        case _:
            return
    if drawn_with:
        with suppress(ImportError):  # the drawing says what is missing
            within(math.inf, lambda: import_module(drawn_with))


class _Broken:
    """Stands in for an engine that could not be made."""

    def __init__(self, headline: str, detail: str) -> None:
        self._headline, self._detail = headline, detail

    def perform(self, run_id: int, request: Request) -> Iterator[Event]:
        yield Failed(run_id, self._headline, self._detail)
