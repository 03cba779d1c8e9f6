"""Work that takes long between two events can be stopped: it looks now and then whether it should go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Stopped(GeneratorExit):
    """Nobody waits for the work any more. It is no fault, and goes where a generator that is closed goes."""


@contextmanager
def stoppable(asked: Callable[[], bool]) -> Iterator[None]:
    """Within it work in this thread is stopped, by `Stopped`, at its first look after `asked` has become true."""
    token = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(token)


def look() -> None:
    """A moment at which the work can be stopped; a few every tenth of a second are enough. Costs next to nothing."""
    asked = _asked.get()
    if asked is not None and asked():
        raise Stopped


_asked: ContextVar[Callable[[], bool] | None] = ContextVar("asked to stop", default=None)
