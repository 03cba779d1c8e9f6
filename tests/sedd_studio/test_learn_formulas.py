"""The formulas of Learn: they unfold, follow the numbers, and are typeset beside the window's thread."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.stopping import Stopped, stoppable
from sedd_studio.painting.lessons import typesetting
from sedd_studio.record.settings import Settings
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.learn_page import Open, open_chapter, press
from tests.sedd_studio.windows import window_of

LEFT = Qt.MouseButton.LeftButton
NUMBER = re.compile(r"\d+\.\d+")


@pytest.fixture
def window(make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot) -> MainWindow:
    return window_of(make_session(engine), settings, qtbot)


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot) -> Open:
    return partial(open_chapter, window, qtbot)


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


def test_the_library_is_asked_for_nothing_more_once_nobody_waits_for_a_formula() -> None:
    """Between what it is asked for, a thread gives way to the window's."""
    asked: list[bool] = []

    def ended() -> bool:
        asked.append(True)
        return len(asked) > 2

    with pytest.raises(Stopped), stoppable(ended):
        typesetting.prepare(r"x_{123456} = \sum_{k=1}^{654321} k_{98}")
    assert len(asked) == 3
    assert not typesetting.is_prepared(r"x_{123456} = \sum_{k=1}^{654321} k_{98}")
