"""A chapter fills the screen and follows a clicker, step by step; afterwards all is as it was."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from sedd_studio.painting import theme as themes
from sedd_studio.record.chapters import CHAPTERS, chapter
from sedd_studio.record.chapters.chapter import Slide
from sedd_studio.record.chapters.scripts import SCRIPTS, choices_at
from sedd_studio.record.settings import Settings
from sedd_studio.widgets.dialogs.presenter import Presenter
from sedd_studio.widgets.panels.learn_panel import LearnPanel
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.on_screen import Key, Open, by_f5, figure, left
from tests.sedd_studio.windows import press, window_of

BUTTONS = {"seed", "start"}
"""Choices that do something each time."""


@pytest.fixture
def window(make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot) -> MainWindow:
    settings.set("reduced_motion", True)  # what moves is at its end at once
    return window_of(make_session(engine), settings, qtbot)


@pytest.fixture
def presented(window: MainWindow, qtbot: QtBot) -> Open:
    return partial(by_f5, window, qtbot)


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
