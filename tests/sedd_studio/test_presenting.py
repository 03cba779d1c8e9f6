"""What is on show fills the screen and follows a clicker; afterwards all is as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from sedd_studio.background.keeper import Keeper
from sedd_studio.painting import theme as themes
from sedd_studio.record.chapters import CHAPTERS, chapter
from sedd_studio.record.chapters.chapter import Slide
from sedd_studio.record.chapters.scripts import SCRIPTS, choices_at
from sedd_studio.record.settings import Settings
from sedd_studio.session.state import RunState
from sedd_studio.widgets.canvas.presented_text import SMALLEST, PresentedText
from sedd_studio.widgets.dialogs.presenter import Presenter
from sedd_studio.widgets.panels.learn_panel import LearnPanel
from sedd_studio.widgets.panels.presented_figure import PresentedFigure
from sedd_studio.widgets.panels.sample_picture import SamplePicture
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.presenting import present
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

Key = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier
BUTTONS = {"seed", "start"}
"""Choices that do something each time."""
Open = Callable[..., Presenter]


@pytest.fixture
def window(make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot) -> MainWindow:
    settings.set("reduced_motion", True)  # what moves is at its end at once
    return window_of(make_session(engine), settings, qtbot)


@pytest.fixture
def presented(window: MainWindow, qtbot: QtBot) -> Open:
    """Presents a chapter, or the text, by F5."""

    def show(name: str = "") -> Presenter:
        if name:
            learning = window.services.learning
            learning.open(name)
            QTest.keyClick(window, Key.Key_6, Qt.KeyboardModifier.ControlModifier)
            qtbot.waitUntil(lambda: learning.shown is not None)
        QTest.keyClick(window, Key.Key_F5)
        presenter = window.findChild(Presenter)
        assert presenter is not None
        qtbot.waitUntil(presenter.isActiveWindow)
        return presenter

    return show


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key goes to what has the focus."""
    control = QApplication.focusWidget()
    assert control is not None
    QTest.keyClick(control, key, modifiers)
    QApplication.processEvents()


def left(window: MainWindow, qtbot: QtBot, key: Qt.Key = Key.Key_Escape) -> None:
    """Ends it by a key."""
    press(key)
    qtbot.waitUntil(lambda: window.findChild(Presenter) is None)


def figure(presenter: Presenter) -> PresentedFigure:
    assert isinstance(presenter.stage, PresentedFigure)
    return presenter.stage


# ---- chapters


def test_a_chapter_fills_the_screen_as_it_stands_and_both_keys_lead_back(
    window: MainWindow, presented: Open, qtbot: QtBot
) -> None:
    learning = window.services.learning
    for key in (Key.Key_Escape, Key.Key_F5):
        presenter = presented("texts")
        kept, shown = learning.kept(), learning.shown
        assert presenter.isFullScreen()
        stage = figure(presenter)
        assert stage.figure.hasFocus()
        assert stage.figure.shown == shown
        assert stage.caption.text() == learning.chapter.caption(learning.shown)  # type: ignore[arg-type]
        press(Key.Key_PageDown)
        press(Key.Key_PageDown)
        press(Key.Key_Right)
        assert learning.kept() != kept
        left(window, qtbot, key)
        assert window.places.page == "learn"
        assert learning.kept() == kept
        qtbot.waitUntil(lambda: learning.shown is not None)
        assert learning.shown is not None
        assert learning.shown.choices == kept[1]["texts"]
        assert window.isActiveWindow()


@pytest.mark.parametrize("name", CHAPTERS)
def test_each_step_sets_what_it_names_and_the_figure_answers(
    name: str, window: MainWindow, presented: Open, qtbot: QtBot
) -> None:
    stage, learning = figure(presented(name)), window.services.learning
    steps = SCRIPTS[name]
    assert 3 <= len(steps) <= 6
    for number, step in enumerate(steps):
        press(Key.Key_PageDown)
        wanted = choices_at(learning.chapter, name, number, learning.choices)
        assert {**learning.choices, step.plays: 0} == {**wanted, step.plays: 0}
        for choice, value in step.sets.items():
            if choice not in BUTTONS:
                assert learning.choices[choice] == value
        qtbot.waitUntil(lambda: learning.shown is not None and learning.shown.choices == learning.choices)
        assert not learning.refusal
        assert stage.caption.text() == step.says
        assert stage.figure.shown is learning.shown
        assert stage.figure.accessibleDescription() == learning.chapter.spoken(learning.shown)  # type: ignore[arg-type]
    following = learning.beside(1) or name
    press(Key.Key_PageDown)
    assert learning.name == following


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_step_is_one_sentence_that_sets_choices_of_its_chapter(name: str) -> None:
    told = chapter(name)
    begun = told.start()
    lasts = {each.name: each.last for each in told.controls(begun, None) if isinstance(each, Slide)}
    for step in SCRIPTS[name]:
        assert step.says.endswith(".")
        assert step.says.count(". ") == 0
        assert len(step.says) <= 100
        assert set(step.sets) <= set(begun) | BUTTONS
        for choice, value in step.sets.items():
            if choice in lasts and name != "training":
                assert 0 <= value <= lasts[choice]


def test_the_last_step_leads_to_the_next_chapter_and_the_first_one_back(
    window: MainWindow, presented: Open, qtbot: QtBot
) -> None:
    stage, learning = figure(presented("score")), window.services.learning
    for _ in range(len(SCRIPTS["score"]) + 1):
        press(Key.Key_PageDown)
    assert learning.name == "walking"
    assert stage.caption.text() == SCRIPTS["walking"][0].says
    assert stage.title.text().startswith("5")
    press(Key.Key_PageUp)
    assert learning.name == "score"
    assert stage.caption.text() == SCRIPTS["score"][-1].says
    press(Key.Key_PageUp)
    assert stage.caption.text() == SCRIPTS["score"][-2].says
    left(window, qtbot)
    assert learning.name == "score"
    page = window.findChild(LearnPanel)
    assert page is not None
    assert page.title.text() == CHAPTERS["score"]


def test_before_the_first_chapter_and_after_the_last_there_is_nothing(window: MainWindow, presented: Open) -> None:
    stage, learning = figure(presented("breaking")), window.services.learning
    press(Key.Key_PageDown)
    press(Key.Key_PageUp)
    assert stage.caption.text() == SCRIPTS["breaking"][0].says
    assert learning.name == "breaking"


def test_a_slider_goes_to_where_a_step_sets_it_before_ones_eyes(
    window: MainWindow, presented: Open, qtbot: QtBot
) -> None:
    presented("texts")
    learning, presenting = window.services.learning, window.services.presenting
    window.settings.set("reduced_motion", False)
    press(Key.Key_PageDown)
    presenting._glide.arrive()
    assert learning.choices["level"] == 0
    press(Key.Key_PageDown)
    presenting._glide._move(0.6)  # half of the way
    wanted = SCRIPTS["texts"][1].sets["level"]
    assert 0 < learning.choices["level"] < wanted
    qtbot.waitUntil(lambda: learning.choices["level"] == wanted)
    press(Key.Key_PageDown)
    press(Key.Key_PageUp)  # before it has come there
    qtbot.waitUntil(lambda: learning.choices["level"] == wanted and not presenting._glide.under_way)


def test_what_moves_by_itself_does_where_it_may(window: MainWindow, presented: Open, qtbot: QtBot) -> None:
    presented("texts")
    learning = window.services.learning
    seen = []
    for calm in (True, False, False):
        window.settings.set("reduced_motion", calm)
        press(Key.Key_Space)
        seen.append(learning.playing)
    assert seen == ["", "level", ""]


def test_a_sentence_of_ones_own_is_presented(window: MainWindow, presented: Open, qtbot: QtBot) -> None:
    learning = window.services.learning
    learning.choose("sentence", "We walk home")
    stage = figure(presented("breaking"))
    press(Key.Key_PageDown)
    qtbot.waitUntil(lambda: learning.shown is not None and len(learning.shown.figure.text) == 3)
    assert "We walk home" in stage.figure.accessibleDescription()


def test_the_formula_is_there_if_it_was_unfolded_and_by_its_key(
    window: MainWindow, presented: Open, qtbot: QtBot
) -> None:
    stage = figure(presented("texts"))
    assert not stage.formula.isVisible()
    press(Key.Key_F)
    assert stage.formula.isVisible()
    before = stage.formula.lines
    press(Key.Key_Left)
    assert stage.formula.lines != before
    left(window, qtbot)
    page = window.findChild(LearnPanel)
    assert page is not None
    page.formula_button.click()
    assert figure(presented("texts")).formula.isVisible()


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1280, 720)])
@pytest.mark.parametrize("name", ["breaking", "score", "real"])
def test_type_is_large_enough_for_the_last_row_and_nothing_is_cut_off(
    name: str, width: int, height: int, window: MainWindow, presented: Open, qapp: QApplication
) -> None:
    themes.apply(qapp, themes.LIGHT)
    presenter = presented(name)
    presenter.resize(width, height)
    QApplication.processEvents()
    stage = figure(presenter)
    assert stage.size() == presenter.size()
    for _ in range(2):
        assert stage.caption.font().pixelSize() >= height / 34
        assert stage.caption.heightForWidth(stage.caption.width()) <= stage.caption.height()
        press(Key.Key_PageDown)
        assert stage.caption.font().pixelSize() >= height / 28
    assert stage.title.font().pixelSize() >= height / 45
    assert stage.figure.height() / (stage.figure.area.height() + 24) == pytest.approx(height / 600, rel=0.01)
    for part in stage.findChildren(QWidget):
        if part.isVisible():
            assert stage.rect().contains(part.rect().translated(part.mapTo(stage, QPoint())))


def test_a_click_chooses_what_it_hits_on_a_large_figure_too(window: MainWindow, presented: Open, qtbot: QtBot) -> None:
    from sedd_studio.painting.lessons.grid import Grid

    presenter, learning = presented("score"), window.services.learning
    presenter.resize(1920, 1080)
    QApplication.processEvents()
    view = figure(presenter).figure
    cell = Grid.of(view.area, 2, states=3).cell((2, 1)).center()
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=(cell * view._scale).toPoint())
    assert learning.choices["chosen"] == 7


# ---- black, and the pointer


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


def test_a_sentence_that_is_being_typed_is_presented(window: MainWindow, presented: Open, qtbot: QtBot) -> None:
    learning = window.services.learning
    presented("breaking")
    left(window, qtbot)
    page = window.findChild(LearnPanel)
    assert page is not None
    line = page.about.in_order()[0]
    line.setFocus()
    press(Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(line, "We walk home")
    press(Key.Key_F5)
    presenter = window.findChild(Presenter)
    assert presenter is not None
    qtbot.waitUntil(lambda: learning.shown is not None and len(learning.shown.figure.text) == 3)
    assert "We walk home" not in page.figure.accessibleDescription()  # some of it is struck
    qtbot.waitUntil(presenter.isActiveWindow)
    press(Key.Key_PageDown)
    assert "We walk home" in figure(presenter).figure.accessibleDescription()


def test_it_ends_with_the_window(window: MainWindow, presented: Open) -> None:
    presenter = presented("texts")
    window.close()
    assert not presenter.isVisible()


def test_a_button_of_the_page_presents_the_chapter(window: MainWindow, presented: Open, qtbot: QtBot) -> None:
    presented("texts")
    left(window, qtbot)
    page = window.findChild(LearnPanel)
    assert page is not None
    page.present_button.setFocus()
    press(Key.Key_Return)
    presenter = window.findChild(Presenter)
    assert presenter is not None
    assert figure(presenter).title.text().endswith(CHAPTERS["texts"])


def test_what_is_presented_already_is_not_presented_twice(window: MainWindow, presented: Open) -> None:
    presenter = presented()
    window.actions_by_name["present"].trigger()
    assert window.findChildren(Presenter) == [presenter]


# ---- the text of the studio


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
