"""Whatever is done beside the window's thread gives way to it, and by as much as anything else."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from pytestqt.qtbot import QtBot

from sedd_studio.background.jobs import Jobs
from sedd_studio.background.keeper import Keeper
from sedd_studio.background.reader import Reader
from sedd_studio.background.standing_back import (
    BETWEEN,
    FRAME,
    LONGEST,
    NICENESS,
    SLICE,
    TELLS,
    GivingWay,
    stand_back,
    window_clock,
)

EXPECTED = NICENESS if sys.platform == "linux" else 0


def niceness() -> int:
    """That of this thread, or process."""
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id() if sys.platform == "linux" else 0)


@pytest.fixture
def expected() -> int:
    """That of a thread which gives way to this one; there is none beyond 19."""
    return min(19, niceness() + EXPECTED)


def test_what_reads_files_gives_way(qtbot: QtBot, expected: int) -> None:
    reader, found = Reader(), list[int]()
    reader.read(niceness, found.append)
    qtbot.waitUntil(lambda: bool(found))
    reader.close()
    assert found == [expected]


def test_what_writes_a_film_gives_way(qtbot: QtBot, expected: int) -> None:
    jobs, found = Jobs(), list[int]()

    def work() -> Iterator[float]:
        found.append(niceness())
        yield 1.0

    jobs.start("A film", work)
    qtbot.waitUntil(lambda: jobs.current is None)
    jobs.close()
    assert found == [expected]


def test_what_writes_the_history_gives_way(keeper: Keeper, qtbot: QtBot, expected: int) -> None:
    found: list[int] = []
    keeper.do(lambda history: found.append(niceness()))
    qtbot.waitUntil(lambda: bool(found))
    assert found == [expected]


def test_where_a_sandbox_lets_nobody_give_way_the_work_is_done_all_the_same(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setpriority", refuse, raising=False)
    jobs, done = Jobs(), list[bool]()

    def work() -> Iterator[float]:
        done.append(True)
        yield 1.0

    with closing(jobs):
        jobs.start("A film", work)
        qtbot.waitUntil(lambda: jobs.current is None)
    with ThreadPoolExecutor(1, initializer=stand_back) as writer:
        assert writer.submit(int).result() == 0
    assert done == [True]


class Machine:
    """A clock, and a window's thread that computes until `ends`, for a `share` of the time."""

    def __init__(self, ends: float, share: float = 1.0) -> None:
        self.now = self.slept = 0.0
        self.ends, self.share = ends, share

    def computed(self) -> float:
        return self.share * min(self.now, self.ends)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds

    def work(self, giving_way: GivingWay, seconds: float, looks_after: float = 0.001) -> bool:
        """Work that looks after so many seconds; whether one of the looks said that it is to end."""
        end = self.now + seconds
        while self.now < end:
            self.now += looks_after
            if giving_way():
                return True
        return False


def giving_way(machine: Machine, asked: Callable[[], bool] = lambda: False) -> GivingWay:
    return GivingWay(asked, machine.computed, lambda: machine.now, machine.sleep)


@pytest.mark.parametrize(("ends", "share"), [(0.0, 1.0), (10.0, 0.1), (FRAME - SLICE, 1.0)])
def test_work_goes_on_while_the_window_rests_or_draws_a_picture(ends: float, share: float) -> None:
    machine = Machine(ends, share)
    assert not machine.work(giving_way(machine), 0.5)
    assert machine.slept == 0


@pytest.mark.parametrize("share", [1.0, 0.4])
def test_work_waits_until_the_window_has_done_something_long(share: float) -> None:
    machine = Machine(0.08, share)
    assert not machine.work(giving_way(machine), 0.02 + FRAME / share)
    assert machine.now >= 0.08
    before = machine.slept
    assert before > 0.04
    assert not machine.work(giving_way(machine), 0.5)
    assert machine.slept <= before + SLICE


def test_work_that_seldom_looks_goes_on() -> None:
    """In so long a time the window may have drawn several pictures, and rested between them."""
    machine = Machine(10.0, 0.5)
    assert not machine.work(giving_way(machine), 0.5, looks_after=2 * TELLS)
    assert machine.slept == 0


def test_work_goes_on_now_and_then_while_the_window_never_rests() -> None:
    machine = Machine(100.0)
    work = giving_way(machine)
    waits = []
    while machine.now < 10:
        before = machine.slept
        machine.work(work, 0.001)
        waits.append(machine.slept - before)
    assert LONGEST <= max(waits) < LONGEST + 2 * SLICE
    assert 0.001 * len(waits) > 10 * 0.5 * BETWEEN / LONGEST


def test_work_that_is_to_end_does_not_wait() -> None:
    machine = Machine(10.0)
    assert machine.work(giving_way(machine, lambda: machine.now > 0.03), 1.0)
    assert machine.now < 0.04


def test_the_time_of_the_window_is_what_its_thread_computes() -> None:
    told: list[float] = []
    beside = threading.Thread(target=lambda: told.append(window_clock()()))
    before = time.thread_time()
    beside.start()
    beside.join()
    assert not told[0] or before <= told[0] <= time.thread_time()  # nothing where the system does not tell
    assert bool(told[0]) == (sys.platform == "linux")
