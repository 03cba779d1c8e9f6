"""Reference cycles are taken apart in the window's thread, and only there."""

from __future__ import annotations

import gc
import threading

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from sedd_studio.background.collector import LONGEST, Collector
from sedd_studio.background.runner import torch_engine


class Cycle:
    """Holds itself; notes the thread in which it ends."""

    def __init__(self, ended: list[str]) -> None:
        self.own, self.ended = self, ended

    def __del__(self) -> None:
        self.ended.append(threading.current_thread().name)


def test_what_another_thread_fills_is_collected_in_this_one(qtbot: QtBot) -> None:
    parent, ended = QObject(), list[str]()
    collector = Collector(parent)

    def work() -> None:
        for _ in range(3 * gc.get_threshold()[0]):
            Cycle(ended)

    def fill() -> None:
        thread = threading.Thread(target=work, name="worker")
        thread.start()
        thread.join()

    def has_ended() -> bool:
        """Fills again: what earlier tests left is deleted meanwhile, and is taken off the count of what is new."""
        fill()
        return len(ended) > 0

    fill()
    assert ended == []
    qtbot.waitUntil(has_ended)
    assert set(ended) == {threading.current_thread().name}
    collector.close()
    assert gc.isenabled()
    gc.collect()


def test_without_anything_to_collect_nothing_is_done() -> None:
    collector = Collector()
    gc.collect()
    assert collector.look() == 0
    collector.close()


def test_everything_is_looked_at_only_when_it_has_grown_or_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [1000.0]
    monkeypatch.setattr("sedd_studio.background.collector.time.monotonic", lambda: seconds[0])

    def full() -> int:
        return int(gc.get_stats()[2]["collections"])

    limits = gc.get_threshold()
    collector = Collector()
    kept: list[list[int]] = [[] for _ in range(10_000)]
    try:
        gc.set_threshold(1, 1, 1)
        for _ in range(20):
            kept += [[] for _ in range(9)]
            collector.look()
        before = full()
        for _ in range(20):
            kept += [[] for _ in range(9)]
            collector.look()
        assert full() == before
        kept += [[] for _ in range(len(gc.get_objects()))]
        for _ in range(20):
            kept += [[] for _ in range(9)]
            collector.look()
        assert full() == before + 1
        seconds[0] += 2 * LONGEST
        for _ in range(20):
            kept += [[] for _ in range(9)]
            collector.look()
        assert full() == before + 2
    finally:
        gc.set_threshold(*limits)
        collector.close()


def test_a_collection_does_not_look_at_what_the_engine_brings() -> None:
    try:
        torch_engine()
        import torch

        looked_at = {id(thing) for thing in gc.get_objects()}
        assert id(torch.__dict__) not in looked_at
        assert id(torch.nn.Linear) not in looked_at
    finally:
        gc.unfreeze()
