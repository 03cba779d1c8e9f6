"""The queue: runs are made in turn, unseen, go to the history, and give way to the window's own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from engine.language.prompts import format_prompt
from engine.language.tokenizers import Tokenizer
from engine.protocol import Generate, Tokens
from sedd_studio.background.keeper import Keeper
from sedd_studio.record.settings import Settings
from sedd_studio.session import queueing
from sedd_studio.session.queueing import Queued, alike
from sedd_studio.session.state import RunState
from sedd_studio.widgets.dialogs.several_dialog import SeveralDialog
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
    qtbot.waitUntil(window.panel("queue").isVisible)
    return window


def enqueue(window: MainWindow, *seeds: int) -> None:
    for seed in seeds:
        window.session.form.set(seed=seed)
        window.actions_by_name["enqueue"].trigger()


def lines(window: MainWindow) -> list[str]:
    rows = window.panel("queue").rows
    return [rows.index(row).data() for row in range(rows.rowCount())]


def seeds(engine: FakeEngine) -> list[int]:
    return [request.seed for request in engine.requests if isinstance(request, Generate)]


def test_queued_runs_are_made_in_turn_and_go_to_the_history(
    window: MainWindow, engine: FakeEngine, keeper: Keeper, qtbot: QtBot
) -> None:
    engine.hold_at = 3
    shown = window.session.view.document
    enqueue(window, 11, 12, 13)
    qtbot.waitUntil(lambda: window.panel("queue").progress.value() == 500)
    assert [line.rpartition(" · ")[0] for line in lines(window)] == [
        "now · seed 11 · 6 steps · tiny",
        "seed 12 · 6 steps · tiny",
        "seed 13 · 6 steps · tiny",
    ]
    engine.go.set()
    qtbot.waitUntil(lambda: not window.services.queue.items)
    assert seeds(engine) == [11, 12, 13]
    qtbot.waitUntil(lambda: [entry.seed for entry in listed_in(keeper)] == [13, 12, 11])
    assert all(entry.finished for entry in listed_in(keeper))
    assert window.session.view.document is shown
    assert window.session.runs.state is not RunState.RUNNING
    assert not window.panel("queue").progress.isVisible()


def test_they_can_be_moved_and_removed(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.hold_at = 3
    enqueue(window, 11, 12, 13, 14)
    panel = window.panel("queue")
    panel.list.setCurrentIndex(panel.rows.index(3))
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    QTest.mouseClick(panel.up, LEFT)
    assert [item.request.seed for item in window.services.queue.items] == [11, 14, 12, 13]
    assert panel.list.currentIndex().row() == 1
    panel.list.setCurrentIndex(panel.rows.index(3))
    assert not panel.down.isEnabled()
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    panel.list.setCurrentIndex(panel.rows.index(0))
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
    window.panel("queue").refresh()
    assert lines(window)[0].startswith("waits for other · ")


def test_the_same_run_queued_again_has_another_seed(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.hold_at = 3
    enqueue(window, 11, 11, 11, 12, 20)
    assert [item.request.seed for item in window.services.queue.items] == [11, 12, 13, 14, 20]
    window.session.editor.set_prompt("Another [4]")
    enqueue(window, 11)
    assert window.services.queue.items[-1].request.seed == 11
    drop_all(window, engine)


def dialog(window: MainWindow, qtbot: QtBot) -> SeveralDialog:
    QTest.mouseClick(window.panel("queue").several, LEFT)
    (found,) = window.findChildren(SeveralDialog)
    qtbot.waitUntil(found.isVisible)
    return found


def drop_all(window: MainWindow, engine: FakeEngine) -> None:
    queue = window.services.queue
    del queue.items[1:]
    queue.remove(queue.items[0])
    engine.go.set()


def typed(field: QLineEdit, text: str) -> None:
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(field, text)


def press_add(window: MainWindow, asked: SeveralDialog, qtbot: QtBot) -> None:
    QTest.mouseClick(asked.add, LEFT)
    qtbot.waitUntil(lambda: not window.findChildren(SeveralDialog))


def test_a_prompt_runs_over_a_range_of_seeds(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.hold_at = 3
    asked = dialog(window, qtbot)
    assert asked.summary.text() == "1 run."
    typed(asked.first.lineEdit(), "7")
    typed(asked.last.lineEdit(), "11")
    assert asked.summary.text() == "5 runs."
    press_add(window, asked, qtbot)
    assert [item.request.seed for item in window.services.queue.items] == [7, 8, 9, 10, 11]
    asked = dialog(window, qtbot)
    typed(asked.first.lineEdit(), "10")
    typed(asked.last.lineEdit(), "12")
    press_add(window, asked, qtbot)  # two of them wait already
    assert [item.request.seed for item in window.services.queue.items] == [7, 8, 9, 10, 11, 12]
    drop_all(window, engine)


def test_a_prompt_runs_over_a_grid_of_settings(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    window.session.runs.start()
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE)
    asked = dialog(window, qtbot)
    typed(asked.steps, "4, 8, 4")
    typed(asked.samplers, "tweedie, surest")
    typed(asked.temperatures, "0.8, 1")
    assert asked.summary.text().startswith("8 runs, about ")
    engine.hold_at = 3
    press_add(window, asked, qtbot)
    made = [
        (item.request.steps, item.request.sampler, item.request.temperature) for item in window.services.queue.items
    ]
    assert made == [(s, how, t) for s in (4, 8) for how in ("tweedie", "surest") for t in (0.8, 1.0)]
    assert {item.request.seed for item in window.services.queue.items} == {1}
    row = window.panel("queue").rows.index(1)
    assert "Tweedie" in row.data()
    assert row.data() in row.data(Qt.ItemDataRole.ToolTipRole)
    assert window.services.queue.items[1].prompt in row.data(Qt.ItemDataRole.ToolTipRole)
    drop_all(window, engine)


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("steps", ", ".join(map(str, range(1, 1002))), "1,001 runs, and 1,000 can be added at once"),
        ("steps", "4, many", "Steps must be a whole number"),
        ("samplers", "t", "more than one of: "),
        ("samplers", "dice", "none of: "),
        ("temperatures", "-1", "Temperature must be a number"),
    ],
)
def test_what_cannot_be_or_is_too_much_is_refused_in_a_sentence(
    field: str, text: str, said: str, window: MainWindow, qtbot: QtBot
) -> None:
    asked = dialog(window, qtbot)
    QApplication.clipboard().setText(text)
    line = getattr(asked, field)
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_V, CTRL)
    assert said in asked.summary.text()
    assert not asked.add.isEnabled()
    QTest.keyClick(asked, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(SeveralDialog))
    assert not window.services.queue.items


def test_a_long_queue_is_listed_once_and_not_at_every_step(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.hold_at = 2
    filled: list[int] = []
    fill = window.panel("queue")._fill

    def counted(items: list[Queued]) -> None:
        filled.append(len(items))
        fill(items)

    monkeypatch.setattr(window.panel("queue"), "_fill", counted)
    asked = dialog(window, qtbot)
    typed(asked.last.lineEdit(), "1000")
    press_add(window, asked, qtbot)
    assert window.panel("queue").rows.rowCount() == 1000
    qtbot.waitUntil(lambda: window.services.queue.making is not None and window.services.queue.making.share > 0)
    assert set(filled) == {1000}
    assert len(filled) <= 2  # when they came, and when the first was begun
    drop_all(window, engine)


def test_of_a_long_queue_what_is_seen_alone_is_put_into_words(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.hold_at = 2
    written: list[str] = []

    def counted(tokens: Tokens, tokenizer: Tokenizer) -> str:
        written.append("")
        return format_prompt(tokens, tokenizer)

    monkeypatch.setattr(queueing, "format_prompt", counted)
    asked = dialog(window, qtbot)
    typed(asked.last.lineEdit(), "1000")
    press_add(window, asked, qtbot)
    window.panel("queue").list.grab()
    assert 0 < len(written) < 100
    drop_all(window, engine)


def test_a_run_that_is_added_again_and_again_looks_once_for_a_seed(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.hold_at = 2
    asked = dialog(window, qtbot)
    typed(asked.last.lineEdit(), "1000")
    press_add(window, asked, qtbot)
    looked: list[int] = []

    def counted(one: Generate, other: Generate, but: str = "") -> bool:
        looked.append(one.seed)
        return alike(one, other, but)

    monkeypatch.setattr(queueing, "alike", counted)
    QTest.mouseClick(window.panel("queue").add, LEFT)
    assert window.services.queue.items[-1].request.seed == 1001
    assert len(looked) == 1000
    drop_all(window, engine)


@pytest.mark.parametrize("text", ["", "-"])
def test_a_seed_that_is_not_typed_yet_adds_nothing(text: str, window: MainWindow, qtbot: QtBot) -> None:
    asked = dialog(window, qtbot)
    assert asked.add.isEnabled()
    typed(asked.last.lineEdit(), "")
    QTest.keyClick(asked.last.lineEdit(), Qt.Key.Key_Backspace)
    QTest.keyClicks(asked.last.lineEdit(), text)
    assert not asked.add.isEnabled()
    assert "Last seed must be a number" in asked.summary.text()
    QTest.keyClick(asked, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(SeveralDialog))
