"""What the engine has left is taken at a tick, for as long as a picture may take."""

from __future__ import annotations

from collections import deque

import pytest
from PySide6.QtCore import QObject

from engine.protocol import Cancelled, Event, LoadModel, ModelLoaded, Request
from sedd_studio.session.clock import Clock
from sedd_studio.session.engine_link import LATER, PART, EngineLink
from sedd_studio.turns import Turns
from tests.sedd_studio.fake_engine import INFO, TOKENIZER


class Left:
    """A runner that has left these events."""

    rests = False
    number = 1

    def __init__(self, *events: Event) -> None:
        self.events: deque[Event] = deque(events)

    def submit(self, request: Request) -> int:
        return self.number

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


@pytest.mark.parametrize("crowded", [True, False])
def test_a_model_waits_for_a_turn_with_room_and_what_came_before_it_does_not(
    parent: QObject, crowded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Turns, "crowded", crowded)
    first, model = Cancelled(1), ModelLoaded(2, INFO, TOKENIZER)
    clock = Clock(parent)
    runner = Left(first, model)
    link = EngineLink(runner, clock, parent)  # type: ignore[arg-type]
    taken: list[Event] = []
    link.submit(LoadModel("", "cpu"), taken.append)
    runner.number = 2
    link.submit(LoadModel("", "cpu"), taken.append)
    for tick in range(LATER + 1):
        assert taken == ([first, model] if tick and not crowded else [first] if tick else [])
        clock.tick()
    assert taken == [first, model]
