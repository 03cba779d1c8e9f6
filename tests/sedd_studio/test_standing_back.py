"""Whatever is done beside the window's thread gives way to it, and by as much as anything else."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from pytestqt.qtbot import QtBot

from sedd_studio.background.jobs import Jobs
from sedd_studio.background.keeper import Keeper
from sedd_studio.background.reader import Reader
from sedd_studio.background.standing_back import NICENESS, stand_back

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
