"""Work that takes long between two events can be stopped, or held for a while: it looks now and then whether it should
go on."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
PAUSE = 0.05
"""Seconds between two looks."""


class Stopped(GeneratorExit):
    """Nobody waits for the work any more. It is no fault, and goes where a generator that is closed goes."""


@contextmanager
def stoppable(asked: Callable[[], bool]) -> Iterator[None]:
    """Within it work in this thread is stopped, by `Stopped`, at its first look after `asked` has become true. It is
    held for as long as `asked` takes to answer."""
    token = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(token)


def look() -> None:
    """A moment at which the work can be stopped; a few every tenth of a second are enough. Costs next to nothing."""
    asked = _asked.get()
    if asked is None:
        return
    began = time.perf_counter()
    stopped = asked()
    _held.set(_held.get() + time.perf_counter() - began)
    if stopped:
        raise Stopped


def worked() -> float:
    """Seconds of a clock that stands still while this thread's work is held."""
    return time.perf_counter() - _held.get()


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns, for a library that does not look by itself: it is done in a thread of its own.

    That is left behind when the work is stopped or interrupted, and, with a TimeoutError, where it takes longer.
    """
    ended: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            ended.put((work(), None))
        except BaseException as error:  # a panic of a library is no Exception
            ended.put((None, error))

    thread = threading.Thread(target=run, name="apart", daemon=True)
    thread.start()
    end = worked() + seconds
    while True:
        try:
            found, error = ended.get(timeout=PAUSE)
            break
        except queue.Empty:
            look()
            if worked() > end:
                raise TimeoutError("it takes far too long") from None
    thread.join()
    if error is not None:
        raise error
    return found  # type: ignore[no-any-return]


_asked: ContextVar[Callable[[], bool] | None] = ContextVar("asked to stop", default=None)
_held: ContextVar[float] = ContextVar("seconds held", default=0.0)
