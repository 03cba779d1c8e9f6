"""What is done with a selection: by the bar beside it, by the canvas's own menu, by keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, Generate, Score
from sedd_studio.record.settings import Settings
from sedd_studio.session.state import RunState
from sedd_studio.widgets.canvas.selection_bar import MENU
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.test_widgets_canvas import Left, NoMods, free_word
from tests.sedd_studio.windows import window_of


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    """A finished run."""
    scene.run(16)
    scene.play(16)
    return window_of(scene.session, scene.settings, qtbot)


def select(window: MainWindow, run: tuple[int, int]) -> None:
    """Draws a selection with the mouse."""
    view, picture = window.canvas.viewport(), window.canvas.picture
    start, stop = picture.middle(run[0]).toPoint(), picture.middle(run[1] - 1).toPoint()
    QTest.mousePress(view, Left, NoMods, start)
    QTest.mouseMove(view, (start + stop) / 2 + QPoint(4, 0))
    QTest.mouseMove(view, stop)
    assert not window.selection_bar.isVisible()
    QTest.mouseRelease(view, Left, NoMods, stop)


def press(window: MainWindow, name: str) -> None:
    QTest.mouseClick(window.selection_bar.buttons[name], Left)


def generated(scene: Scene) -> Generate:
    request = scene.runner.requests[-1]
    assert isinstance(request, Generate)
    return request


@pytest.fixture
def word(scene: Scene, window: MainWindow) -> tuple[int, int]:
    """A free word of two tokens, selected."""
    word = free_word(scene, tokens=2, after=60)
    select(window, word)
    assert scene.session.view.selection == word
    return word


def test_the_bar_is_at_the_selection_and_moves_nothing(scene: Scene, window: MainWindow, qtbot: QtBot) -> None:
    layout, places = window.canvas.picture.layout, [part.geometry() for part in (window.canvas, window.timeline)]
    bar, words = window.selection_bar, scene.session.view.words()
    for word in (words[2], words[len(words) // 2], words[-2]):
        select(window, word)
        first, last = window.canvas.picture.ends_of(word)
        assert bar.isVisible()
        assert window.canvas.viewport().rect().contains(bar.geometry())
        assert bar.geometry().bottom() < first.center().y() or bar.geometry().top() > last.center().y()
    assert window.canvas.picture.layout is layout
    assert [part.geometry() for part in (window.canvas, window.timeline)] == places
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert not bar.isVisible()


@pytest.mark.parametrize("size", [(1280, 720), (1600, 1000)])
def test_the_bar_lies_on_no_words_where_there_is_room(
    scene: Scene, window: MainWindow, size: tuple[int, int], qtbot: QtBot
) -> None:
    window.resize(*size)
    QApplication.processEvents()
    picture, words = window.canvas.picture, scene.session.view.words()
    line = picture.layout.line_height
    assert picture.height <= window.canvas.viewport().height()
    for word in words[::3]:
        scene.session.view.select(word)
        bar = window.selection_bar.geometry()
        assert window.canvas.viewport().rect().contains(bar)
        under = [
            place
            for place in range(len(scene.session.view.document.tokens))
            if abs(picture.middle(place).y() - bar.center().y()) < (line + bar.height()) / 2 - 6
            and bar.left() <= picture.middle(place).x() <= bar.right()
        ]
        assert not under, (word, under)


def test_the_bar_may_lie_on_a_gap(scene: Scene, window: MainWindow) -> None:
    scene.session.editor.set_prompt(f"[60] The end. {'The end. ' * 20}")
    scene.session.view.select((60, 62))
    first, _ = window.canvas.picture.ends_of((60, 62))
    assert abs(window.selection_bar.geometry().bottom() - first.top()) < 12


@pytest.mark.parametrize("width", [900, 1280])
def test_the_bar_fits_a_narrow_canvas(scene: Scene, window: MainWindow, width: int) -> None:
    window.resize(width, 560)
    QApplication.processEvents()
    select(window, scene.session.view.words()[2])
    assert window.canvas.viewport().rect().contains(window.selection_bar.geometry())
    texts = [button.accessibleName() for button in window.selection_bar.buttons.values()]
    assert texts == ["Unlock", "Redraw", "Alternatives", "Gap", "Only these words", "Noise again"]


def test_the_bar_goes_with_the_text_and_out_of_sight(qtbot: QtBot, tmp_path: Path) -> None:
    scene = Scene(tmp_path, repeat=4)
    window = window_of(scene.session, scene.settings, qtbot)
    select(window, scene.session.view.words()[40])
    top = window.selection_bar.y()
    bar = window.canvas.verticalScrollBar()
    bar.setValue(30)
    assert window.selection_bar.y() == top - 30
    bar.setValue(bar.maximum())
    assert not window.selection_bar.isVisible()


def test_its_buttons_lock_make_a_gap_and_redraw_and_the_canvas_keeps_the_focus(
    scene: Scene, window: MainWindow, word: tuple[int, int]
) -> None:
    session = scene.session
    press(window, "toggle_lock")
    assert session.view.document.locked[slice(*word)].all()
    assert window.selection_bar.buttons["toggle_lock"].accessibleName() == "Unlock"
    assert not window.selection_bar.buttons["draw_again"].isEnabled()
    press(window, "toggle_lock")
    assert not session.view.document.locked[slice(*word)].any()
    press(window, "draw_again")
    assert np.flatnonzero(generated(scene).tokens == FREE).tolist() == list(range(*word))
    scene.start()
    scene.play(16)
    press(window, "take_out")
    assert (session.view.canvas().tokens[slice(*word)] == FREE).all()
    assert window.canvas.hasFocus()


def test_the_bar_is_reached_by_tab_and_left_by_escape(scene: Scene, window: MainWindow, word: tuple[int, int]) -> None:
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
    first = window.selection_bar.buttons["toggle_lock"]
    assert first.hasFocus()
    QTest.keyClick(first, Qt.Key.Key_Space)
    assert scene.session.view.document.locked[slice(*word)].all()
    QTest.keyClick(first, Qt.Key.Key_Escape)
    assert scene.session.view.selection is None
    assert window.canvas.hasFocus()


def test_noise_again_sends_the_selection_back_and_goes_on_with_new_draws(
    scene: Scene, window: MainWindow, word: tuple[int, int]
) -> None:
    run, visible = scene.session.view.run, scene.session.view.canvas().tokens.copy()
    assert run is not None
    seed = generated(scene).seed
    press(window, "noise_again")
    request = generated(scene)
    assert request.start is not None
    assert np.flatnonzero(request.start[0] == FREE).tolist() == list(range(*word))
    np.testing.assert_array_equal(
        np.delete(request.start[0], np.s_[slice(*word)]), np.delete(visible, np.s_[slice(*word)])
    )
    left = 16 - (request.first_step - 1)
    assert (left - 1) * run.free < 2 * 16 <= left * run.free  # so much noise as two tokens are of all that are free
    assert request.seed != seed


def test_under_noise_without_a_mask_other_tokens_are_drawn(qtbot: QtBot, tmp_path: Path) -> None:
    scene = Scene(tmp_path, noise="uniform")
    scene.run(16)
    scene.play(16)
    window = window_of(scene.session, scene.settings, qtbot)
    start = next(p for p in range(60, 90) if not scene.session.view.document.locked[p : p + 9].any())
    scene.session.view.select((start, start + 9))
    visible = scene.session.view.canvas().tokens.copy()
    press(window, "noise_again")
    request = generated(scene)
    assert request.start is not None
    assert (request.start >= 0).all()
    changed = np.flatnonzero(request.start[0] != visible)
    assert len(changed) > 5
    assert set(changed.tolist()) <= set(range(start, start + 9))


def test_alternatives_are_drawn_at_once_and_gone_through_in_place(
    scene: Scene, window: MainWindow, word: tuple[int, int]
) -> None:
    session, bar = scene.session, window.selection_bar
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_F3)
    request = generated(scene)
    assert request.samples == 5
    assert np.flatnonzero(request.tokens == FREE).tolist() == list(range(*word))
    scene.start()
    scene.play(16)
    asked = len(scene.runner.requests)
    assert session.view.selection == word
    assert bar.buttons["alternatives"].text() == "Alternative 1 of 5"
    for shown in (1, 2, 3, 4, 0, 1):
        QTest.keyClick(window.canvas, Qt.Key.Key_F3)
        assert session.playhead.sample == shown
    QTest.keyClick(window.canvas, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    assert session.playhead.sample == 0
    press(window, "alternatives")
    assert bar.buttons["alternatives"].text() == "Alternative 2 of 5"
    assert len(scene.runner.requests) == asked
    other = free_word(scene)
    session.view.select(other)
    QTest.keyClick(window.canvas, Qt.Key.Key_F3)
    assert np.flatnonzero(generated(scene).tokens == FREE).tolist() == list(range(*other))


@pytest.mark.parametrize("inside", [True, False])
def test_the_menu_of_the_canvas_is_for_the_selection_or_the_word_there(
    scene: Scene, window: MainWindow, word: tuple[int, int], inside: bool
) -> None:
    other = scene.session.view.words()[3]
    place = window.canvas.picture.middle((word if inside else other)[0]).toPoint()
    viewport = window.canvas.viewport()
    QApplication.sendEvent(
        viewport, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, viewport.mapToGlobal(place))
    )
    assert scene.session.view.selection == (word if inside else other)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    actions = [action for action in menu.actions() if not action.isSeparator()]
    assert actions == [window.actions_by_name[name] for name in MENU if name != "-"]
    locked = bool(scene.session.view.document.locked[other[0]])
    actions[0].trigger()
    menu.close()
    if not inside:
        assert scene.session.view.document.locked[other[0]] is not locked


def test_alternatives_are_ranked_given_all_else_and_gone_through_from_the_likeliest(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot
) -> None:
    session = make_session(engine)
    session.form.set(steps=6)
    window = window_of(session, settings, qtbot)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    start = int((~session.view.document.locked).argmax())
    session.view.select((start, start + 3))
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_F3)
    qtbot.waitUntil(lambda: session.playhead.samples == 5 and session.runs.state is RunState.DONE)
    engine.nats_of = lambda request: float(request.tokens[start] % 7)
    window.actions_by_name["rank_samples"].trigger()
    ranking = window.services.ranking
    qtbot.waitUntil(lambda: all(ranking.place(sample) is not None for sample in range(5)))
    scores = [request for request in engine.requests if isinstance(request, Score)]
    assert {tuple(np.flatnonzero(~score.given).tolist()) for score in scores} == {(start, start + 1, start + 2)}
    ranks = []
    for _ in range(5):
        QTest.keyClick(window.canvas, Qt.Key.Key_F3)
        place = ranking.place(session.playhead.sample)
        assert place is not None
        ranks.append(place.rank)
    first = ranks.index(1)
    assert ranks[first:] + ranks[:first] == sorted(ranks)
