"""Words are edited on the canvas: a line, typing, deleting, copying, pasting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, Generate
from sedd_studio.widgets.canvas.token_canvas import TokenCanvas
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.test_widgets_canvas import Left, NoMods, canvas, free_word, look
from tests.sedd_studio.windows import window_of

__all__ = ["canvas", "look"]


def played(scene: Scene) -> Scene:
    scene.run(16)
    scene.play(16)
    return scene


def edit(canvas: TokenCanvas, position: int) -> None:
    """Opens a line over a word."""
    point = canvas.picture.middle(position).toPoint()
    QTest.mouseClick(canvas.viewport(), Left, NoMods, point)
    QTest.mouseDClick(canvas.viewport(), Left, NoMods, point)
    QTest.keyClick(canvas, Qt.Key.Key_F2)


def test_a_word_is_edited_and_its_lock_left_as_it_was(scene: Scene, canvas: TokenCanvas) -> None:
    word = free_word(played(scene))
    locked = scene.session.view.document.locked.copy()
    before = scene.session.view.full_text()
    edit(canvas, word[0])
    assert canvas.line.editor is not None
    assert canvas.line.editor.text() == "".join(scene.session.view.piece(p) for p in range(*word)).strip()
    np.testing.assert_array_equal(scene.session.view.document.locked, locked)
    QTest.keyClicks(canvas.line.editor, "dragon [3] star")
    QTest.keyClick(canvas.line.editor, Qt.Key.Key_Return)
    assert " dragon [3] star" in scene.session.view.full_text()
    start = word[0]
    assert scene.session.view.document.locked[start]
    scene.session.editor.undo_stack.undo()
    assert scene.session.view.full_text() == before


def test_words_that_look_like_signs_stay_words_when_they_are_edited_and_copied(
    scene: Scene, canvas: TokenCanvas
) -> None:
    assert scene.session.editor.set_prompt("items\\[3] = ____")
    tokens = scene.session.view.document.tokens
    known = int((tokens != FREE).sum())
    canvas.line.open((0, known))
    assert canvas.line.editor is not None
    assert canvas.line.editor.text() == "items\\[3] ="
    QTest.keyClick(canvas.line.editor, Qt.Key.Key_Return)
    assert scene.session.view.document.tokens.tolist() == tokens.tolist()
    scene.session.editor.set_prompt("items\\[3] = 1")
    assert scene.session.view.full_text() == "items[3] = 1"


def test_a_mark_that_stands_for_a_token_is_edited_as_the_token(scene: Scene, canvas: TokenCanvas) -> None:
    scene.session.editor.set_prompt("A fox.\x07The end [4]")
    before = scene.session.view.document.tokens.copy()
    edit(canvas, next(p for p in range(len(before)) if scene.session.view.piece(p) == "\x07"))
    assert canvas.line.editor is not None
    QTest.keyClick(canvas.line.editor, Qt.Key.Key_Return)
    np.testing.assert_array_equal(scene.session.view.document.tokens, before)


def test_escape_leaves_the_text_as_it_was(scene: Scene, canvas: TokenCanvas) -> None:
    word = free_word(played(scene))
    before, edits = scene.session.view.full_text(), scene.session.editor.undo_stack.index
    edit(canvas, word[0])
    assert canvas.line.editor is not None
    QTest.keyClicks(canvas.line.editor, "dragon")
    QTest.keyClick(canvas.line.editor, Qt.Key.Key_Escape)
    assert scene.session.view.full_text() == before
    assert scene.session.editor.undo_stack.index == edits


def test_another_model_closes_the_line_that_is_open_and_the_text_stays(scene: Scene, canvas: TokenCanvas) -> None:
    edit(canvas, 0)
    editor, before = canvas.line.editor, scene.session.view.document
    assert editor is not None
    QTest.keyClicks(editor, "dragon")
    scene.load(replace(scene.info, name="another"))
    assert canvas.line.editor is None
    assert editor.isHidden()
    assert scene.session.view.document is before


def test_another_text_closes_the_line_that_is_open_and_a_run_does_not(scene: Scene, canvas: TokenCanvas) -> None:
    word = free_word(played(scene))
    edit(canvas, word[0])
    scene.run(16)
    scene.play(16)
    assert canvas.line.editor is not None
    QTest.keyClick(canvas.line.editor, Qt.Key.Key_Escape)
    before = scene.session.view.document
    scene.session.editor.replace_range(*word, " dragon")
    edit(canvas, free_word(scene)[0])
    editor = canvas.line.editor
    assert editor is not None
    scene.session.editor.undo_stack.undo()  # from the menu, which leaves the line its focus
    assert editor.isHidden()
    np.testing.assert_array_equal(scene.session.view.document.tokens, before.tokens)


def test_a_line_opened_while_another_is_takes_its_place(scene: Scene, canvas: TokenCanvas, qtbot: QtBot) -> None:
    played(scene)
    edit(canvas, 0)
    first = canvas.line.editor
    assert first is not None
    gone: list[bool] = []
    first.destroyed.connect(lambda: gone.append(True))
    canvas.line.open(scene.session.view.word_at(3))
    qtbot.waitUntil(lambda: bool(gone))
    assert canvas.line.editor is not None
    assert not canvas.line.editor.isHidden()


def test_typing_over_a_selection_replaces_it_and_what_does_not_fit_is_said(scene: Scene, canvas: TokenCanvas) -> None:
    word = free_word(played(scene))
    scene.session.view.select(word)
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_W)
    assert canvas.line.editor is not None
    assert canvas.line.editor.text() == "w"
    QTest.keyClicks(canvas.line.editor, "olf")
    QTest.keyClick(canvas.line.editor, Qt.Key.Key_Return)
    assert " wolf" in scene.session.view.full_text()
    text = scene.session.view.full_text()
    assert not scene.session.editor.replace_range(0, 1, "[999]")
    assert scene.session.errors.current is not None
    assert scene.session.view.full_text() == text


def test_delete_makes_a_gap_of_the_same_length(scene: Scene, canvas: TokenCanvas) -> None:
    word = free_word(played(scene))
    length = scene.session.view.canvas().length
    scene.session.view.select((word[0], word[0] + 3))
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    state = scene.session.view.canvas()
    assert state.length == length
    assert (state.tokens[word[0] : word[0] + 3] == FREE).all()
    scene.session.editor.undo_stack.undo()
    assert (scene.session.view.canvas().tokens[word[0] : word[0] + 3] != FREE).all()
    scene.session.editor.undo_stack.redo()
    assert (scene.session.view.canvas().tokens[word[0] : word[0] + 3] == FREE).all()


def test_pasted_words_are_locked_and_gaps_are_gaps(scene: Scene, canvas: TokenCanvas) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    QApplication.clipboard().setText("The fox ____ the owl [5] again.")
    QTest.keyClick(canvas, Qt.Key.Key_A, control)
    QTest.keyClick(canvas, Qt.Key.Key_V, control)
    assert scene.session.view.prompt == "The fox [12] the owl [5] again."
    selected = scene.session.view.words()[1]
    scene.session.view.select(selected)
    QApplication.clipboard().setText("small [2]")
    QTest.keyClick(canvas, Qt.Key.Key_V, control)
    assert scene.session.view.prompt.startswith("The small [14]")
    for _ in range(2):
        scene.session.editor.undo_stack.undo()
    assert scene.session.view.prompt.startswith("Once upon a time")


def test_what_is_pasted_with_nothing_selected_comes_before_the_caret(scene: Scene, canvas: TokenCanvas) -> None:
    scene.session.editor.set_prompt("The fox [5] again.")
    QTest.mouseClick(canvas.viewport(), Left, NoMods, canvas.picture.middle(scene.session.view.words()[1][0]).toPoint())
    QApplication.clipboard().setText("small")
    QTest.keyClick(canvas, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert scene.session.view.prompt == "The small fox [5] again."
    assert scene.session.view.word_at(canvas.caret.position) == scene.session.view.words()[2]


def test_what_is_copied_reads_as_it_stands_and_is_pasted_as_the_same_words_and_gaps(
    scene: Scene, canvas: TokenCanvas
) -> None:
    control, session = Qt.KeyboardModifier.ControlModifier, scene.session
    session.editor.set_prompt("items\\[3] = 1")
    QTest.keyClick(canvas, Qt.Key.Key_A, control)
    QTest.keyClick(canvas, Qt.Key.Key_C, control)
    assert QApplication.clipboard().text() == "items[3] = 1"
    session.editor.set_prompt("A [4] end.")
    QTest.keyClick(canvas, Qt.Key.Key_A, control)
    QTest.keyClick(canvas, Qt.Key.Key_V, control)
    assert session.view.full_text() == "items[3] = 1"
    session.editor.set_prompt("A [4] end.")
    QTest.keyClick(canvas, Qt.Key.Key_C, control)  # with nothing selected all of it
    assert QApplication.clipboard().text() == "A [4] end."


def test_what_is_cut_is_copied_and_leaves_a_gap_in_one_step(scene: Scene, canvas: TokenCanvas) -> None:
    session = played(scene).session
    word, count = free_word(scene), len(session.editor.undo_stack.steps)
    written = session.view.text_in(*word)
    session.view.select(word)
    QTest.keyClick(canvas, Qt.Key.Key_X, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == written
    assert (session.view.canvas().tokens[slice(*word)] == FREE).all()
    assert len(session.editor.undo_stack.steps) == count + 1
    session.editor.undo_stack.undo()
    assert session.view.text_in(*word) == written


@pytest.mark.parametrize("typed", ["lantern", "river", "fox", "Lion", "skies"])
def test_whatever_begins_a_word_replaces_what_is_selected(scene: Scene, qtbot: QtBot, typed: str) -> None:
    """Letters are keys of commands where nothing is selected."""
    window = window_of(played(scene).session, scene.settings, qtbot)
    word, canvas = free_word(scene), window.canvas
    asked = len(scene.runner.requests)
    scene.session.view.select(word)
    canvas.setFocus()
    QTest.keyClicks(canvas, typed[0])
    assert canvas.line.editor is not None
    assert not scene.session.view.document.locked[slice(*word)].any()
    QTest.keyClicks(canvas.line.editor, typed[1:])
    QTest.keyClick(canvas.line.editor, Qt.Key.Key_Return)
    assert f" {typed}" in scene.session.view.full_text()
    assert len(scene.runner.requests) == asked


def test_letters_are_commands_at_the_cursor_and_with_control_for_a_selection(scene: Scene, qtbot: QtBot) -> None:
    window = window_of(played(scene).session, scene.settings, qtbot)
    session, canvas, word = scene.session, window.canvas, free_word(scene)
    ctrl = Qt.KeyboardModifier.ControlModifier
    session.view.select(word)
    QTest.keyClick(canvas, Qt.Key.Key_L, ctrl)
    assert session.view.document.locked[slice(*word)].all()
    QTest.keyClick(canvas, Qt.Key.Key_L, ctrl)
    assert not session.view.document.locked[slice(*word)].any()
    QTest.keyClick(canvas, Qt.Key.Key_R, ctrl)
    request = scene.runner.requests[-1]
    assert isinstance(request, Generate)
    assert np.flatnonzero(request.tokens == FREE).tolist() == list(range(*word))
    played(scene)
    canvas.caret.put(word[0])
    session.view.select(None)
    QTest.keyClick(canvas, Qt.Key.Key_R)
    assert session.view.selection == word
    request = scene.runner.requests[-1]
    assert isinstance(request, Generate)
    assert np.flatnonzero(request.tokens == FREE).tolist() == list(range(*word))
    session.view.select(None)
    canvas.caret.put(word[0])
    QTest.keyClick(canvas, Qt.Key.Key_L)
    assert session.view.document.locked[slice(*word)].all()
    asked = len(scene.runner.requests)
    QTest.keyClick(canvas, Qt.Key.Key_R)
    assert session.errors.current is not None
    assert len(scene.runner.requests) == asked


def test_the_bar_and_the_menu_name_the_keys_that_work_on_a_selection(scene: Scene, qtbot: QtBot) -> None:
    window = window_of(played(scene).session, scene.settings, qtbot)
    assert window.selection_bar.buttons["toggle_lock"].toolTip() == "Lock (Ctrl+L)"
    assert window.selection_bar.buttons["draw_again"].toolTip() == "Redraw (Ctrl+R)"


def test_a_canvas_that_is_not_seen_knows_how_long_another_text_is(scene: Scene, qtbot: QtBot) -> None:
    """A key, or a command, that reached it asked for a place that was no more."""
    window = window_of(scene.session, scene.settings, qtbot)
    canvas = window.canvas
    scene.session.editor.set_prompt("Once [40] the end.")
    QTest.mouseMove(canvas.viewport(), canvas.picture.middle(30).toPoint())
    QTest.keyClick(canvas, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    pointed = vars(canvas.mouse.gestures)
    assert pointed["hover"]
    window.places.show_page("models")
    assert not canvas.isVisible()
    scene.session.editor.set_prompt("Once.")
    length = scene.session.view.canvas().length
    assert len(canvas.picture.layout.boxes) == length
    assert canvas.caret.position < length
    assert not pointed["hover"]
    for key in (Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_L):
        QTest.keyClick(canvas, key)
    window.places.show_page("studio")
    QApplication.processEvents()
    assert len(canvas.picture.layout.boxes) == length
