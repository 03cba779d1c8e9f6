"""What each stop of the guided tour waits for, done as a user does it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.protocol import FREE
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.windows import press

LEFT = Qt.MouseButton.LeftButton
Key = Qt.Key


def go_to(window: MainWindow, found: Callable[[slice], bool]) -> None:
    """Goes along the text, by keys, to the first word of which something holds."""
    window.canvas.setFocus()
    press(Key.Key_Home)
    for _ in range(100):
        if found(slice(*window.canvas.caret.run)):
            return
        press(Key.Key_Right)
    raise AssertionError("there is no such word")


def write(window: MainWindow, qtbot: QtBot) -> None:
    tokens = window.session.view.canvas().tokens
    go_to(window, lambda word: bool((tokens[word] == FREE).all()))
    QTest.keyClicks(window.canvas, "f")
    assert window.canvas.line.editor is not None
    QTest.keyClicks(window.canvas.line.editor, "ox")
    press(Key.Key_Return)


def run(window: MainWindow, qtbot: QtBot) -> None:
    QTest.mouseClick(window.top_bar.run_button, LEFT)
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE)


def lock(window: MainWindow, qtbot: QtBot) -> None:
    locked = window.session.view.document.locked
    go_to(window, lambda word: not locked[word].all())
    press(Key.Key_L)


def scrub(window: MainWindow, qtbot: QtBot) -> None:
    window.timeline.track.setFocus()
    press(Key.Key_Left)


def point(window: MainWindow, qtbot: QtBot) -> None:
    window.canvas.setFocus()
    press(Key.Key_Right)
    press(Key.Key_Right)


def score(window: MainWindow, qtbot: QtBot) -> None:
    QTest.mouseClick(window.panel("likelihood").start, LEFT)


def compare(window: MainWindow, qtbot: QtBot) -> None:
    QTest.mouseClick(window.panel("compare").start, LEFT)


def learn(window: MainWindow, qtbot: QtBot) -> None:
    QTest.mouseClick(window.rail.pages["learn"], LEFT)


ACTIONS = (write, run, lock, scrub, point, score, compare, learn)
