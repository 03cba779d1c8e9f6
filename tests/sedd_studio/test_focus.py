"""Where the keys go: a control that is gone leaves the focus to the canvas, not to what comes next."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QDialog, QLabel, QScrollArea
from pytestqt.qtbot import QtBot

from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

GONE: dict[str, Callable[[MainWindow], QAbstractButton]] = {
    "hidden: Go on from here": lambda window: window.timeline.go_on,
    "disabled: Stop": lambda window: window.top_bar.stop,
    "disabled: Step": lambda window: window.top_bar.step,
}


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    """After the third step of a run that goes on."""
    scene.run(8)
    scene.play(3)
    window = window_of(scene.session, scene.settings, qtbot)
    scene.session.playhead.seek(2)
    return window


@pytest.mark.parametrize("name", GONE)
def test_space_after_a_control_that_is_gone_plays_and_presses_no_other(
    name: str, scene: Scene, window: MainWindow
) -> None:
    control, playhead = GONE[name](window), scene.session.playhead
    control.setFocus()
    assert control.hasFocus()
    if "Stop" in name:
        scene.play(8)
    elif "Step" in name:
        playhead.seek(8)
        scene.play(8)
        playhead.seek(8)
    else:
        QTest.keyClick(control, Qt.Key.Key_Space)
        scene.start()
    following = playhead.following
    assert not (control.isVisible() and control.isEnabled())
    assert window.canvas.hasFocus()
    playhead.seek(1)
    running = scene.session.runs.running
    QTest.keyClick(window.canvas, Qt.Key.Key_Space)
    assert playhead.following is following
    assert scene.session.runs.paused if running else playhead.playing


@pytest.mark.parametrize("size", [(900, 560), (1280, 720)])
def test_the_page_of_shortcuts_fits_the_window_and_scrolls(window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    window.actions_by_name["shortcuts"].trigger()
    (page,) = [child for child in window.findChildren(QDialog) if child.isVisible()]
    assert page.width() <= size[0]
    assert page.height() <= size[1]
    (area,) = page.findChildren(QScrollArea)
    assert area.horizontalScrollBar().maximum() == 0 or size[0] < 1280
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    last = area.findChildren(QLabel)[-1]
    assert area.viewport().rect().contains(last.mapTo(area.viewport(), last.rect().bottomLeft()))
    page.close()
