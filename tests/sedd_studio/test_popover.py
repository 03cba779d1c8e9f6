"""The likely words under the position pointed at: they are there after a rest, take no focus, and digits take one."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from engine.protocol import Generate
from sedd_studio.record.settings import Settings
from sedd_studio.session.state import RunState
from sedd_studio.widgets.controls.candidate_rows import shown_piece
from sedd_studio.window.main_window import MainWindow
from tests.patience import PATIENCE
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.test_pointing import gap, hover
from tests.sedd_studio.windows import window_of

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def window(engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    """A finished run of six steps, looked at after the first."""
    session = make_session(engine)
    session.form.set(steps=6)
    window = window_of(session, settings, qtbot)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    session.playhead.seek(1)
    window.canvas.setFocus()
    QApplication.processEvents()  # the timeline takes the place that it needs
    return window


def shown(window: MainWindow, qtbot: QtBot, position: int) -> None:
    hover(window, position)
    qtbot.waitUntil(window.popover.isVisible)


def test_five_words_are_shown_under_the_position_after_a_rest_and_nothing_moves(
    window: MainWindow, qtbot: QtBot
) -> None:
    position, popover = gap(window) + 4, window.popover
    layout, place = window.canvas.picture.layout, window.canvas.geometry()
    hover(window, position)
    qtbot.waitUntil(lambda: len(window.panel("position").candidates.rows) == 10)
    assert not popover.isVisible()  # who reads along is not disturbed
    qtbot.waitUntil(popover.isVisible)
    assert popover.candidates.rows == window.panel("position").candidates.rows[:5]
    assert popover.stands.text() == "Nothing stands here yet"
    assert popover.sure.text() == "50% sure"
    box = window.canvas.viewport().mapTo(window, window.canvas.picture.middle(position).toPoint())
    assert not popover.geometry().contains(box)
    assert popover.geometry().left() < box.x() < popover.geometry().right()
    assert window.rect().contains(popover.geometry())
    assert window.canvas.picture.layout is layout
    assert window.canvas.geometry() == place
    assert window.canvas.hasFocus()
    there = popover.geometry()
    window.services.pointer.changed.emit()
    window.session.view.changed.emit()
    assert popover.geometry() == there


def test_what_stands_there_is_named_with_how_sure_the_model_is(window: MainWindow, qtbot: QtBot) -> None:
    session, position = window.session, gap(window)
    session.playhead.seek(6)
    shown(window, qtbot, position)
    piece = shown_piece(session.view.piece(position))
    assert window.popover.stands.text() == f"{piece} stands here"
    assert window.popover.sure.text() == "25% sure"


def test_a_click_is_told_of_where_keys_go_elsewhere(window: MainWindow, qtbot: QtBot) -> None:
    shown(window, qtbot, gap(window) + 4)
    assert window.popover.foot.text().startswith("Enter puts")
    window.popover.dismiss()
    window.timeline.track.setFocus()
    shown(window, qtbot, gap(window) + 5)
    assert window.popover.foot.text().startswith("A click puts")


def test_a_tooltip_that_came_before_them_does_not_lie_over_them(window: MainWindow, qtbot: QtBot) -> None:
    hover(window, gap(window) + 4)
    at, long = window.mapToGlobal(QPoint(300, 300)), int(2000 * PATIENCE)  # it does not go by itself before
    QToolTip.showText(at, "Position 22: masked", window.canvas.viewport(), QRect(), long)
    assert QToolTip.isVisible()
    qtbot.waitUntil(window.popover.isVisible)
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


@pytest.mark.parametrize("number", [0, 1, 4])
def test_a_digit_takes_a_word_and_the_run_goes_on(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, number: int
) -> None:
    session, position = window.session, gap(window) + 4
    shown(window, qtbot, position)
    wanted = window.popover.candidates.rows[number].token
    QTest.keyClick(window.canvas, Qt.Key(Qt.Key.Key_1 + number))
    assert not window.popover.isVisible()
    assert session.view.document.locked[position]
    assert session.view.canvas().tokens[position] == wanted
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    runs = [request for request in engine.requests if isinstance(request, Generate)]
    assert runs[-1].first_step == 2


def test_enter_takes_the_marked_word_which_the_pointer_marks(window: MainWindow, qtbot: QtBot) -> None:
    session, position, popover = window.session, gap(window) + 4, window.popover
    shown(window, qtbot, position)
    first = popover.candidates.rows[0]
    assert " ".join(popover.foot.parts) == f"Enter puts {shown_piece(first.text)} here, goes on from 1"
    QTest.mouseMove(popover.list.viewport(), popover.list.visualRect(popover.candidates.index(3)).center())
    third = popover.candidates.rows[3]
    assert " ".join(popover.foot.parts) == f"Enter puts {shown_piece(third.text)} here, goes on from 1"
    QTest.keyClick(window.canvas, Qt.Key.Key_Return)
    assert session.view.canvas().tokens[position] == third.token


def test_a_click_takes_a_word(window: MainWindow, qtbot: QtBot) -> None:
    session, position, popover = window.session, gap(window) + 4, window.popover
    shown(window, qtbot, position)
    wanted = popover.candidates.rows[2].token
    place = popover.list.visualRect(popover.candidates.index(2)).center()
    QTest.mouseClick(popover.list.viewport(), LEFT, NONE, place)
    assert session.view.canvas().tokens[position] == wanted
    assert window.canvas.hasFocus()


def test_it_goes_with_the_pointer_and_by_escape_and_the_way_to_it_is_open(window: MainWindow, qtbot: QtBot) -> None:
    position, popover, viewport = gap(window) + 4, window.popover, window.canvas.viewport()
    shown(window, qtbot, position)
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert not popover.isVisible()
    shown(window, qtbot, position)
    nothing = QPoint(viewport.width() - 2, viewport.height() - 2)
    QTest.mouseMove(viewport, nothing)
    qtbot.waitUntil(lambda: not popover.isVisible())
    shown(window, qtbot, position)
    QTest.mouseMove(viewport, nothing)
    QTest.mouseMove(popover, popover.rect().center())
    qtbot.wait(400)
    assert popover.isVisible()
    QTest.mouseMove(viewport, nothing)
    qtbot.waitUntil(lambda: not popover.isVisible())


def test_the_keyboards_caret_shows_it_too(window: MainWindow, qtbot: QtBot) -> None:
    position = gap(window)
    while window.canvas.caret.position < position:
        QTest.keyClick(window.canvas, Qt.Key.Key_Right)
    qtbot.waitUntil(window.popover.isVisible)
    QTest.keyClick(window.canvas, Qt.Key.Key_2)
    assert window.session.view.document.locked[window.canvas.caret.position]


def test_with_a_selection_keys_are_for_that_and_over_it_and_locked_words_there_is_none(
    window: MainWindow, qtbot: QtBot
) -> None:
    session, position, popover = window.session, gap(window) + 4, window.popover
    session.view.select(session.view.word_at(0))
    shown(window, qtbot, position)
    assert " ".join(popover.foot.parts).startswith("A click puts")
    QTest.keyClick(window.canvas, Qt.Key.Key_2)
    assert not session.view.document.locked[position]
    assert window.canvas.line.editor is not None
    QTest.keyClick(window.canvas.line.editor, Qt.Key.Key_Escape)
    for selection, pointed in (((position, position + 1), position), (None, 0)):
        session.view.select(selection)
        hover(window, pointed)
        qtbot.waitUntil(lambda: len(window.panel("position").candidates.rows) == 10)
        qtbot.wait(500)
        assert not popover.isVisible()


def test_it_is_above_the_word_where_there_is_no_room_under_it(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(window.minimumSize())
    QApplication.processEvents()
    position, popover = gap(window) + 4, window.popover
    shown(window, qtbot, position)
    box = window.canvas.viewport().mapTo(window, window.canvas.picture.middle(position).toPoint())
    assert window.rect().contains(popover.geometry())
    assert not popover.geometry().contains(box)


@pytest.mark.parametrize("how", ["digit", "enter", "panel"])
def test_a_word_that_is_put_there_is_one_step_to_undo_with_the_run_that_goes_on(
    window: MainWindow, qtbot: QtBot, how: str
) -> None:
    session, position = window.session, gap(window) + 4
    before, run, done = session.view.document, session.view.run, len(session.editor.undo_stack.steps)
    shown(window, qtbot, position)
    word = shown_piece(window.popover.candidates.rows[0].text)
    if how == "panel":
        rows = window.panel("position").list
        QTest.mouseClick(
            rows.viewport(), LEFT, NONE, rows.visualRect(window.panel("position").candidates.index(0)).center()
        )
    else:
        QTest.keyClick(window.canvas, Qt.Key.Key_1 if how == "digit" else Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE and session.view.run is not run)
    assert len(session.editor.undo_stack.steps) == done + 1
    assert window.actions_by_name["undo"].text() == f"&Undo Put “{word}” here"
    window.actions_by_name["undo"].trigger()
    assert session.view.document is before
    assert session.playhead.step == 1
    window.actions_by_name["redo"].trigger()
    assert session.view.document.locked[position]
    assert session.view.run is not run


def test_a_word_stays_put_where_the_run_that_goes_on_makes_nothing(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    session, position = window.session, gap(window) + 4
    run, done, engine.fail_at = session.view.run, len(session.editor.undo_stack.steps), 2
    shown(window, qtbot, position)
    QTest.keyClick(window.canvas, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: session.runs.state is RunState.FAILED)
    assert session.view.run is run
    assert session.view.document.locked[position]
    assert len(session.editor.undo_stack.steps) == done + 1
    window.actions_by_name["undo"].trigger()
    assert not session.view.document.locked[position]
