"""Threads that cannot change a result.

A matrix library that is given several threads may part the inner dimension of a product among them, and rounds
otherwise for each number of threads; which shapes it does that to differs from processor to processor. Elementwise
functions are not safe either: the last few numbers of a thread's share take another path than the rest. So nothing here
is computed on more than one thread of the libraries. What threads there are take whole parts of a sequence instead, and
how it is cut into parts depends on its length alone.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import TypeVar

import torch

LONGEST = 128
"""Positions in one part: with fewer, packing the weights anew for each part begins to cost."""
SHORTEST = 32

Part = TypeVar("Part")
Result = TypeVar("Result")


class Lanes:
    """As many threads as torch has when they are made, each with parts of the work; `with` ends them.

    While one run has them open, no other thread of the process should change torch's number of threads.
    """

    def __init__(self) -> None:
        self._threads = torch.get_num_threads()
        self._helpers = ThreadPoolExecutor(self._threads - 1, "lane") if self._threads > 1 else None

    def __enter__(self) -> Lanes:
        return self

    def __exit__(self, *error: object) -> None:
        if self._helpers is not None:
            self._helpers.shutdown()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Within it torch computes on one thread, and the parts of a network call are shared out.

        Not to be held around a `yield`: it would hold for whoever takes what is yielded.
        """
        token = _open.set(self)
        try:
            with one_thread():
                yield
        finally:
            _open.reset(token)

    def map(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        """`work` of each part, in their order; without gradients. What one raises is raised. Within it nothing is
        parted again, on whichever thread it is."""
        token = _open.set(None)
        try:
            return self._mapped(work, parts)
        finally:
            _open.reset(token)

    def _mapped(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        if self._helpers is None or len(parts) == 1:
            return [work(part) for part in parts]
        results: dict[int, Result] = {}
        turns = itertools.count()

        here = processor()

        @torch.no_grad()
        def take(lane: int) -> None:
            if lane > 0 and processor() == here:
                move_on(lane)
            if torch.get_num_threads() != 1:
                torch.set_num_threads(1)
            while (turn := next(turns)) < len(parts):
                results[turn] = work(parts[turn])

        helpers = [self._helpers.submit(take, lane) for lane in range(1, min(self._threads, len(parts)))]
        try:
            take(0)
        finally:
            for helper in helpers:
                helper.result()
        return [results[turn] for turn in range(len(parts))]


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@contextmanager
def shared(device: torch.device) -> Iterator[None]:
    """Within it a single question to a network on a CPU is shared out, too. Threads of the libraries wait for each
    other in every product: where the machine is busy an answer takes up to twice as long."""
    with Lanes() as lanes, lanes.open() if device.type == "cpu" else nullcontext():
        yield


_open: ContextVar[Lanes | None] = ContextVar("open lanes", default=None)


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it torch and the matrix libraries compute on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def processor() -> int | None:
    """The processor that this thread is on; None where the system does not tell."""
    return int(_libc.sched_getcpu()) if _libc else None


def move_on(by: int) -> None:
    """Moves this thread on by so many processors of those that it may use. It is free to leave again.

    Linux tends to leave threads on one processor, though another idles, if they wake each other as often as lanes do:
    then two lanes are as slow as one. Once apart they mostly stay apart. Where moving is forbidden, it stays.
    """
    if sys.platform == "linux":
        allowed = sorted(os.sched_getaffinity(0))
        here = processor() or 0
        place = sum(other < here for other in allowed)
        with suppress(OSError):
            os.sched_setaffinity(0, {allowed[(place + by) % len(allowed)]})
            os.sched_setaffinity(0, allowed)


def parts(length: int) -> list[slice]:
    """The parts of so many positions: all at once where no lanes are open, else nearly equal ones."""
    if _open.get() is None or length < 2 * SHORTEST:
        return [slice(0, length)]
    count = max(2, -(-length // LONGEST))
    edges = [8 * round(length * number / count / 8) for number in range(count)] + [length]  # kernels like whole eights
    return [slice(start, stop) for start, stop in itertools.pairwise(edges)]


def pieces(count: int, size: int, most: int) -> list[slice]:
    """So many rows of a size in `parts` or, where no lanes are open, in ones of at most `most` numbers."""
    if _open.get() is not None:
        return parts(count)
    rows = max(1, most // size)
    return [slice(start, min(start + rows, count)) for start in range(0, count, rows)]


def share(work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
    """`work` of each part, in their order, on the lanes that are open."""
    lanes = _open.get()
    return [work(part) for part in parts] if lanes is None else lanes.map(work, parts)
