"""The page of Learn: figures follow what is chosen, by mouse and by keys, and say aloud what they show."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import partial

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.protocol import LoadModel
from sedd_studio.painting import theme as themes
from sedd_studio.painting.lessons import picture
from sedd_studio.record.chapters import CHAPTERS
from sedd_studio.record.settings import Settings
from sedd_studio.widgets.controls.lesson_controls import WriteControl
from sedd_studio.widgets.panels.learn_panel import CHAPTER_COLUMN
from sedd_studio.widgets.panels.trying_bar import TryingBar
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio import fake_engine
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.learn_page import Open, lessons, open_chapter, pick, press, slide
from tests.sedd_studio.windows import window_of

CTRL, LEFT = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.LeftButton


@pytest.fixture
def window(make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot) -> MainWindow:
    return window_of(make_session(engine), settings, qtbot)


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot) -> Open:
    return partial(open_chapter, window, qtbot)


def test_a_page_that_is_not_open_brings_nothing_in() -> None:
    program = (
        "import sys; import sedd_studio.window.main_window, sedd_studio.window.app;"
        "print([name for name in sys.modules if name.startswith(('ziamath', 'matplotlib', 'torch'))"
        " or 'lessons.' in name and not name.startswith('engine.protocol') or 'learn' in name or 'chapters' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_opens_by_its_keys_with_a_figure_and_nothing_is_asked_before(
    window: MainWindow, engine: FakeEngine, opened: Open
) -> None:
    assert not lessons(engine)
    panel = opened()
    assert window.places.page == "learn"
    assert not window.top_bar.isVisible()
    assert panel.title.text() == CHAPTERS["texts"]
    assert panel.figure.hasFocus()
    assert "texts" in window.settings["chapters"]
    QTest.keyClick(window, Qt.Key.Key_1, CTRL)
    assert window.top_bar.isVisible()


def test_a_slider_looks_up_and_asks_nothing(window: MainWindow, engine: FakeEngine, opened: Open) -> None:
    panel = opened()
    asked, before = len(lessons(engine)), panel.figure.grab().toImage()
    level = window.services.learning.choices["level"]
    press(panel, Qt.Key.Key_Right)
    press(panel, Qt.Key.Key_Right)
    press(panel, Qt.Key.Key_Left)
    assert window.services.learning.choices["level"] == level + 1
    press(panel, Qt.Key.Key_End)
    slider = slide(panel, "level").slider
    assert slider.value() == slider.maximum()
    assert panel.figure.grab().toImage() != before
    press(panel, Qt.Key.Key_Home)
    QTest.mouseClick(slider, LEFT, pos=QPoint(slider.width() - 3, slider.height() // 2))
    assert 0 < slider.value() == window.services.learning.choices["level"]
    assert len(lessons(engine)) == asked


def test_what_a_figure_shows_is_said_aloud(opened: Open) -> None:
    panel = opened()
    told = panel.figure.accessibleDescription()
    press(panel, Qt.Key.Key_Right)
    assert panel.figure.accessibleName() == CHAPTERS["texts"]
    assert panel.figure.accessibleDescription() != told
    interface = QAccessible.queryAccessibleInterface(panel.figure)
    assert "%" in interface.text(QAccessible.Text.Description)


def test_tab_leads_to_the_choice_that_is_made_and_arrows_to_another(
    window: MainWindow, opened: Open, qtbot: QtBot
) -> None:
    panel, learning = opened("precision"), window.services.learning
    assert learning.choices["groups"] == 16
    panel.figure.setFocus()
    groups = pick(panel, "groups").buttons
    for _ in range(12):
        focused = QApplication.focusWidget()
        assert focused is not None
        if focused in groups.values():
            break
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert groups[16].hasFocus()
    QTest.keyClick(groups[16], Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: not learning.waits)
    assert learning.choices["groups"] == 12
    assert groups[12].hasFocus()
    QTest.keyClick(groups[12], Qt.Key.Key_Tab)
    assert not any(button.hasFocus() for button in groups.values())


def test_to_type_in_a_chapter_costs_the_others_none_of_their_figures(
    window: MainWindow, engine: FakeEngine, opened: Open, qtbot: QtBot
) -> None:
    opened("precision")
    line = opened("breaking").about.controls["sentence"]
    assert isinstance(line, WriteControl)
    for _ in range(24):
        QTest.keyClicks(line.line, "a")
        qtbot.waitUntil(lambda: not window.services.learning.waits)
    asked = [lesson.chapter for lesson in lessons(engine)]
    opened("precision")
    assert [lesson.chapter for lesson in lessons(engine)].count("precision") == asked.count("precision") == 1


def test_another_noise_is_asked_for_once(window: MainWindow, engine: FakeEngine, opened: Open, qtbot: QtBot) -> None:
    panel = opened()
    qtbot.waitUntil(lambda: not window.services.learning.waits)
    buttons = pick(panel, "noise").buttons
    QTest.mouseClick(buttons["uniform"], LEFT)
    qtbot.waitUntil(lambda: panel.figure.shown is not None and panel.figure.shown.figure.noise == "uniform")
    qtbot.waitUntil(lambda: not window.services.learning.waits)
    assert len(panel.figure.shown.figure.texts) == 4  # type: ignore[union-attr]
    count = len(lessons(engine))
    QTest.mouseClick(buttons["absorb"], LEFT)
    assert panel.figure.shown.figure.noise == "absorb"  # type: ignore[union-attr]
    assert len(lessons(engine)) == count


def test_page_keys_and_buttons_turn_chapters(window: MainWindow, opened: Open) -> None:
    panel = opened()
    names = [*CHAPTERS]
    for name in names[names.index("texts") + 1 :]:
        QTest.keyClick(panel.figure, Qt.Key.Key_PageDown)
        assert window.services.learning.name == name
    QTest.keyClick(panel.figure, Qt.Key.Key_PageDown)
    assert window.services.learning.name == names[-1]
    assert not panel.on.isVisible()
    for name in reversed(names[:-1]):
        QTest.mouseClick(panel.back, LEFT)
        assert window.services.learning.name == name


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_has_room_in_a_small_window_and_scrolls_in_the_smallest(
    name: str, window: MainWindow, opened: Open, qapp: QApplication, qtbot: QtBot
) -> None:
    themes.apply(qapp, themes.LIGHT)
    window.resize(1280, 720)
    panel = opened(name)
    panel.formula_button.click()
    QApplication.processEvents()
    for controls in (panel.controls, panel.about):
        assert controls.width() >= controls.minimumSizeHint().width()
    assert panel.figure.height() >= 360
    qtbot.waitUntil(lambda: panel.figure.visibleRegion().boundingRect() == panel.figure.rect())
    window.resize(900, 560)
    QApplication.processEvents()
    assert panel.controls.width() >= panel.controls.minimumSizeHint().width()
    assert window.size() == QSize(900, 560)
    assert panel.left.width() < CHAPTER_COLUMN
    assert panel.beside.height() >= picture(name).least_beside
    assert panel.caption.heightForWidth(panel.caption.width()) <= panel.caption.height()
    QTest.mouseClick(
        panel.chapters.viewport(), LEFT, pos=panel.chapters.visualItemRect(panel.chapters.item(1)).center()
    )
    assert window.services.learning.name == "rule"  # by its number


def test_noise_moves_by_itself_unless_nothing_is_to_move(window: MainWindow, opened: Open) -> None:
    panel, learning = opened(), window.services.learning
    press(panel, Qt.Key.Key_End)
    QTest.mouseClick(slide(panel, "level").play, LEFT)
    assert learning.playing == "level"
    window.session.clock.tick()
    learning._move(1.0)
    assert 0 < learning.choices["level"] < slide(panel, "level").slider.maximum()
    learning._move(100.0)
    assert learning.choices["level"] == slide(panel, "level").slider.maximum()
    assert not learning.playing
    window.settings.set("reduced_motion", True)
    press(panel, Qt.Key.Key_Left)
    assert not slide(panel, "level").play.isVisible()
    learning.play("level")
    assert not learning.playing


def test_what_was_tried_in_the_studio_leads_back(window: MainWindow, opened: Open, qtbot: QtBot) -> None:
    panel = opened()
    QTest.mouseClick(panel.try_button, LEFT)
    assert window.places.page == "studio"
    trial = window.services.trying.trial
    assert trial is not None
    assert window.session.view.prompt == trial.prompt
    assert window.session.form.now.entries["samples"] == trial.entries["samples"]
    bar = window.findChild(TryingBar)
    assert bar is not None
    assert bar.isVisible()
    QTest.mouseClick(bar.back, LEFT)
    assert window.places.page == "learn"
    assert not bar.isVisible()
    assert panel.figure.isVisible()


def test_a_trial_opens_a_model_of_its_noise_first(
    window: MainWindow, engine: FakeEngine, opened: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened()
    QTest.mouseClick(pick(panel, "noise").buttons["uniform"], LEFT)
    qtbot.waitUntil(lambda: panel.figure.shown is not None and panel.figure.shown.figure.noise == "uniform")
    before = window.session.view.prompt
    monkeypatch.setattr(fake_engine, "INFO", replace(fake_engine.INFO, noise="uniform", mask_id=None))
    QTest.mouseClick(panel.try_button, LEFT)
    assert window.session.view.prompt == before
    qtbot.waitUntil(lambda: window.session.view.prompt != before)
    (asked,) = (each for each in engine.requests[1:] if isinstance(each, LoadModel))
    assert asked.path.endswith("stories-uniform")
    assert window.services.trying.trial is not None
    assert window.session.view.prompt == window.services.trying.trial.prompt


def test_a_run_that_supersedes_a_lesson_only_delays_it(window: MainWindow, opened: Open, qtbot: QtBot) -> None:
    panel, learning = opened(), window.services.learning
    learning._figures.clear()
    learning.choose("noise", "uniform")
    window.session.engine.supersede()
    qtbot.waitUntil(lambda: panel.figure.shown is not None and panel.figure.shown.figure.noise == "uniform")
