"""The guided tour is offered once, and can be left at any time."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from sedd_studio.background.keeper import Keeper
from sedd_studio.record.settings import Settings
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.touring import offer, tour_of
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.tour_actions import Key, run
from tests.sedd_studio.windows import press, window_of

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(
    make_session: MakeSession, engine: FakeEngine, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> MainWindow:
    session = make_session(engine)
    session.form.set(steps=6)
    return window_of(session, settings, qtbot, keeper)


def test_it_is_offered_once_whatever_becomes_of_that(
    window: MainWindow, make_session: MakeSession, settings: Settings, qtbot: QtBot
) -> None:
    offer(window)
    assert settings["toured"]
    tour = tour_of(window)
    text = QRect(window.canvas.mapTo(tour._home, QPoint()), window.canvas.size())
    assert not tour.callout.geometry().intersects(text)
    assert window.canvas.hasFocus()  # it takes the keys from nobody
    QTest.mouseClick(tour.callout.second, LEFT)
    assert not tour.callout.isVisible()
    offer(window)
    assert not tour.callout.isVisible()
    assert Settings(settings.path)["toured"]
    assert any(action is window.actions_by_name["tour"] for action in help_menu(window))


def help_menu(window: MainWindow) -> list[object]:
    menu = window.rail.menu.menu()
    assert menu is not None
    (found,) = (each.menu() for each in menu.actions() if each.text() == "&Help")
    return [*found.actions()]  # type: ignore[attr-defined]


def test_the_offer_is_taken_by_the_keyboard(window: MainWindow) -> None:
    offer(window)
    tour = tour_of(window)
    for _ in range(60):
        if tour.callout.first.hasFocus():
            break
        press(Key.Key_Tab)
    press(Key.Key_Return)
    assert tour.place == 0


def test_an_offer_goes_when_something_is_run(window: MainWindow, qtbot: QtBot) -> None:
    offer(window)
    press(Key.Key_Return, CTRL)
    assert not tour_of(window).callout.isVisible()
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE)


@pytest.mark.parametrize("number", [0, 1, 5, 7])
def test_it_is_left_by_escape_at_any_stop(number: int, window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    window.actions_by_name["tour"].trigger()
    tour = tour_of(window)
    if number > 1:
        run(window, qtbot)
    for _ in range(number):
        tour.next()
    assert tour.place == number
    if number == 1:
        engine.hold_at = 3
        press(Key.Key_Return)
        qtbot.waitUntil(lambda: window.session.playhead.recorded == 3)
    press(Key.Key_Escape)
    assert not tour._timer.isActive()
    assert not tour.callout.isVisible()
    assert not tour.outline.isVisible()
    assert window.session.runs.running == (number == 1)  # a run goes on
    engine.go.set()
    qtbot.waitUntil(lambda: not window.session.runs.running)


def test_escape_first_ends_what_is_open_on_the_text(window: MainWindow) -> None:
    window.actions_by_name["tour"].trigger()
    tour = tour_of(window)
    window.canvas.setFocus()
    press(Key.Key_A, CTRL)
    press(Key.Key_Escape)
    assert window.session.view.selection is None
    assert tour.place == 0
    press(Key.Key_Escape)
    assert tour.place is None


def test_whoever_leaves_it_by_its_button_is_on_the_text_again(window: MainWindow) -> None:
    window.actions_by_name["tour"].trigger()
    tour = tour_of(window)
    press(Key.Key_Tab)
    press(Key.Key_Tab)
    assert tour.callout.second.hasFocus()
    press(Key.Key_Space)
    assert not tour.callout.isVisible()
    assert window.canvas.hasFocus()


def test_the_card_is_read_aloud(window: MainWindow) -> None:
    window.actions_by_name["tour"].trigger()
    interface = QAccessible.queryAccessibleInterface(tour_of(window).callout)
    assert interface.text(QAccessible.Text.Name).startswith("Stop 1 of 8: Write.")
