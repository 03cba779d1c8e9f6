"""What waits in the queue is kept with the session, and waits again at the next start until it is wished for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.protocol import Generate
from sedd_studio.background.keeper import Keeper
from sedd_studio.record.history import LeftOver
from sedd_studio.record.schema import MOST_PROMPTS, MOST_QUEUED
from sedd_studio.record.settings import Settings
from sedd_studio.session.queue_keeping import queue_state, read_queue
from sedd_studio.session.queueing import Queued, alike
from sedd_studio.session.recovery import bring_back, read_left, state_of
from sedd_studio.session.several_runs import Several
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.recording import settled
from tests.sedd_studio.windows import left_in, listed_in, read, window_of

LEFT = Qt.MouseButton.LeftButton


def window_on(engine: FakeEngine, make_session: MakeSession, keeper: Keeper, qtbot: QtBot, name: str) -> MainWindow:
    settings = Settings(keeper.path.with_name(f"{name}.json"))
    window = window_of(make_session(engine), settings, qtbot, keeper)
    window.show_panel("queue")
    return window


def lines(window: MainWindow) -> list[str]:
    rows = window.panel("queue").rows
    return [rows.index(row).data() for row in range(rows.rowCount())]


def waiting(window: MainWindow) -> list[Queued]:
    """Runs of two prompts, one with soft locks and numbers of its own."""
    session, queue = window.session, window.services.queue
    session.form.set(steps=6, seed=1, temperature=0.8, banned="sad", sampler="trapezoidal", options={"theta": 0.4})
    session.editor.set_prompt("Once [9] star fell.")
    session.editor.limit(2, 4, "a, the")
    window.actions_by_name["enqueue"].trigger()
    queue.add_several(Several((11, 13), samplers="tweedie, surest", temperatures="0.5, 1"))
    session.editor.set_prompt("The end. [5]")
    session.form.set(seed=3, samples=2)
    window.actions_by_name["enqueue"].trigger()
    return list(queue.items)


def test_runs_that_wait_come_back_and_wait_until_they_are_wished_for(
    make_session: MakeSession, keeper: Keeper, qtbot: QtBot
) -> None:
    engine = FakeEngine(hold_at=2)
    window = window_on(engine, make_session, keeper, qtbot, "one")
    recorder = window.services.record()
    items = waiting(window)
    qtbot.waitUntil(lambda: window.services.queue.making is not None)
    recorder.finish(keeps=True, closed=True)
    settled(keeper)
    left = left_in(keeper)
    assert left is not None
    while window.services.queue.items:
        window.services.queue.remove(window.services.queue.items[-1])
    engine.go.set()

    other = FakeEngine()
    again = window_on(other, make_session, keeper, qtbot, "two")
    bring_back(again.session, again.services.queue, left)
    read(again.session)
    queue = again.services.queue
    assert all(alike(one.request, two.request) for one, two in zip(items, queue.items, strict=True))
    assert [item.prompt for item in queue.items] == [item.prompt for item in items]
    assert again.status_line.text.text().startswith("14 runs in the queue")
    again.session.runs.start()
    qtbot.waitUntil(lambda: again.session.playhead.recorded > 0 and not again.session.runs.running)
    again.session.form.set(seed=99)
    again.actions_by_name["enqueue"].trigger()
    qtbot.waitUntil(lambda: len(queue.items) == 14)  # what is added from now on is made
    assert sum(isinstance(request, Generate) for request in other.requests) == 2
    assert all(line.startswith("from before · seed ") for line in lines(again))
    QTest.mouseClick(again.panel("queue").go_on, LEFT)
    assert not again.panel("queue").go_on.isEnabled()
    qtbot.waitUntil(lambda: not queue.items)
    qtbot.waitUntil(lambda: len(listed_in(keeper)) == 15)


def test_the_queue_is_kept_when_other_runs_wait_and_not_at_every_step(
    make_session: MakeSession, keeper: Keeper, qtbot: QtBot
) -> None:
    engine = FakeEngine(hold_at=2)
    window = window_on(engine, make_session, keeper, qtbot, "one")
    recorder = window.services.record()
    window.actions_by_name["enqueue"].trigger()
    recorder.remember()
    keeper.do(lambda history: history.remember_state({"marked": True}))
    qtbot.waitUntil(lambda: window.services.queue.making is not None and window.services.queue.making.share > 0)
    recorder.remember()
    settled(keeper)
    left = left_in(keeper)
    assert left is not None
    assert "marked" in left.state
    window.services.queue.remove(window.services.queue.items[0])
    recorder.remember()
    settled(keeper)
    left = left_in(keeper)
    assert left is not None
    assert left.state["queue"] == []
    engine.go.set()
    recorder.finish()


@pytest.fixture
def kept(make_session: MakeSession, keeper: Keeper, qtbot: QtBot) -> list[Any]:
    """What is kept of a queue, as it is read again."""
    engine = FakeEngine(hold_at=2)
    window = window_on(engine, make_session, keeper, qtbot, "one")
    found = json.loads(json.dumps(queue_state(waiting(window))))
    while window.services.queue.items:
        window.services.queue.remove(window.services.queue.items[-1])
    engine.go.set()
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    "damage",
    [
        {"tokens": [100_000]},
        {"tokens": []},
        {"tokens": [1] * 60_000},
        {"limits": [[0, 4, ["a"]], [1, 3, ["b"]]]},
        {"limits": [[0, 2, [100_000]]]},
        {"prompt": 3},
        {"model": {}},
        {"model": None},
        {"form": {"steps": "many"}},
        {"runs": [{"steps": -1}]},
        {"runs": [{"options": {"theta": "x"}}]},
        {"runs": [{"sampler": "trapezoidal", "options": {"theta": 1e9}}]},
        {"runs": [{"seed": [1]}]},
        {"runs": []},
        {"runs": None},
    ],
)
def test_of_runs_that_waited_the_damaged_ones_alone_are_left_out(damage: dict[str, object], kept: list[Any]) -> None:
    assert len(read_queue(kept)) == 14
    assert len(read_queue([kept[1] | damage, 3, None, *kept[1:]])) == 13
    assert len(read_queue([kept[0], kept[1] | damage, kept[2]])) == 2
    assert read_queue({"a": kept}) == read_queue(None) == []


def test_a_session_of_an_earlier_version_opens_with_an_empty_queue(make_session: MakeSession) -> None:
    session = make_session(FakeEngine())
    state = state_of(session)
    del state["queue"]
    assert read_left(LeftOver(state, None)).queue == []


def test_no_more_runs_are_kept_than_can_be_read_again(kept: list[Any]) -> None:
    item = read_queue(kept)[0]
    prompts = [Queued(replace(item.request, tokens=item.request.tokens.copy()), item.info, "") for _ in range(600)]
    assert len(read_queue(queue_state(prompts))) == MOST_PROMPTS
    state = queue_state(replace(item, request=replace(item.request, seed=seed)) for seed in range(MOST_QUEUED + 7))
    assert len(state) == 1
    assert [one.request.seed for one in read_queue(state)] == list(range(MOST_QUEUED))
    assert len(json.dumps(state)) < 2**20
