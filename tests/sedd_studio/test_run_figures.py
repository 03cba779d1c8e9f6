"""The timeline and the status line tell of the run on show, whichever the engine made last."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.runs.trajectory import Progress
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    """A finished run of 6 steps is on show."""
    window = window_of(make_session(engine), settings, qtbot)
    run(window, 6)
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE)
    return window


def run(window: MainWindow, steps: int) -> None:
    window.session.form.set(steps=steps)
    QTest.keyClick(window, Qt.Key.Key_Return, CTRL)


def undo_run(window: MainWindow, redo: bool = False) -> None:
    """Undoes a run, the number of its steps, and its prompt, or does all of it again."""
    for _ in range(3):
        QTest.keyClick(window, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier if redo else CTRL)


def progress(session: Session) -> Progress:
    """How far the run on show is."""
    assert session.view.run is not None
    return session.view.run.progress


def figures(window: MainWindow) -> tuple[str, str, str]:
    """What the timeline says of step and cost, and what the status line says."""
    timeline = window.timeline
    return timeline.step.text(), timeline.facts.toolTip().split("   ")[-1], window.status_line.text.text()


SIX = ("step 6 of 6", "6 calls · 0.1 s", "Finished: 6 steps, 6 network calls, 0.1 s")


def test_after_an_undo_the_figures_are_those_of_the_run_that_is_shown_again(window: MainWindow, qtbot: QtBot) -> None:
    assert figures(window) == SIX
    window.session.editor.set_prompt("The end. [5]")
    assert figures(window) == ("No run yet", "5 positions to fill", "Ready")
    run(window, 4)
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE and not window.session.playhead.playing)
    four = ("step 4 of 4", "4 calls · 0.0 s", "Finished: 4 steps, 4 network calls, 0.0 s")
    assert figures(window) == four
    undo_run(window)
    assert figures(window) == SIX
    undo_run(window, redo=True)
    assert figures(window) == four


def test_one_step_is_no_steps(window: MainWindow, qtbot: QtBot) -> None:
    window.session.editor.set_prompt("The end. [5]")
    run(window, 1)
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE and not window.session.playhead.playing)
    assert figures(window)[2] == "Finished: 1 step, 1 network call, 0.0 s"


def test_while_another_run_is_made_the_timeline_tells_of_the_run_on_show_and_the_status_line_of_that_one(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    session = window.session
    session.editor.set_prompt("The end. [5]")
    engine.hold_at = 2
    run(window, 4)
    qtbot.waitUntil(lambda: session.playhead.recorded == 2)
    assert figures(window)[1] == "almost done"  # the fake engine's steps take 0.05 s
    undo_run(window)
    assert figures(window)[:2] == SIX[:2]
    qtbot.waitUntil(lambda: figures(window)[2].startswith("Running: step 2 of 4"))
    session.playhead.set_speed(240.0)
    session.playhead.play()
    qtbot.waitUntil(lambda: session.playhead.step == 6)
    qtbot.waitUntil(lambda: not session.playhead.playing)  # nothing more of this run is to come
    engine.go.set()
    qtbot.waitUntil(lambda: session.runs.state is not RunState.RUNNING)
    assert figures(window) == SIX


def test_a_run_that_begins_unseen_leaves_the_playhead_of_the_run_on_show(scene: Scene) -> None:
    session = scene.session
    scene.run(8)
    scene.play(8)
    session.editor.set_prompt("Once upon a time [12]")
    session.runs.start()
    session.editor.undo_stack.undo()
    session.playhead.seek(5)
    scene.start()
    assert session.playhead.step == 5
    assert not session.playhead.playing
    assert progress(session).step == 8


def test_a_failed_run_is_no_longer_told_of_once_another_is_on_show(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    window.session.editor.set_prompt("The end. [5]")
    engine.fail_at = 2
    run(window, 4)
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.FAILED)
    assert "failed" in figures(window)[2]
    undo_run(window)
    assert figures(window) == SIX


def test_a_branch_counts_its_own_calls_and_time(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    session = window.session
    session.playhead.seek(4)
    engine.hold_at = 5
    session.runs.go_on()
    qtbot.waitUntil(lambda: session.playhead.recorded == 5)
    left = progress(session).seconds_left
    assert left == pytest.approx(0.05)  # one step took what the fake engine says: 0.05 s
    engine.go.set()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    assert progress(session).calls == 6
