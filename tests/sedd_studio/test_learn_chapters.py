"""What is done in each chapter of Learn, by mouse and by keys, and how its figure answers."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, ModelLoaded
from engine.protocol.lessons.walking import WALKS
from sedd_studio.painting.lessons.grid import Grid
from sedd_studio.painting.lessons.locks import WIDER
from sedd_studio.painting.lessons.rule import matrices
from sedd_studio.record.chapters.walking import stand_of
from sedd_studio.record.settings import Settings
from sedd_studio.widgets.controls.lesson_controls import PressControl, WriteControl
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.learn_page import Open, lessons, open_chapter, pick, press, slide
from tests.sedd_studio.windows import window_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot) -> MainWindow:
    return window_of(make_session(engine), settings, qtbot)


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot) -> Open:
    return partial(open_chapter, window, qtbot)


# ---- all texts at once


def test_a_click_chooses_a_text_and_its_share_is_edited(window: MainWindow, opened: Open, qtbot: QtBot) -> None:
    panel, learning = opened(), window.services.learning
    assert learning.shown is not None
    grid = Grid.of(panel.figure.area, 2, states=3)
    QTest.mouseClick(panel.figure, LEFT, pos=grid.cell((0, 0)).center().toPoint())
    qtbot.waitUntil(lambda: not learning.waits)
    assert learning.choices["edited"] == 0
    share = slide(panel, "share")
    assert share.title.text() == "tick tick"
    assert share.slider.value() == 12
    share.slider.setFocus()
    for _ in range(3):
        QTest.keyClick(share.slider, Qt.Key.Key_Right)
    assert learning.choices["share"] == 15
    QTest.mouseClick(panel.figure, LEFT, pos=grid.cell((1, 1)).center().toPoint())
    qtbot.waitUntil(lambda: not learning.waits)
    assert learning.choices["law"][0] == 0.15
    assert sum(learning.choices["law"]) == pytest.approx(1)
    QTest.mouseClick(panel.figure, LEFT, pos=grid.cell((2, 2)).center().toPoint())
    assert panel.figure.shown is not None
    assert panel.figure.shown.figure.texts[learning.choices["chosen"]].tolist() == [2, 2]
    assert learning.choices["edited"] == 3  # a text with hidden words is not in the data


# ---- the concrete score


def test_a_text_is_chosen_by_click_by_key_and_from_the_list(window: MainWindow, opened: Open, qtbot: QtBot) -> None:
    panel, learning = opened("score"), window.services.learning
    grid = Grid.of(panel.figure.area, 2, states=3)
    QTest.mouseClick(panel.figure, LEFT, pos=grid.cell((2, 1)).center().toPoint())
    assert learning.choices["chosen"] == 7
    press(panel, Qt.Key.Key_Down)
    assert learning.choices["chosen"] == 8
    chosen = pick(panel, "chosen").list
    assert chosen is not None
    assert chosen.currentIndex() == 8
    chosen.setFocus()
    QTest.keyClick(chosen, Qt.Key.Key_Home)
    assert learning.choices["chosen"] == 0
    assert not panel.formula_button.isVisible()  # no way back leads from it


# ---- breaking a text


def test_an_own_sentence_is_broken_as_it_is_typed(window: MainWindow, opened: Open, qtbot: QtBot) -> None:
    panel, learning = opened("breaking"), window.services.learning
    line = panel.about.controls["sentence"]
    assert isinstance(line, WriteControl)
    assert line.line.cursorPosition() == 0  # however long it is, it is read from its begin
    line.line.setFocus()
    line.line.selectAll()
    QTest.keyClicks(line.line, "We walk home")
    qtbot.waitUntil(lambda: learning.shown is not None and len(learning.shown.figure.text) == 3)
    assert learning.shown is not None
    assert learning.shown.figure.names[:3] == ("We", "walk", "home")
    line.line.selectAll()
    QTest.keyClick(line.line, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: learning.shown is None)
    assert panel.figure.waiting.text() == "There is no word yet; write a sentence."
    QTest.keyClicks(line.line, "Home")
    qtbot.waitUntil(lambda: learning.shown is not None)
    QTest.keyClick(line.line, Qt.Key.Key_Return)
    assert panel.figure.hasFocus()  # its keys move the noise
    assert panel.figure.waiting.isHidden()


def test_other_accidents_strike_other_words(window: MainWindow, opened: Open, qtbot: QtBot) -> None:
    panel, learning = opened("breaking"), window.services.learning
    assert learning.shown is not None
    before = learning.shown.figure.first.tolist()
    again = panel.controls.controls["seed"]
    assert isinstance(again, PressControl)
    QTest.mouseClick(again.buttons[1], LEFT)
    qtbot.waitUntil(lambda: learning.shown is not None and learning.shown.choices["seed"] == 2)
    assert learning.shown.figure.first.tolist() != before


def test_a_broken_sentence_is_tried_with_its_hidden_words_as_gaps(window: MainWindow, opened: Open) -> None:
    panel, learning = opened("breaking"), window.services.learning
    learning.choose("level", 169)
    assert learning.shown is not None
    hidden = int((learning.shown.figure.accidents[169] > 0).sum())
    QTest.mouseClick(panel.try_button, LEFT)
    assert hidden > 0
    assert window.session.view.prompt.count("[") == 1  # of gaps beside each other one is made
    assert (window.session.view.document.tokens == FREE).sum() == 2 * hidden


# ---- the rule of the noise


def test_a_rate_is_edited_and_its_column_mended(window: MainWindow, opened: Open, qtbot: QtBot) -> None:
    panel, learning = opened("rule"), window.services.learning
    left, _ = matrices(panel.figure.area, 4)
    QTest.mouseClick(panel.figure, LEFT, pos=left.cell(1, 0).center().toPoint())
    qtbot.waitUntil(lambda: not learning.waits)
    rate = slide(panel, "rate")
    assert rate.title.text() == "sun to rain"
    assert rate.slider.value() == 0
    rate.slider.setFocus()
    QTest.keyClick(rate.slider, Qt.Key.Key_Right)
    assert learning.shown is not None
    rule = learning.shown.figure.rule[learning.choices["rate"]]
    assert rule[:, 0].tolist() == pytest.approx([-1.05, 0.05, 0.0, 1.0])
    assert not any(button.isChecked() for button in pick(panel, "kind").buttons.values())
    assert panel.about_says.text().startswith("A rule of your own.")
    QTest.mouseClick(panel.figure, LEFT, pos=left.cell(2, 1).center().toPoint())
    qtbot.waitUntil(lambda: not learning.waits)
    assert np.array(learning.choices["rates"])[:, 0].tolist() == pytest.approx([-1.05, 0.05, 0.0, 1.0])
    QTest.mouseClick(pick(panel, "kind").buttons["uniform"], LEFT)
    qtbot.waitUntil(lambda: not learning.waits)
    assert pick(panel, "kind").buttons["uniform"].isChecked()
    assert learning.shown.figure.rule[learning.choices["rate"], 1, 0] == 0.25


# ---- walking back


def test_walks_are_made_by_jumps_by_tens_and_all_at_once(window: MainWindow, opened: Open, qtbot: QtBot) -> None:
    panel, learning = opened("walking"), window.services.learning
    go = panel.controls.controls["go"]
    assert isinstance(go, PressControl)
    for ended in (0, 1, 1, 1, 2):  # two jumps a walk, and then the next begins
        press(panel, Qt.Key.Key_Right)
        assert learning.choices["ended"] == ended
    QTest.mouseClick(go.buttons[10], LEFT)
    assert learning.choices["ended"] == 12
    QTest.mouseClick(go.buttons[1000], LEFT)
    qtbot.waitUntil(lambda: not learning.waits)
    QTest.mouseClick(go.buttons["all"], LEFT)
    assert learning.choices["ended"] == WALKS
    assert go.buttons["all"].text() == "Start over"
    assert learning.shown is not None
    stand = stand_of(learning.shown)
    figure = learning.shown.figure
    assert figure.distance[stand.row] < figure.expected[stand.row] + 4 * figure.spread[stand.row]
    QTest.mouseClick(pick(panel, "factor").buttons[2.0], LEFT)
    qtbot.waitUntil(lambda: not learning.waits)
    assert learning.shown.figure.distance[-1] > 0.05
    QTest.mouseClick(go.buttons["all"], LEFT)
    assert learning.choices["ended"] == 0
    assert not panel.formula_button.isVisible()


# ---- many at once


def test_the_sampler_and_its_steps_are_chosen_by_keys(window: MainWindow, opened: Open, qtbot: QtBot) -> None:
    panel, learning = opened("many"), window.services.learning
    press(panel, Qt.Key.Key_Home)
    assert learning.choices["steps"] == 0
    press(panel, Qt.Key.Key_Right)
    assert learning.choices["steps"] == 1
    before = learning.choices["sampler"]
    press(panel, Qt.Key.Key_Down)
    chosen = pick(panel, "sampler").list
    assert chosen is not None
    assert chosen.currentData() == learning.choices["sampler"] != before
    learning.choose("sampler", "first-hitting")
    QTest.mouseClick(pick(panel, "noise").buttons["uniform"], LEFT)  # which has no such sampler
    assert learning.choices["sampler"] == "tweedie"
    assert chosen.findData("first-hitting") < 0


# ---- learning the score


def test_start_has_the_tables_learn_and_what_they_learn_moves_by_itself(
    window: MainWindow, engine: FakeEngine, opened: Open, qtbot: QtBot
) -> None:
    panel, learning = opened("training"), window.services.learning
    start = panel.controls.controls["start"]
    assert isinstance(start, PressControl)
    assert learning.shown is not None
    assert len(learning.shown.figure.step) == 1
    QTest.mouseClick(start.buttons[1], LEFT)
    assert learning.playing == "level"
    qtbot.waitUntil(lambda: not learning.waits)
    assert len(learning.shown.figure.step) > 1
    learning._move(1.0)
    level = learning.choices["level"]
    assert level > 0
    QTest.mouseClick(slide(panel, "level").play, LEFT)
    assert not learning.playing
    assert learning.choices["level"] == level
    asked = len(lessons(engine))
    press(panel, Qt.Key.Key_End)
    assert learning.choices["level"] == slide(panel, "level").slider.maximum()
    assert len(lessons(engine)) == asked
    assert "3000 of 3000" in slide(panel, "level").says.text()


def test_where_nothing_may_move_learning_is_shown_at_its_end(window: MainWindow, opened: Open, qtbot: QtBot) -> None:
    window.settings.set("reduced_motion", True)
    panel, learning = opened("training"), window.services.learning
    start = panel.controls.controls["start"]
    assert isinstance(start, PressControl)
    QTest.mouseClick(start.buttons[1], LEFT)
    qtbot.waitUntil(lambda: not learning.waits)
    assert not learning.playing
    assert learning.choices["level"] == slide(panel, "level").slider.maximum() > 0


# ---- words that stay


def test_a_click_locks_a_word_and_what_was_not_whole_is_asked_for_again(
    window: MainWindow, opened: Open, qtbot: QtBot
) -> None:
    panel, learning = opened("locks"), window.services.learning
    grid = Grid.of(panel.figure.area, 3, 3, WIDER)
    first, whole = learning.chapter.lesson(learning.choices), not learning.waits
    learning.choose("lock", 11)
    assert (first in learning._figures) == whole
    QTest.mouseClick(panel.figure, LEFT, pos=grid.cell((1, 0)).center().toPoint() - QPoint(9, 0))
    assert learning.choices["lock"] == 1
    learning.choose("way", "absorb")
    qtbot.waitUntil(lambda: learning.shown is not None and learning.shown.figure.word == 1)
    assert learning.shown is not None
    assert learning.shown.figure.place == 0


# ---- the real thing


def test_what_the_open_model_has_answered_is_asked_anew_when_another_one_comes(
    window: MainWindow, engine: FakeEngine, opened: Open, qtbot: QtBot
) -> None:
    opened("precision")
    panel, learning = opened("real"), window.services.learning
    kept = {lesson: figure for lesson, figure in learning._figures.items() if not lesson.of_model}
    asked, models = len(lessons(engine)), window.session.models
    assert panel.figure.shown is not None
    assert models.info is not None
    assert models.tokenizer is not None
    models.came.emit(ModelLoaded(0, models.info, models.tokenizer))
    assert learning.shown is None
    assert learning._figures == kept  # what asks no model holds whichever is open
    qtbot.waitUntil(lambda: len(lessons(engine)) == asked + 1 and learning.shown is not None)
