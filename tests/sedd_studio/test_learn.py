"""The page of Learn: figures follow what is chosen, by mouse and by keys, and say aloud what they show."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, Lesson, LoadModel, ModelLoaded
from engine.protocol.lessons.walking import WALKS
from sedd_studio.painting import theme as themes
from sedd_studio.painting.lessons import picture, typesetting
from sedd_studio.painting.lessons.grid import Grid
from sedd_studio.painting.lessons.locks import WIDER
from sedd_studio.painting.lessons.rule import matrices
from sedd_studio.record.chapters import CHAPTERS
from sedd_studio.record.chapters.walking import stand_of
from sedd_studio.record.settings import Settings
from sedd_studio.widgets.controls.lesson_controls import PickControl, PressControl, SlideControl, WriteControl
from sedd_studio.widgets.panels.learn_panel import CHAPTER_COLUMN, LearnPanel
from sedd_studio.widgets.panels.trying_bar import TryingBar
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio import fake_engine
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import window_of

CTRL, LEFT = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.LeftButton
NUMBER = re.compile(r"\d+\.\d+")
RESULT = re.compile(r"\\result\{([^}]*)\}")
Open = Callable[..., LearnPanel]


@pytest.fixture
def window(make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot) -> MainWindow:
    return window_of(make_session(engine), settings, qtbot)


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot) -> Open:
    """Shows a chapter, by keys, with its figure."""

    def show(name: str = "texts") -> LearnPanel:
        QTest.keyClick(window, Qt.Key.Key_6, CTRL)
        qtbot.waitUntil(lambda: window.findChild(LearnPanel) is not None and page(window).figure.shown is not None)
        made = page(window)
        place = [*CHAPTERS].index(name)
        made.chapters.setFocus()
        QTest.keyClick(made.chapters, Qt.Key.Key_Home)
        for _ in range(place):
            QTest.keyClick(made.chapters, Qt.Key.Key_Down)
        qtbot.waitUntil(lambda: window.services.learning.name == name and made.figure.shown is not None)
        made.figure.setFocus()
        return made

    return show


def page(window: MainWindow) -> LearnPanel:
    found = window.findChild(LearnPanel)
    assert found is not None
    return found


def lessons(engine: FakeEngine) -> list[Lesson]:
    return [request for request in engine.requests if isinstance(request, Lesson)]


def slide(panel: LearnPanel, name: str) -> SlideControl:
    control = panel.controls.controls[name]
    assert isinstance(control, SlideControl)
    return control


def pick(panel: LearnPanel, name: str) -> PickControl:
    control = panel.controls.controls[name]
    assert isinstance(control, PickControl)
    return control


def press(panel: LearnPanel, key: Qt.Key) -> None:
    QTest.keyClick(panel.figure, key)
    QApplication.processEvents()


# ---- the page


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


# ---- formulas


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{0.1234}{e^{0.56}-1} = \result{7.890}",
        r"s_1 = 0.5 \cdot (0.12)^2",
        r"\sum_{j=1}^{24} 0.5 \, x_{36}^{78}",
    ],
)
def test_a_formula_whose_digits_change_is_as_if_it_were_typeset_anew(latex: str) -> None:
    other = re.sub(r"\d+(\.\d+)?", lambda found: found[0].translate(str.maketrans("0123456789", "9876543210")), latex)
    typesetting.typeset(other)
    quick, whole = typesetting.typeset(latex), typesetting._set(latex)
    assert [glyph.sign for glyph in quick.glyphs] == [glyph.sign for glyph in whole.glyphs]
    assert [glyph.stands_out for glyph in quick.glyphs] == [glyph.stands_out for glyph in whole.glyphs]
    for one, another in zip(quick.glyphs, whole.glyphs, strict=True):
        assert one.place.dx() == pytest.approx(another.place.dx(), abs=2)  # of 20 pixels
        assert one.place.dy() == pytest.approx(another.place.dy(), abs=1)


def test_a_formula_unfolds_and_follows_the_slider(opened: Open) -> None:
    panel = opened()
    assert not panel.formula.isVisible()
    QTest.mouseClick(panel.formula_button, LEFT)
    assert panel.formula.isVisible()
    before = panel.formula.lines
    assert NUMBER.findall(" ".join(before))
    press(panel, Qt.Key.Key_Right)
    assert panel.formula.lines != before


def test_a_formula_that_unfolds_needs_no_room_that_is_not_there(window: MainWindow, opened: Open) -> None:
    window.resize(1280, 720)
    panel = opened("breaking")
    QTest.mouseClick(panel.formula_button, LEFT)
    assert panel.open_chapter.minimumSizeHint().height() < 720  # at once, before anything is laid out again


def test_a_formula_that_is_new_is_made_ready_beside_the_windows_thread(
    opened: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In it, it held the window for longer than anything else."""
    view = opened().formula
    threads: list[int] = []
    whole, go_on = typesetting._set, threading.Event()

    def noted(latex: str) -> typesetting.Typeset:
        threads.append(threading.get_ident())
        go_on.wait(10)
        return whole(latex)

    monkeypatch.setattr(typesetting, "_set", noted)
    view.show_lines(("newest = 1", "other = 2"))
    view.show_lines(("latest = 34",))  # those before are not wanted any more
    assert view.waits
    go_on.set()
    qtbot.waitUntil(lambda: not view.waits)
    assert view.lines == ("latest = 34",)
    assert [len(line.glyphs) for line in view._set] == [len("latest=34")]
    assert threading.get_ident() not in threads
    made, signs = len(threads), [glyph.sign for glyph in view._set[0].glyphs]
    view.show_lines(("latest = 56",))  # a number alone is another: it is there at once
    assert [glyph.sign for glyph in view._set[0].glyphs] != signs
    assert len(threads) == made


@pytest.fixture
def without_the_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Formulas have to be typeset anew, and cannot be."""
    for forget in (typesetting._shape.cache_clear, typesetting._digits.cache_clear, typesetting._prepared.clear):
        forget()
    monkeypatch.setitem(sys.modules, "ziamath", None)
    yield
    typesetting._shape.cache_clear()
    typesetting._prepared.clear()


@pytest.mark.usefixtures("without_the_library")
def test_without_the_library_of_formulas_a_sentence_stands_in_their_place(opened: Open, qtbot: QtBot) -> None:
    panel = opened()
    QTest.mouseClick(panel.formula_button, LEFT)
    qtbot.waitUntil(lambda: bool(panel.formula.refusal))
    assert panel.formula.refusal == (
        'The window needs ziamath, which is not installed; run: pip install "sedd-studio[studio]"'
    )
    typesetting._digits.cache_clear()


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
