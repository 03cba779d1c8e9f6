"""The guided tour: it waits at each stop for the real action, and its card covers nothing that it is about."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from sedd_studio.background.keeper import Keeper
from sedd_studio.record.settings import Settings
from sedd_studio.widgets.controls.callout import WIDTH, Callout, place_of
from sedd_studio.widgets.dialogs.presenter import Presenter
from sedd_studio.widgets.panels.learn_panel import LearnPanel
from sedd_studio.widgets.panels.trying_bar import TryingBar
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.tour_stops import STOPS
from sedd_studio.window.touring import OVER, Tour, offer, tour_of
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.tour_actions import ACTIONS, Key, run, score, write
from tests.sedd_studio.windows import press, window_of

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(
    make_session: MakeSession, engine: FakeEngine, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> MainWindow:
    session = make_session(engine)
    session.form.set(steps=6)
    return window_of(session, settings, qtbot, keeper)


def gone_on(tour: Tour, place: int | None, qtbot: QtBot) -> None:
    """The tour is no longer at a stop."""
    qtbot.waitUntil(lambda: tour.place != place)


def shows(tour: Tour, window: MainWindow, number: int) -> None:
    """The tour is at a stop, says so, and points at the part that it is about."""
    stop, callout = STOPS[number], tour.callout
    assert tour.place == number
    assert callout.isVisible()
    assert callout.title.text() == stop.title
    assert callout.accessibleName() == f"Stop {number + 1} of 8: {stop.title}. {stop.says}"
    target = stop.at(window)
    assert target.isVisible()
    around = QRect(target.mapTo(tour._home, QPoint()), target.size())
    assert tour.outline.isVisible()
    assert tour.outline.geometry().contains(around & tour._home.rect())
    assert tour._home.rect().contains(callout.geometry())
    assert not callout.geometry().intersects(around)


# ---- from the first start to the end


def test_there_is_an_action_for_each_of_eight_stops() -> None:
    assert len(STOPS) == len(ACTIONS) == 8


def test_the_tour_waits_at_each_stop_for_the_real_action_and_ends_with_the_last(
    window: MainWindow, qtbot: QtBot
) -> None:
    offer(window)
    tour = tour_of(window)
    assert tour.callout.isVisible()
    assert not tour.outline.isVisible()
    QTest.mouseClick(tour.callout.first, LEFT)
    for number, act in enumerate(ACTIONS):
        tour.look()
        shows(tour, window, number)
        tour.look()
        assert tour.place == number  # nothing but what it waits for takes it on
        act(window, qtbot)
        gone_on(tour, number, qtbot)
    assert tour.place is None
    assert not tour.callout.isVisible()
    assert not tour.outline.isVisible()
    assert not tour._timer.isActive()
    assert window.places.page == "learn"
    assert window.session.notices.text == OVER


def test_the_tour_is_taken_by_the_keyboard_alone(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_name["tour"].trigger()
    tour = tour_of(window)
    for number, stop in enumerate(STOPS):
        assert tour.place == number or not stop.possible(window)
        if tour.place != number:
            continue
        assert stop.at(window).hasFocus()
        press(Key.Key_Tab)
        assert tour.callout.first.hasFocus()
        press(Key.Key_Return)
    assert tour.place is None


def test_a_fresh_page_is_not_taken_for_something_written(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_name["tour"].trigger()
    tour = tour_of(window)
    QTest.keyClick(window.canvas, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    tour.look()
    assert tour.place == 0
    write(window, qtbot)
    qtbot.waitUntil(lambda: tour.place == 1)


def test_what_cannot_be_done_yet_is_left_out(window: MainWindow) -> None:
    window.actions_by_name["tour"].trigger()
    tour = tour_of(window)
    tour.next()
    tour.next()  # without a run there is no new word to lock, and no time to go back in
    assert STOPS[tour.place or 0].title == "See what else fits"


def test_a_stop_brings_up_what_it_points_at(window: MainWindow, qtbot: QtBot) -> None:
    run(window, qtbot)
    window.places.show_page("history")
    window.actions_by_name["tour"].trigger()
    tour = tour_of(window)
    shows(tour, window, 0)
    assert window.places.page == "studio"
    window.session.playhead.seek(2)
    for _ in range(5):
        tour.next()
    shows(tour, window, 5)
    assert window.panel("likelihood").start.isEnabled()  # the whole text is on show
    assert window.places.beside == "likelihood"
    window.places.show_page("history")  # elsewhere the card waits in its corner
    tour.look()
    assert not tour.outline.isVisible()
    assert tour.callout.isVisible()
    assert tour.place == 5


def test_a_score_that_was_seen_leaves_the_engine_to_what_follows(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    run(window, qtbot)
    window.actions_by_name["tour"].trigger()
    tour, scorer = tour_of(window), window.services.scorer
    for _ in range(5):
        tour.next()
    engine.hold_at = 6  # of ten bounds
    score(window, qtbot)
    qtbot.waitUntil(lambda: tour.place == 6)
    assert len(scorer.points) >= 4
    engine.go.set()
    qtbot.waitUntil(lambda: not scorer.scoring)
    assert len(scorer.points) < 10


def test_a_run_that_goes_on_takes_the_tour_nowhere(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.hold_at = 3
    window.actions_by_name["tour"].trigger()
    tour = tour_of(window)
    tour.next()
    press(Key.Key_Return)  # the button has the focus
    qtbot.waitUntil(lambda: window.session.playhead.recorded == 3)
    tour.look()
    assert tour.place == 1
    engine.go.set()
    qtbot.waitUntil(lambda: tour.place == 2)


# ---- where the card stands


@pytest.mark.parametrize("size", [(1280, 720), (900, 560), (1920, 1080)])
def test_the_card_covers_neither_the_text_nor_what_it_points_at(
    size: tuple[int, int], window: MainWindow, qtbot: QtBot
) -> None:
    run(window, qtbot)
    window.resize(*size)
    QApplication.processEvents()
    window.actions_by_name["tour"].trigger()
    tour = tour_of(window)
    for number in range(len(STOPS)):
        QApplication.processEvents()
        tour.look()
        shows(tour, window, number)
        canvas = window.canvas
        if canvas.isVisible():
            text = QRect(canvas.mapTo(tour._home, QPoint()), canvas.size())
            assert not tour.callout.geometry().intersects(text)
        assert tour.callout.width() == WIDTH
        tour.next()


def test_a_card_stands_in_the_corner_where_there_is_no_room_beside() -> None:
    room, size = QRect(0, 0, 400, 300), QSize(100, 80)
    corner = QPoint(300, 220)
    assert place_of(None, size, room, ()) == corner
    assert place_of(QRect(50, 50, 40, 20), size, room, ()) == QPoint(104, 50)
    assert place_of(QRect(50, 200, 40, 20), size, room, (QRect(160, 0, 240, 300),)) == QPoint(50, 106)
    assert place_of(QRect(0, 0, 400, 300), size, room, ()) == corner


# ---- a person's way


def test_from_the_first_start_by_the_tour_to_a_chapter_on_the_whole_screen_and_back(
    window: MainWindow, qtbot: QtBot
) -> None:
    offer(window)
    tour = tour_of(window)
    QTest.mouseClick(tour.callout.first, LEFT)
    for act in ACTIONS:
        place = tour.place
        act(window, qtbot)
        gone_on(tour, place, qtbot)
    page = window.findChild(LearnPanel)
    assert page is not None
    learning = window.services.learning
    qtbot.waitUntil(lambda: learning.shown is not None)
    assert learning.name == "breaking"
    line = page.about.in_order()[0]
    line.setFocus()
    press(Key.Key_A, CTRL)
    QTest.keyClicks(line, "We walk home at night")
    qtbot.waitUntil(lambda: learning.shown is not None and len(learning.shown.figure.text) == 5)
    kept = learning.kept()
    page.figure.setFocus()
    press(Key.Key_F5)
    presenter = window.findChild(Presenter)
    assert presenter is not None
    qtbot.waitUntil(presenter.isActiveWindow)
    for _ in range(3):
        press(Key.Key_PageDown)
    assert learning.shown is not None
    assert " ".join(learning.shown.figure.names[word] for word in learning.shown.figure.text) == "We walk home at night"
    press(Key.Key_Escape)
    qtbot.waitUntil(window.isActiveWindow)
    assert learning.kept() == kept
    qtbot.waitUntil(lambda: learning.shown is not None)
    QTest.mouseClick(page.try_button, LEFT)
    assert window.places.page == "studio"
    bar = window.findChild(TryingBar)
    assert bar is not None
    assert bar.isVisible()
    assert window.session.view.prompt.startswith(("We", "["))
    run(window, qtbot)
    QTest.mouseClick(bar.back, LEFT)
    assert window.places.page == "learn"
    press(Key.Key_1, CTRL)
    assert window.places.page == "studio"
    assert window.canvas.isVisible()
    assert not any(isinstance(each, Callout) and each.isVisible() for each in window.findChildren(QWidget))
