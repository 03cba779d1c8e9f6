"""Text that is composed by an input method, and characters under the keys of the editors."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QInputMethodEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sedd_studio.painting.theme import LIGHT, Look
from sedd_studio.widgets.canvas.token_canvas import TokenCanvas
from sedd_studio.widgets.panels.prompt_editor import PromptText
from tests.sedd_studio.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
def canvas(scene: Scene, qtbot: QtBot) -> TokenCanvas:
    session = scene.session
    canvas = TokenCanvas(session.models, session.view, session.editor, Look(LIGHT))
    qtbot.addWidget(canvas)
    canvas.resize(900, 500)
    canvas.show()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    assert session.editor.set_prompt("one two three")
    return canvas


def compose(canvas: TokenCanvas, preedit: str, commit: str = "") -> None:
    """What an input method sends to the widget that has the focus."""
    event = QInputMethodEvent(preedit, [])
    if commit:
        event.setCommitString(commit)
    QApplication.sendEvent(canvas, event)


def prompt(canvas: TokenCanvas) -> str:
    return canvas._view.prompt


def select_second(canvas: TokenCanvas) -> None:
    start, stop = next(run for run in canvas.picture.text.words if canvas._view.words_in(*run).strip() == "two")
    canvas.caret.put(start)
    canvas._view.select((start, stop))


def test_what_is_composed_is_drawn_over_the_words_and_put_in_their_place(canvas: TokenCanvas) -> None:
    select_second(canvas)
    place = canvas.picture.first_line_of(canvas.caret.run)
    compose(canvas, "ni")
    editor = canvas.line.editor
    assert editor is not None
    assert editor.geometry().contains(place.center())
    plain = editor.grab().toImage()
    compose(canvas, "ni hao")
    assert editor.grab().toImage() != plain
    assert canvas.hasFocus()
    assert prompt(canvas) == "one two three"
    compose(canvas, "", "你好")
    assert canvas.line.editor is editor
    assert editor.text() == "你好"
    assert editor.hasFocus()
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert prompt(canvas) == "one 你好 three"


def test_what_is_given_up_leaves_the_text_as_it_was(canvas: TokenCanvas) -> None:
    select_second(canvas)
    compose(canvas, "ni")
    compose(canvas, "")
    assert canvas.line.editor is None
    assert prompt(canvas) == "one two three"
    assert canvas.hasFocus()


def test_an_accent_of_a_dead_key_begins_a_text(canvas: TokenCanvas) -> None:
    select_second(canvas)
    compose(canvas, "", "é")
    editor = canvas.line.editor
    assert editor is not None
    QTest.keyClicks(editor, "t")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert prompt(canvas) == "one ét three"


def test_the_focus_that_goes_takes_what_was_committed_along(canvas: TokenCanvas, qtbot: QtBot) -> None:
    select_second(canvas)
    compose(canvas, "ni")
    compose(canvas, "hao", "你")
    canvas.clearFocus()
    assert canvas.line.editor is None
    assert prompt(canvas) == "one 你 three"


def test_an_input_method_is_told_where_the_text_goes(canvas: TokenCanvas) -> None:
    assert canvas.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
    assert canvas.inputMethodQuery(Qt.InputMethodQuery.ImEnabled) is True
    select_second(canvas)
    words = canvas.picture.first_line_of(canvas.caret.run)
    place = canvas.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle)
    assert isinstance(place, QRect)
    assert words.contains(place.center())
    compose(canvas, "ni")
    first = canvas.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle)
    compose(canvas, "ni hao")
    then = canvas.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle)
    assert words.top() - 1 <= then.top() <= words.bottom()
    assert then.center().x() > first.center().x() > words.left()


CHARACTERS = ("👨\u200d👩\u200d👧", "🇩🇪", "👍🏽", "नि", "e\u0301", "א\u05b8", "你", "🏳️\u200d🌈")


@pytest.mark.parametrize("character", CHARACTERS)
def test_keys_go_by_whole_characters(character: str, canvas: TokenCanvas) -> None:
    select_second(canvas)
    QTest.keyClick(canvas, Qt.Key.Key_F2)
    editor = canvas.line.editor
    assert editor is not None
    editor.setText(f"a{character}")
    QTest.keyClick(editor, Qt.Key.Key_Backspace)
    assert editor.text() == "a"
    editor.setText(f"a{character}b")
    editor.setCursorPosition(1)
    QTest.keyClick(editor, Qt.Key.Key_Delete)
    assert editor.text() == "ab"
    editor.setText(character)
    editor.end(False)
    QTest.keyClick(editor, Qt.Key.Key_Right if character[0] == "א" else Qt.Key.Key_Left)
    assert editor.cursorPosition() == 0


@pytest.mark.parametrize("character", CHARACTERS)
def test_so_they_do_in_the_prompt(character: str, canvas: TokenCanvas, qtbot: QtBot) -> None:
    field = PromptText(canvas.line._editor)
    qtbot.addWidget(field)
    field.setPlainText(f"a{character}")
    field.moveCursor(QTextCursor.MoveOperation.End)
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert field.toPlainText() == "a"
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert field.toPlainText() == f"a{character}"
