"""A fresh page is written on at once: the caret stands where it begins, and is seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.language.spare_tokens import of_bases
from engine.language.tokenizers import Tokenizer
from engine.protocol import Generate
from sedd_studio.background.keeper import Keeper
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

Control = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(scene: Scene, qtbot: QtBot, keeper: Keeper) -> MainWindow:
    window = window_of(scene.session, scene.settings, qtbot, keeper)
    scene.run(8)
    scene.play(8)
    return window


def caret_is_drawn(window: MainWindow) -> bool:
    """Whether the outline of the caret stands at the first word."""
    QApplication.processEvents()
    canvas = window.canvas
    place = canvas.picture.first_line_of(canvas.caret.run)
    picture, accent = canvas.viewport().grab().toImage(), QColor(window.look.colour("accent"))
    column = (picture.pixelColor(QPoint(x, place.center().y())) for x in range(place.left() - 8, place.left() + 2))
    return accent in list(column)


def test_the_caret_is_seen_as_soon_as_the_window_is(scene: Scene, qtbot: QtBot) -> None:
    window = window_of(scene.session, scene.settings, qtbot)
    assert window.canvas.hasFocus()
    assert caret_is_drawn(window)
    window.top_bar.run_button.setFocus()
    assert not caret_is_drawn(window)


@pytest.mark.parametrize(
    ("page", "word"), [("studio", "Lions"), ("studio", "river"), ("history", "fox"), ("history", "7 stars")]
)
def test_a_fresh_page_is_written_on_at_once(window: MainWindow, scene: Scene, page: str, word: str) -> None:
    window.canvas.caret.put(30)
    window.places.show_page(page)
    if page == "studio":
        window.run_form.main.controls["steps"].setFocus()
    QTest.keyClick(window, Qt.Key.Key_N, Control)
    assert QApplication.focusWidget() is window.canvas
    assert window.canvas.caret.position == 0
    assert caret_is_drawn(window)
    asked = len(scene.runner.requests)
    QTest.keyClicks(window.canvas, word[0])
    editor = window.canvas.line.editor
    assert editor is not None
    QTest.keyClicks(editor, word[1:])
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert window.session.view.prompt == f"{word} [63]"
    assert len(scene.runner.requests) == asked


def test_what_is_typed_next_goes_on_after_the_words_before(window: MainWindow, scene: Scene) -> None:
    QTest.keyClick(window, Qt.Key.Key_N, Control)
    asked = len(scene.runner.requests)
    for word in ("Once", "Lions", "ran"):
        QTest.keyClicks(window.canvas, word[0])
        assert window.canvas.line.editor is not None
        QTest.keyClicks(window.canvas.line.editor, word[1:])
        QTest.keyClick(window.canvas.line.editor, Qt.Key.Key_Return)
        assert window.canvas.hasFocus()
        assert window.canvas.line.editor is None
    assert window.session.view.prompt.startswith("Once Lions ran [")
    assert len(scene.runner.requests) == asked
    QTest.keyClick(window.canvas, Qt.Key.Key_Left)  # at a word letters are commands
    QTest.keyClick(window.canvas, Qt.Key.Key_L)
    assert window.session.view.prompt.startswith("Once Lions [")


def test_an_input_method_writes_on_a_fresh_page(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_N, Control)
    event = QInputMethodEvent()
    event.setCommitString("Fox")
    QApplication.sendEvent(window.canvas, event)
    assert window.canvas.line.editor is not None
    QTest.keyClick(window.canvas.line.editor, Qt.Key.Key_Return)
    assert window.session.view.prompt == "Fox [63]"


def test_words_take_up_the_gap_where_there_is_no_other_room(scene: Scene, qtbot: QtBot) -> None:
    window = window_of(scene.session, scene.settings, qtbot)
    scene.load(replace(scene.info, name="short", length=64))
    QTest.keyClick(window, Qt.Key.Key_N, Control)
    QTest.keyClicks(window.canvas, "T")
    assert window.canvas.line.editor is not None
    QTest.keyClicks(window.canvas.line.editor, "he little fox [9]")
    QTest.keyClick(window.canvas.line.editor, Qt.Key.Key_Return)
    assert window.session.errors.current is None
    assert len(window.session.view.document.tokens) == 64
    assert window.session.view.prompt.startswith("The little fox [")


def test_what_is_typed_elsewhere_can_be_had_back_from_under_a_fresh_page(window: MainWindow, scene: Scene) -> None:
    window.prompt.toggle.click()
    window.prompt.editor.selectAll()
    QTest.keyClicks(window.prompt.editor, "A fox [5] home.")
    QTest.keyClick(window, Qt.Key.Key_N, Control)
    assert scene.session.view.prompt == "[64]"
    assert window.prompt.editor.toPlainText() == "[64]"
    QTest.keyClick(window.canvas, Qt.Key.Key_Return, Control)
    request = scene.runner.requests[-1]
    assert isinstance(request, Generate)
    assert len(request.tokens) == 64
    scene.session.runs.end()
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Control)
    assert scene.session.view.prompt == "A fox [5] home."


def test_a_model_of_shorter_sequences_than_our_example_begins_with_a_gap_without_a_word(scene: Scene) -> None:
    scene.session.editor.set_prompt("A dragon [3] slept.")
    scene.tokenizer = Tokenizer(of_bases())
    scene.load(replace(scene.info, length=24, vocabulary=4, mask_id=4, weights="d", facts={"domain": "promoters"}))
    assert scene.session.view.prompt == "[24]"
    assert scene.session.errors.current is None
