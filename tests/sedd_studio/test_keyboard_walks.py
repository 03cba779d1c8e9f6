"""Five walks through the window by keyboard alone: every key goes to what has the focus, as a person's does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from engine.protocol import Score
from sedd_studio.background.keeper import Keeper
from sedd_studio.record.settings import Settings
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.recording import Record, record, settled
from tests.sedd_studio.windows import listed_in, read, window_of

__all__ = ["record"]

Key = Qt.Key
NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
MOST = 150
"""Controls of a page, at most."""


@pytest.fixture
def window(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, keeper: Keeper, record: Record, qtbot: QtBot
) -> MainWindow:
    """As it starts: a prompt, a model and no run."""
    session = make_session(engine)
    window = window_of(session, settings, qtbot, keeper)
    record(session)
    return window


def focused() -> QWidget:
    control = QApplication.focusWidget()
    assert control is not None
    return control


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE, times: int = 1) -> None:
    for _ in range(times):
        QTest.keyClick(QApplication.activePopupWidget() or focused(), key, modifiers)
        QApplication.processEvents()


def write(text: str) -> None:
    QTest.keyClicks(focused(), text)
    QApplication.processEvents()


def called(control: QWidget) -> str:
    """What a reader of the screen says of it."""
    return control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")


def tab_to(name: str, key: Qt.Key = Key.Key_Tab) -> None:
    """Goes on to the control of that name, of which "…" stands for an end that may be another."""
    passed: list[str] = []
    while called(focused()) != name and not (name.endswith("…") and called(focused()).startswith(name[:-1])):
        passed.append(called(focused()))
        assert len(passed) < MOST, f"Tab does not lead to “{name}” but to {passed}"
        press(key)


def ended(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE and not session.playhead.playing)
    QApplication.processEvents()


def right_until(found: Callable[[], bool]) -> None:
    for _ in range(MOST):
        if found():
            return
        press(Key.Key_Right)
    raise AssertionError("the right arrow does not lead there")


# ---- first run


@pytest.mark.parametrize("start", ["Space", "Enter", "Ctrl+Enter"])
def test_first_run(start: str, window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    session, engine.hold_at = window.session, 3
    tab_to("Steps")
    press(Key.Key_A, CTRL)
    write("8")
    if start == "Ctrl+Enter":
        press(Key.Key_Return, CTRL)
    else:
        tab_to("Run: fill…")
        press(Key.Key_Space if start == "Space" else Key.Key_Return)
    qtbot.waitUntil(lambda: session.playhead.recorded == 3)
    assert session.playhead.step == 3
    tab_to("Pause")
    press(Key.Key_Space)
    assert session.runs.paused
    assert called(focused()) == "Go on"
    engine.go.set()
    press(Key.Key_Space)
    ended(window, qtbot)
    assert session.playhead.recorded == 8
    assert window.canvas.hasFocus()  # there is nothing to pause any more
    tab_to("Timeline")
    press(Key.Key_Home)
    assert session.playhead.step == 0
    press(Key.Key_Right, times=2)
    assert session.playhead.step == 2
    tab_to("Step", Key.Key_Backtab)
    press(Key.Key_Space, times=2)
    assert session.playhead.step == 4
    press(Key.Key_Home, CTRL)
    tab_to("Play")
    press(Key.Key_Space)
    assert session.playhead.playing


# ---- lock and redraw


def test_lock_and_redraw(window: MainWindow, qtbot: QtBot) -> None:
    session, view = window.session, window.session.view
    press(Key.Key_Return, CTRL)
    ended(window, qtbot)
    before = view.document
    tab_to("Token canvas")
    press(Key.Key_Home)
    right_until(lambda: not before.locked[slice(*window.canvas.caret.run)].all())
    press(Key.Key_Right, SHIFT)
    assert view.selection is not None
    one, other = view.selection
    press(Key.Key_L, CTRL)
    assert view.document.locked[one:other].all()
    kept = view.canvas().tokens[one:other].copy()
    press(Key.Key_Right)
    press(Key.Key_Right, SHIFT)
    assert view.selection is not None
    drawn = np.arange(*view.selection)
    drawn = drawn[~view.document.locked[drawn]]
    old = view.canvas().tokens[drawn].copy()
    press(Key.Key_Tab)
    assert called(focused()) == "Lock"
    press(Key.Key_Tab)
    assert called(focused()) == "Redraw"
    press(Key.Key_Return)
    ended(window, qtbot)
    np.testing.assert_array_equal(view.canvas().tokens[one:other], kept)
    assert (view.canvas().tokens[drawn] != old).all()
    press(Key.Key_Z, CTRL)
    np.testing.assert_array_equal(view.canvas().tokens[drawn], old)
    press(Key.Key_Z, CTRL)
    np.testing.assert_array_equal(view.document.locked, before.locked)
    assert session.playhead.recorded > 0


# ---- score and rank


def test_score_and_rank(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    session, services = window.session, window.services
    press(Key.Key_Return, CTRL)
    ended(window, qtbot)
    press(Key.Key_K, CTRL)
    assert called(focused()) == "Score this text"
    press(Key.Key_Return)
    qtbot.waitUntil(lambda: not services.scorer.scoring and bool(services.scorer.points))
    assert window.panel("likelihood").values["nats_per_token"].text().startswith("<= 2.000")
    assert window.panel("likelihood").isAncestorOf(focused())
    tab_to("Samples")
    press(Key.Key_Up, times=3)
    press(Key.Key_Return, CTRL)
    ended(window, qtbot)
    costs = iter((2.3, 2.1, 1.9, 2.2))
    engine.nats_of = lambda request: next(costs)
    tab_to("Rank samples")
    press(Key.Key_Space)
    qtbot.waitUntil(lambda: services.ranking.queue.done == 4)
    tab_to("Samples of the run", Key.Key_Backtab)
    press(Key.Key_Home)
    right_until(lambda: "number 1 of" in window.samples.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole))
    assert session.playhead.sample == 2
    press(Key.Key_S)
    assert "kept" in window.samples.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)
    assert sum(isinstance(request, Score) for request in engine.requests) == 5


# ---- compare and export


def choose_the_third() -> None:
    """In the menu that is open."""
    press(Key.Key_Down, times=3)
    press(Key.Key_Return)


def test_compare_and_export(window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    comparison, table = window.services.comparison, tmp_path / "table.csv"
    comparison.choice.judge = "judge"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(table), "Table (*.csv)"))
    press(Key.Key_2, CTRL)
    tab_to("Take out 256")
    press(Key.Key_Delete)
    tab_to("Add another budget to compare")
    QTimer.singleShot(0, choose_the_third)  # the menu keeps the keys until it is closed
    press(Key.Key_Return)
    assert comparison.choice.chosen.steps == (4, 8, 16, 64)
    tab_to("Compare", Key.Key_Backtab)
    press(Key.Key_Return)
    qtbot.waitUntil(lambda: bool(comparison.panes) and not comparison.busy)
    tab_to("Noise level…")
    press(Key.Key_Home)
    assert comparison.position == 0
    press(Key.Key_End)
    tab_to("Table …")
    press(Key.Key_Return)
    qtbot.waitUntil(table.exists)
    tab_to("Open 8 steps…", Key.Key_Backtab)
    press(Key.Key_Space)
    assert window.places.page == "studio"
    assert window.session.view.run is comparison.panes[1].run


# ---- open and branch


def test_open_and_branch(window: MainWindow, keeper: Keeper, qtbot: QtBot) -> None:
    session, seeds = window.session, set[int]()
    for _ in range(2):
        press(Key.Key_D, CTRL)
        seeds.add(session.form.now.seed)
        press(Key.Key_Return, CTRL)
        ended(window, qtbot)
    settled(keeper)
    press(Key.Key_4, CTRL)
    qtbot.waitUntil(lambda: len(window.panel("history").runs.rows) == 2)
    assert called(focused()) == "Search the history"
    tab_to("Runs")
    press(Key.Key_Down)
    oldest = window.panel("history").runs.rows[1]
    press(Key.Key_Return)
    read(session)
    assert window.places.page == "studio"
    assert session.form.now.seed == oldest.seed
    ended(window, qtbot)
    tab_to("Timeline")
    press(Key.Key_Left, times=3)
    step = session.playhead.step
    assert step == session.playhead.recorded - 3
    tab_to("Token canvas")
    press(Key.Key_Home)
    locked = session.view.document.locked
    right_until(lambda: not locked[slice(*window.canvas.caret.run)].all())
    press(Key.Key_L)
    tab_to("Go on from this step…")
    press(Key.Key_Return)
    ended(window, qtbot)
    assert window.canvas.hasFocus()
    settled(keeper)
    press(Key.Key_H, CTRL)
    qtbot.waitUntil(lambda: len(window.panel("history").runs.rows) == 3)
    tab_to("Runs")
    press(Key.Key_Home)
    runs = window.panel("history").runs
    branches = [entry for number, entry in enumerate(runs.rows) if runs.index(number).data(runs.DEPTH) == 1]
    assert [entry.change.split(",")[0] for entry in branches] == [f"from step {step}"]
    assert "locks added" in branches[0].change
    assert len(listed_in(keeper)) == 3
