"""The queue: runs are made in turn, unseen, go to the history, and give way to the window's own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.protocol import Generate
from sedd_studio.background.keeper import Keeper
from sedd_studio.record.settings import Settings
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import listed_in, window_of

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> MainWindow:
    session = make_session(engine)
    session.form.set(steps=6, seed=1)
    window = window_of(session, settings, qtbot, keeper)
    QTest.keyClick(window, Qt.Key.Key_U, CTRL)
    qtbot.waitUntil(window.queue_panel.isVisible)
    return window


def enqueue(window: MainWindow, *seeds: int) -> None:
    for seed in seeds:
        window.session.form.set(seed=seed)
        window.actions_by_name["enqueue"].trigger()


def lines(window: MainWindow) -> list[str]:
    panel = window.queue_panel.list
    return [panel.item(row).text() for row in range(panel.count())]


def seeds(engine: FakeEngine) -> list[int]:
    return [request.seed for request in engine.requests if isinstance(request, Generate)]


def test_queued_runs_are_made_in_turn_and_go_to_the_history(
    window: MainWindow, engine: FakeEngine, keeper: Keeper, qtbot: QtBot
) -> None:
    engine.hold_at = 3
    shown = window.session.view.document
    enqueue(window, 11, 12, 13)
    qtbot.waitUntil(lambda: window.queue_panel.progress.value() == 500)
    assert [line.split(" · ")[:4] for line in lines(window)] == [
        ["now", "tiny", "6 steps", "seed 11"],
        ["tiny", "6 steps", "seed 12", lines(window)[1].split(" · ")[3]],
        ["tiny", "6 steps", "seed 13", lines(window)[2].split(" · ")[3]],
    ]
    engine.go.set()
    qtbot.waitUntil(lambda: not window.services.queue.items)
    assert seeds(engine) == [11, 12, 13]
    qtbot.waitUntil(lambda: [entry.seed for entry in listed_in(keeper)] == [13, 12, 11])
    assert all(entry.finished for entry in listed_in(keeper))
    assert window.session.view.document is shown
    assert window.session.runs.state is not RunState.RUNNING
    assert not window.queue_panel.progress.isVisible()


def test_they_can_be_moved_and_removed(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.hold_at = 3
    enqueue(window, 11, 12, 13, 14)
    panel = window.queue_panel
    panel.list.setCurrentRow(3)
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    QTest.mouseClick(panel.up, LEFT)
    assert [item.request.seed for item in window.services.queue.items] == [11, 14, 12, 13]
    assert panel.list.currentRow() == 1
    panel.list.setCurrentRow(3)
    assert not panel.down.isEnabled()
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    panel.list.setCurrentRow(0)
    qtbot.waitUntil(lambda: window.services.queue.making is not None and window.services.queue.making.share == 0.5)
    QTest.mouseClick(panel.remove, LEFT)  # the one that is being made
    engine.hold_at = None
    engine.go.set()
    qtbot.waitUntil(lambda: not window.services.queue.items)
    assert seeds(engine) == [11, 14, 12]


def test_a_run_of_the_window_goes_first_and_the_interrupted_one_is_made_afterwards(
    window: MainWindow, engine: FakeEngine, keeper: Keeper, qtbot: QtBot
) -> None:
    engine.hold_at = 3
    enqueue(window, 11)
    qtbot.waitUntil(lambda: window.services.queue.making is not None and window.services.queue.making.share == 0.5)
    window.session.form.set(seed=5)
    window.session.runs.start()
    engine.hold_at = None
    engine.go.set()
    qtbot.waitUntil(lambda: not window.services.queue.items)
    assert seeds(engine) == [11, 5, 11]
    qtbot.waitUntil(lambda: [entry.seed for entry in listed_in(keeper)] == [11])  # no recorder runs here


def test_a_run_of_another_model_waits_for_it(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.hold_at = 3
    enqueue(window, 11, 12)
    qtbot.waitUntil(lambda: window.services.queue.making is not None and window.services.queue.making.share == 0.5)
    waiting = window.services.queue.items[1]
    waiting.info = replace(waiting.info, name="other")
    engine.go.set()
    qtbot.waitUntil(lambda: len(window.services.queue.items) == 1 and window.services.queue.making is None)
    window.queue_panel.refresh()
    assert lines(window)[0].startswith("waits for other · ")


def test_the_same_run_queued_again_has_another_seed(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.hold_at = 3
    enqueue(window, 11, 11, 11, 12, 20)
    assert [item.request.seed for item in window.services.queue.items] == [11, 12, 13, 14, 20]
    window.session.editor.set_prompt("Another [4]")
    enqueue(window, 11)
    assert window.services.queue.items[-1].request.seed == 11
