"""What the engine has left is taken at a tick, for as long as a picture may take."""

from __future__ import annotations

from collections import deque

import pytest
from PySide6.QtCore import QObject

from engine.protocol import Cancelled, Event, LoadModel, Request
from sedd_studio.session.clock import Clock
from sedd_studio.session.engine_link import PART, EngineLink


class Left:
    """A runner that has left these events."""

    rests = False

    def __init__(self, *events: Event) -> None:
        self.events: deque[Event] = deque(events)

    def submit(self, request: Request) -> int:
        return 1

    ask = submit

    def take(self) -> list[Event]:
        taken = list(self.events)
        self.events.clear()
        return taken


@pytest.fixture
def parent(qapp: object) -> QObject:
    return QObject()


@pytest.mark.parametrize("seconds", [0.0, 2 * PART])
def test_events_are_taken_in_their_order_and_slow_ones_at_a_tick_each(
    parent: QObject, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = [0.0]
    monkeypatch.setattr("sedd_studio.session.engine_link.time.perf_counter", lambda: passed[0])
    events = [Cancelled(1) for _ in range(3)]
    clock = Clock(parent)
    link = EngineLink(Left(*events), clock, parent)  # type: ignore[arg-type]
    taken: list[Event] = []

    def take(event: Event) -> None:
        taken.append(event)
        passed[0] += seconds
        link.submit(LoadModel("", "cpu"), take)  # else what comes after an end would be dropped

    link.submit(LoadModel("", "cpu"), take)
    clock.tick()
    assert len(taken) == (1 if seconds else 3)
    clock.tick()
    clock.tick()
    assert all(one is other for one, other in zip(taken, events, strict=True))
    clock.stop()
