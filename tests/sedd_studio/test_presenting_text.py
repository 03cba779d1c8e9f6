"""The text of the studio fills the screen and follows a clicker; afterwards all is as it was."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sedd_studio.background.keeper import Keeper
from sedd_studio.record.settings import Settings
from sedd_studio.session.state import RunState
from sedd_studio.widgets.canvas.presented_text import SMALLEST, PresentedText
from sedd_studio.widgets.dialogs.presenter import Presenter
from sedd_studio.widgets.panels.sample_picture import SamplePicture
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.presenting import present
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.on_screen import Key, Open, by_f5, left
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import press, window_of


@pytest.fixture
def window(make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot) -> MainWindow:
    settings.set("reduced_motion", True)  # what moves is at its end at once
    return window_of(make_session(engine), settings, qtbot)


@pytest.fixture
def presented(window: MainWindow, qtbot: QtBot) -> Open:
    return partial(by_f5, window, qtbot)


def text(presenter: Presenter) -> PresentedText:
    found = presenter.findChild(PresentedText)
    assert found is not None
    assert found.hasFocus()
    return found


def test_a_clicker_runs_the_text_and_goes_through_it_by_quarters(
    window: MainWindow, presented: Open, qtbot: QtBot
) -> None:
    session = window.session
    session.form.set(steps=8)
    stage = text(presented())
    press(Key.Key_PageDown)
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    assert session.playhead.step == 8
    assert stage.accessibleDescription().startswith("Step 8 of 8. Once upon")
    for step in (6, 4, 2, 0, 0):
        press(Key.Key_PageUp)
        assert session.playhead.step == step
    before = stage.grab().toImage()
    press(Key.Key_PageDown)
    assert session.playhead.step == 2
    assert stage.grab().toImage() != before
    press(Key.Key_Right)
    assert session.playhead.step == 3
    press(Key.Key_PageDown)
    assert session.playhead.step == 4
    window.settings.set("reduced_motion", False)
    press(Key.Key_PageDown)
    assert session.playhead.step < 6  # it is on its way
    press(Key.Key_PageDown)  # at once
    assert session.playhead.step == 6


def test_from_any_page_the_text_is_presented_and_that_page_comes_back(
    window: MainWindow, presented: Open, qtbot: QtBot
) -> None:
    session = window.session
    session.form.set(steps=4)
    window.places.show_page("compare")
    text(presented())
    press(Key.Key_PageDown)
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    left(window, qtbot)
    assert window.places.page == "compare"


def test_the_text_is_run_anew_and_that_run_stays(window: MainWindow, presented: Open, qtbot: QtBot) -> None:
    session = window.session
    session.form.set(steps=4)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    before = session.view.run
    session.playhead.seek(1)
    presented()
    press(Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: session.view.run is not before and session.runs.state is RunState.DONE)
    qtbot.waitUntil(lambda: not session.playhead.playing)
    left(window, qtbot)
    assert session.playhead.step == 4


def test_afterwards_the_playhead_stands_where_it_stood(window: MainWindow, presented: Open, qtbot: QtBot) -> None:
    session = window.session
    session.form.set(steps=8)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    session.playhead.seek(5)
    zoom, document = window.canvas.zoom, session.view.document
    presented()
    press(Key.Key_PageDown)
    press(Key.Key_PageDown)
    assert session.playhead.step == 8
    left(window, qtbot)
    assert session.playhead.step == 5
    assert (window.canvas.zoom, session.view.document) == (zoom, document)
    assert window.places.page == "studio"


def test_a_run_that_is_made_is_held_and_let_go(
    window: MainWindow, engine: FakeEngine, presented: Open, qtbot: QtBot
) -> None:
    session, engine.hold_at = window.session, 3
    session.form.set(steps=8)
    presented()
    press(Key.Key_PageDown)
    qtbot.waitUntil(lambda: session.playhead.recorded == 3)
    held = []
    for key in (Key.Key_PageDown, Key.Key_Space):
        press(key)
        held.append(session.runs.paused)
    assert held == [True, False]
    engine.go.set()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    left(window, qtbot)
    assert session.playhead.recorded == 8


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1280, 720)])
def test_letters_are_as_large_as_the_text_has_room(
    width: int, height: int, window: MainWindow, presented: Open
) -> None:
    presenter = presented()
    presenter.resize(width, height)
    QApplication.processEvents()
    stage = text(presenter)
    assert stage.picture.em >= height * SMALLEST
    assert stage.picture.height <= height
    assert stage.picture.em >= height / 20
    window.session.editor.set_prompt(" ".join(["The fox ran home again."] * 3) + " [9]")
    QApplication.processEvents()
    assert stage.picture.height <= height


def test_sizes_of_a_text_are_tried_once_for_all_that_is_done_at_a_time(
    window: MainWindow, presented: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was opened while one presents had its text laid out thirty times."""
    stage = text(presented())
    QApplication.processEvents()
    fitted: list[int] = []
    fit = stage.fit

    def fits() -> None:
        fitted.append(1)
        fit()

    monkeypatch.setattr(stage, "fit", fits)
    window.session.editor.set_prompt("Once [9] the end.")
    window.session.view.run_changed.emit()
    window.session.view.run_changed.emit()
    assert not fitted
    QApplication.processEvents()
    assert len(fitted) <= 1


def test_a_text_that_has_no_room_is_scrolled(window: MainWindow, presented: Open) -> None:
    presenter = presented()
    presenter.resize(300, 60)
    QApplication.processEvents()
    stage = text(presenter)
    before = stage.grab().toImage()
    press(Key.Key_Down)
    assert stage.grab().toImage() != before
    press(Key.Key_Up)
    assert stage.grab().toImage() == before


def test_what_is_no_text_is_presented_with_its_picture(tmp_path: Path, keeper: Keeper, qtbot: QtBot) -> None:
    scene = Scene(tmp_path, domain="digits")
    scene.run(64)
    scene.play(46)
    window = window_of(scene.session, scene.settings, qtbot, keeper)
    presenter = present(window)
    QApplication.processEvents()
    picture = presenter.findChild(SamplePicture)
    assert picture is not None
    assert picture.isVisible()
    assert picture.height() >= presenter.height() / 2
    locked = window.session.view.document.locked
    QTest.mouseClick(presenter.stage, Qt.MouseButton.LeftButton, pos=picture.geometry().center())
    assert window.session.view.document.locked is locked  # who points at it changes nothing
    presenter.close()


def test_a_text_has_no_picture(window: MainWindow, presented: Open) -> None:
    presenter = presented()
    picture = presenter.findChild(SamplePicture)
    assert picture is not None
    assert not picture.isVisible()
    assert text(presenter).height() == presenter.height()
