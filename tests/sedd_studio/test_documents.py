"""Documents: a fresh one, those that were opened before, and the name in the title bar."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from sedd_studio.record.runfile import save_run
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.opening import open_path
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import read, window_of

Control, Shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    """With a finished run on show."""
    window = window_of(scene.session, scene.settings, qtbot)
    scene.run(8)
    scene.play(8)
    return window


def recent(window: MainWindow) -> QMenu:
    """The menu as it opens."""
    (menu,) = (menu for menu in window.findChildren(QMenu) if menu.title() == "Open re&cent")
    menu.aboutToShow.emit()
    return menu


def test_a_new_page_is_one_gap_without_what_was_asked_of_the_text_before(window: MainWindow) -> None:
    session = window.session
    session.form.set(banned="sad", steps=9)
    before = session.view.document
    QTest.keyClick(window, Qt.Key.Key_N, Control)
    assert session.view.prompt == "[64]"
    assert session.view.run is None
    assert (session.form.now.banned, session.form.now.steps) == ("", 9)
    assert window.windowTitle() == "[64] - SEDD Studio"
    assert window.actions_by_name["undo"].text() == "&Undo New"
    QTest.keyClick(window, Qt.Key.Key_Z, Control)
    assert session.view.document is before
    assert session.form.now.banned == "sad"


def test_the_title_is_the_name_of_the_file_or_how_the_text_begins(window: MainWindow, tmp_path: Path) -> None:
    assert window.windowTitle() == "Once upon a time, there was a little fox … - SEDD Studio"
    (tmp_path / "tale.txt").write_text("The end [3]")
    open_path(window.session, tmp_path / "tale.txt")
    read(window.session)
    assert window.windowTitle() == "tale.txt - SEDD Studio"
    window.session.editor.set_locked([0], False)
    assert window.windowTitle() == "tale.txt - SEDD Studio"
    QTest.keyClick(window, Qt.Key.Key_Z, Control)
    QTest.keyClick(window, Qt.Key.Key_Z, Control)
    assert window.windowTitle().startswith("Once upon a time")
    QTest.keyClick(window, Qt.Key.Key_Z, Control | Shift)
    assert window.windowTitle() == "tale.txt - SEDD Studio"


def test_a_run_that_is_saved_gives_its_name(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr("sedd_studio.window.doing.ask_where", lambda *_: tmp_path / "mine.sedd")
    QTest.keyClick(window, Qt.Key.Key_S, Control)
    qtbot.waitUntil(lambda: (tmp_path / "mine.sedd").exists())
    assert window.windowTitle() == "mine.sedd - SEDD Studio"
    assert [action.text() for action in recent(window).actions()] == ["mine.sedd"]


def test_files_that_were_opened_are_opened_again_from_the_menu(window: MainWindow, tmp_path: Path) -> None:
    assert not recent(window).actions()[0].isEnabled()
    run = window.session.view.run
    assert run is not None
    save_run(tmp_path / "one.sedd", run)
    (tmp_path / "two.txt").write_text("The end [3]")
    (tmp_path / "gone.txt").write_text("Gone [3]")
    for name in ("one.sedd", "gone.txt", "two.txt"):
        open_path(window.session, tmp_path / name)
        read(window.session)
    (tmp_path / "gone.txt").unlink()
    actions = recent(window).actions()
    assert [action.text() for action in actions] == ["two.txt", "one.sedd"]
    actions[1].trigger()
    read(window.session)
    assert window.session.view.run is not None
    assert window.windowTitle() == "one.sedd - SEDD Studio"
