"""Every command, by its shortcut or its menu, through real key events on the window."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLabel
from pytestqt.qtbot import QtBot

from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from sedd_studio.window.commands import COMMANDS
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.menus import MENUS
from tests.sedd_studio.windows import window_of

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(session: Session, settings: Settings, qtbot: QtBot) -> MainWindow:
    made = window_of(session, settings, qtbot)
    session.form.set(steps=6)
    return made


def press(window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window.timeline, key, modifier)


def run(window: MainWindow, qtbot: QtBot) -> Session:
    press(window, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE)
    return window.session


def test_every_command_is_in_a_menu_once_and_no_two_share_keys() -> None:
    listed = [name for names in MENUS.values() for name in names.split() if name != "-"]
    assert sorted(listed) == sorted(command.name for command in COMMANDS)
    keys = [keys for command in COMMANDS for keys in command.shortcut.split("; ") if keys]
    assert len(keys) == len(set(keys))


def test_run_and_the_playhead_by_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    session = run(window, qtbot)
    assert session.playhead.step == 6
    press(window, Qt.Key.Key_Home, CTRL)
    assert session.playhead.step == 0
    press(window, Qt.Key.Key_Right)
    press(window, Qt.Key.Key_Right)
    press(window, Qt.Key.Key_Left)
    assert session.playhead.step == 1
    press(window, Qt.Key.Key_End, CTRL)
    assert session.playhead.step == 6
    press(window, Qt.Key.Key_Home, CTRL)
    press(window, Qt.Key.Key_Space)
    assert session.playhead.playing
    press(window, Qt.Key.Key_Space)
    assert not session.playhead.playing


def test_lock_unlock_undo_and_redo_by_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    session = run(window, qtbot)
    free = np.flatnonzero(~session.view.document.locked)[:3].tolist()
    session.view.select((free[0], free[-1] + 1))
    press(window, Qt.Key.Key_L, CTRL)
    assert session.view.canvas().locked[free].all()
    press(window, Qt.Key.Key_L, CTRL | SHIFT)
    assert not session.view.canvas().locked[free].any()
    press(window, Qt.Key.Key_Z, CTRL)
    assert session.view.canvas().locked[free].all()
    press(window, Qt.Key.Key_Z, CTRL | SHIFT)
    assert not session.view.canvas().locked[free].any()


def test_a_new_seed_gives_another_text(window: MainWindow, qtbot: QtBot) -> None:
    session = run(window, qtbot)
    first, seed = session.view.full_text(), session.form.now.seed
    while session.form.now.seed % 26 == seed % 26:  # the fake engine knows 26 texts
        press(window, Qt.Key.Key_D, CTRL)
    run(window, qtbot)
    assert session.view.full_text() != first


def test_the_text_can_be_copied(window: MainWindow, qtbot: QtBot) -> None:
    session = run(window, qtbot)
    press(window, Qt.Key.Key_C, CTRL | SHIFT)
    assert QGuiApplication.clipboard().text() == session.view.full_text()


@pytest.mark.parametrize("key", [Qt.Key.Key_Plus, Qt.Key.Key_Equal])
def test_the_text_grows_by_either_key_with_a_plus_on_it(window: MainWindow, key: Qt.Key) -> None:
    QTest.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
    assert window.canvas.zoom > 1


def test_zoom_is_remembered(window: MainWindow, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_Plus, CTRL)
    assert window.canvas.zoom > 1
    assert window.settings["zoom"] == window.canvas.zoom
    press(window, Qt.Key.Key_0, CTRL)
    assert window.canvas.zoom == 1


def test_the_theme_can_be_chosen_and_is_remembered(window: MainWindow) -> None:
    window.actions_by_name["theme_dark"].trigger()
    assert window.look.theme.dark
    assert window.settings["theme"] == "dark"
    window.actions_by_name["theme_light"].trigger()
    assert not window.look.theme.dark


def test_commands_that_make_no_sense_now_are_disabled(window: MainWindow, qtbot: QtBot) -> None:
    window.session.editor.undo_stack.clear()
    enabled = {name for name, action in window.actions_by_name.items() if action.isEnabled()}
    assert "run" in enabled
    assert not enabled & {"stop", "undo", "redo", "forward", "pause", "lock"}
    run(window, qtbot)
    assert window.actions_by_name["pause"].isEnabled()


def test_the_shortcut_page_lists_every_shortcut_and_closes(window: MainWindow, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_F1)
    (page,) = [child for child in window.findChildren(QDialog) if child.isVisible()]
    shown = {child.text() for child in page.findChildren(QLabel)}
    sequences = [QKeySequence.listFromString(command.shortcut) for command in COMMANDS if command.shortcut]
    assert {QKeySequence.listToString(keys) for keys in sequences} <= shown
    with qtbot.waitSignal(page.destroyed):
        QTest.keyClick(page, Qt.Key.Key_Escape)


def test_unlock_everything_from_the_menu(window: MainWindow) -> None:
    window.actions_by_name["unlock_all"].trigger()
    assert not window.session.view.canvas().locked.any()
