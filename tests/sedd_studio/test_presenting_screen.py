"""What fills the screen turns black, has a large pointer and tells its keys, whatever the window behind does."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sedd_studio.record.chapters.scripts import SCRIPTS
from sedd_studio.record.settings import Settings
from sedd_studio.widgets.dialogs.presenter import Presenter
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.on_screen import Key, Open, by_f5, figure, left
from tests.sedd_studio.windows import press, window_of

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot) -> MainWindow:
    settings.set("reduced_motion", True)  # what moves is at its end at once
    return window_of(make_session(engine), settings, qtbot)


@pytest.fixture
def presented(window: MainWindow, qtbot: QtBot) -> Open:
    return partial(by_f5, window, qtbot)


@pytest.mark.parametrize("key", [Key.Key_B, Key.Key_Period])
def test_the_screen_is_black_and_comes_back_by_the_same_key_or_by_a_step_that_is_not_lost(
    key: Qt.Key, window: MainWindow, presented: Open
) -> None:
    presenter = presented("texts")
    stage = figure(presenter)
    press(Key.Key_PageDown)
    press(key)
    image = presenter.grab().toImage()
    assert {image.pixelColor(x, y).name() for x in range(0, image.width(), 50) for y in (5, 200, 500)} == {"#000000"}
    assert presenter.black.hasFocus()
    level = window.services.learning.choices["level"]
    press(Key.Key_Right)  # nothing of the figure moves unseen
    assert window.services.learning.choices["level"] == level
    press(key)
    assert not presenter.black.isVisible()
    assert stage.figure.hasFocus()
    press(key)
    press(Key.Key_PageDown)
    assert not presenter.black.isVisible()
    assert stage.caption.text() == SCRIPTS["texts"][0].says
    press(Key.Key_PageDown)
    assert stage.caption.text() == SCRIPTS["texts"][1].says


def test_a_large_pointer_follows_the_mouse_and_shift_with_the_arrows(window: MainWindow, presented: Open) -> None:
    presenter = presented("texts")
    presenter.resize(1920, 1080)
    assert not presenter.laser.isVisible()
    press(Key.Key_L)
    assert presenter.laser.isVisible()
    assert presenter.laser.height() >= 1080 / 30
    assert presenter.cursor().shape() == Qt.CursorShape.BlankCursor
    QApplication.processEvents()
    for at in (QPoint(200, 350), QPoint(210, 360)):
        QTest.mouseMove(presenter.windowHandle(), at)
        QApplication.processEvents()
    assert (presenter.laser.middle - at).manhattanLength() <= 2
    level = window.services.learning.choices["level"]
    press(Key.Key_Right, SHIFT)
    assert presenter.laser.middle.x() > at.x() + 10
    assert window.services.learning.choices["level"] == level
    press(Key.Key_Right)
    assert window.services.learning.choices["level"] == level + 1
    press(Key.Key_L)
    assert not presenter.laser.isVisible()
    assert presenter.cursor().shape() == Qt.CursorShape.ArrowCursor


def test_the_keys_are_told_until_the_first_one_and_by_f1(window: MainWindow, presented: Open) -> None:
    presenter = presented("texts")
    assert presenter.hint.isVisible()
    press(Key.Key_PageDown)
    assert not presenter.hint.isVisible()
    press(Key.Key_F1)
    assert presenter.hint.isVisible()


def test_the_window_behind_is_painted_while_one_has_turned_to_it_and_afterwards(
    window: MainWindow, presented: Open, qtbot: QtBot
) -> None:
    presenter = presented("texts")
    assert not window.updatesEnabled()
    window.activateWindow()
    qtbot.waitUntil(window.updatesEnabled)
    presenter.activateWindow()
    qtbot.waitUntil(lambda: not window.updatesEnabled())
    left(window, qtbot)
    assert window.updatesEnabled()


def test_a_chapter_goes_on_whatever_comes_on_show_behind_it_and_leads_back_to_its_page(
    window: MainWindow, presented: Open, qtbot: QtBot
) -> None:
    stage, learning = figure(presented("texts")), window.services.learning
    window.places.show_page("studio")
    press(Key.Key_PageDown)
    press(Key.Key_PageDown)
    qtbot.waitUntil(lambda: learning.shown is not None and learning.shown.choices == learning.choices)
    assert stage.figure.shown is learning.shown
    left(window, qtbot)
    assert window.places.page == "learn"


def test_it_ends_with_the_window(window: MainWindow, presented: Open) -> None:
    presenter = presented("texts")
    window.close()
    assert not presenter.isVisible()


def test_what_is_presented_already_is_not_presented_twice(window: MainWindow, presented: Open) -> None:
    presenter = presented()
    window.actions_by_name["present"].trigger()
    assert window.findChildren(Presenter) == [presenter]
