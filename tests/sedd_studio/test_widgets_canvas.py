"""The token canvas, worked with real mouse and key events."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.protocol import FREE
from sedd_studio.painting.theme import DARK, LIGHT, Look
from sedd_studio.painting.token_layout import Kind
from sedd_studio.session.editor import UNDO_LIMIT
from sedd_studio.widgets.canvas.token_canvas import TokenCanvas
from tests.sedd_studio.scene import Scene

Left = Qt.MouseButton.LeftButton
NoMods = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def look() -> Look:
    return Look(LIGHT)


@pytest.fixture
def canvas(scene: Scene, qtbot: QtBot, look: Look) -> TokenCanvas:
    return show(scene, qtbot, look)


def show(scene: Scene, qtbot: QtBot, look: Look | None = None) -> TokenCanvas:
    session = scene.session
    canvas = TokenCanvas(session.models, session.view, session.editor, look or Look(LIGHT))
    qtbot.addWidget(canvas)
    canvas.resize(900, 500)
    canvas.show()
    return canvas


def free_word(scene: Scene, tokens: int = 1, after: int = 0) -> tuple[int, int]:
    """A settled word of so many tokens that is not locked."""
    state = scene.session.view.canvas()
    return next(
        word
        for word in scene.session.view.words()
        if word[1] - word[0] == tokens
        and word[0] >= after
        and not state.locked[word[0]]
        and state.tokens[word[0]] != FREE
        and scene.session.view.piece(word[0]).strip()
    )


def click(canvas: TokenCanvas, qtbot: QtBot, position: int) -> None:
    QTest.mouseClick(canvas.viewport(), Left, NoMods, canvas.picture.middle(position).toPoint())


def drag(canvas: TokenCanvas, qtbot: QtBot, start: int, stop: int) -> None:
    view = canvas.viewport()
    QTest.mousePress(view, Left, NoMods, canvas.picture.middle(start).toPoint())
    QTest.mouseMove(view, canvas.picture.middle(start).toPoint() + QPoint(4, 0))
    QTest.mouseMove(view, canvas.picture.middle(stop).toPoint())
    QTest.mouseRelease(view, Left, NoMods, canvas.picture.middle(stop).toPoint())


def test_a_click_locks_a_word_and_a_second_click_unlocks_it(scene: Scene, canvas: TokenCanvas, qtbot: QtBot) -> None:
    scene.run(8)
    scene.play(8)
    start, _ = free_word(scene)
    click(canvas, qtbot, start)
    assert scene.session.view.canvas().locked[start]
    click(canvas, qtbot, start)
    assert not scene.session.view.canvas().locked[start]


def test_a_click_locks_all_tokens_of_a_word(scene: Scene, canvas: TokenCanvas, qtbot: QtBot) -> None:
    scene.run(8)
    scene.play(8)
    start, stop = free_word(scene, tokens=2)
    click(canvas, qtbot, stop - 1)
    assert scene.session.view.canvas().locked[start:stop].all()


def test_a_click_on_a_masked_block_locks_nothing(scene: Scene, canvas: TokenCanvas, qtbot: QtBot) -> None:
    before = scene.session.view.canvas().locked.copy()
    click(canvas, qtbot, int(np.flatnonzero(~before)[0]))
    assert np.array_equal(scene.session.view.canvas().locked, before)


def test_dragging_locks_all_that_was_crossed_and_nothing_else(scene: Scene, canvas: TokenCanvas, qtbot: QtBot) -> None:
    scene.run(8)
    scene.play(8)
    before = scene.session.view.canvas().locked.copy()
    start, _ = free_word(scene)
    stop = start + 3
    first, last = scene.session.view.word_at(start)[0], scene.session.view.word_at(stop)[1]
    drag(canvas, qtbot, start, stop)
    after = scene.session.view.canvas().locked
    assert after[first:last].all()
    assert np.array_equal(np.delete(after, np.s_[first:last]), np.delete(before, np.s_[first:last]))


def test_dragging_from_a_locked_word_unlocks(scene: Scene, canvas: TokenCanvas, qtbot: QtBot) -> None:
    assert scene.session.view.canvas().locked[:6].all()
    drag(canvas, qtbot, 1, 3)
    first, last = scene.session.view.word_at(1)[0], scene.session.view.word_at(3)[1]
    assert not scene.session.view.canvas().locked[first:last].any()
    scene.session.editor.undo_stack.undo()
    assert scene.session.view.canvas().locked[:6].all()


@pytest.mark.parametrize("key", [Qt.Key.Key_L, Qt.Key.Key_Return])
def test_the_keyboard_moves_from_word_to_word_and_locks(
    scene: Scene, canvas: TokenCanvas, qtbot: QtBot, key: Qt.Key
) -> None:
    second = scene.session.view.words()[1]
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, key)
    assert not scene.session.view.canvas().locked[second[0] : second[1]].any()
    QTest.keyClick(canvas, key)
    assert scene.session.view.canvas().locked[second[0] : second[1]].all()


def test_shift_and_arrows_select_words_and_l_unlocks_the_selection(
    scene: Scene, canvas: TokenCanvas, qtbot: QtBot
) -> None:
    words = scene.session.view.words()
    for _ in range(2):
        QTest.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert scene.session.view.selection == (words[0][0], words[2][1])
    QTest.keyClick(canvas, Qt.Key.Key_L)
    assert not scene.session.view.canvas().locked[words[0][0] : words[2][1]].any()
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert scene.session.view.selection is None


def test_up_and_down_go_from_line_to_line(scene: Scene, canvas: TokenCanvas, qtbot: QtBot) -> None:
    layout = canvas.picture.layout
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    QTest.keyClick(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert scene.session.view.selection is not None
    assert scene.session.view.selection[0] == layout.lines[1].start
    assert layout.lines[2].start < scene.session.view.selection[1] <= layout.lines[2].stop


def test_locked_words_look_the_same_in_every_frame(scene: Scene, canvas: TokenCanvas, qtbot: QtBot) -> None:
    held = int(np.argmin(scene.session.view.canvas().locked))
    scene.run(16)
    layout = canvas.picture.layout
    pill = layout.pills[0]
    assert (pill.start, pill.stop) == (0, held)
    end = canvas.picture.middle(held - 1).toPoint().x()
    place = QRect(0, 0, end, int(26 + layout.line_height))
    pictures = []
    for step in range(17):
        scene.play(step)
        pictures.append(canvas.viewport().grab(place).toImage())
    assert all(picture == pictures[0] for picture in pictures)


def test_masked_blocks_keep_their_width_while_others_settle(scene: Scene, canvas: TokenCanvas) -> None:
    scene.run(16)
    layout = canvas.picture.layout
    before = {i: box.width for i, box in enumerate(layout.boxes)}
    scene.play(5)
    after = canvas.picture.layout
    masked = np.flatnonzero(scene.session.view.canvas().tokens == FREE)
    assert len(masked) > 0
    assert all(after.boxes[i].width == before[i] for i in masked.tolist())


def test_the_layout_is_kept_while_no_token_changes(scene: Scene, canvas: TokenCanvas) -> None:
    scene.run(8)
    scene.play(8)
    before = canvas.picture.layout
    canvas.refresh()
    assert canvas.picture.layout is before


def test_the_wheel_zooms_with_control_and_scrolls_without(qtbot: QtBot, tmp_path: Path) -> None:
    canvas = show(Scene(tmp_path, repeat=4), qtbot)
    wheel(canvas, 120, Qt.KeyboardModifier.ControlModifier)
    assert canvas.zoom > 1
    wheel(canvas, -120, NoMods)
    assert canvas.verticalScrollBar().value() > 0


def wheel(canvas: TokenCanvas, angle: int, modifiers: Qt.KeyboardModifier) -> None:
    place = QPointF(canvas.viewport().rect().center())
    phase = Qt.ScrollPhase.NoScrollPhase
    buttons, inverted = Qt.MouseButton.NoButton, False
    event = QWheelEvent(place, place, QPoint(), QPoint(0, angle), buttons, modifiers, phase, inverted)
    QApplication.sendEvent(canvas.viewport(), event)


def test_the_cursor_is_scrolled_into_view(qtbot: QtBot, tmp_path: Path) -> None:
    canvas = show(Scene(tmp_path, repeat=4), qtbot)
    for _ in range(20):
        QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert canvas.verticalScrollBar().value() > 0


def test_tooltip_and_summary_say_what_is_there(scene: Scene, canvas: TokenCanvas) -> None:
    masked = int(np.flatnonzero(scene.session.view.canvas().tokens == FREE)[0])
    assert canvas.mouse.describe(0).startswith("Position 1")
    assert "locked" in canvas.mouse.describe(0)
    assert canvas.mouse.describe(masked) == f"Position {masked + 1}: masked"
    assert canvas.accessibleName()


def test_uniform_noise_is_drawn_slanted_until_it_settles(qtbot: QtBot, tmp_path: Path) -> None:
    scene = Scene(tmp_path, noise="uniform")
    canvas = show(scene, qtbot)
    scene.run(8)
    noisy = canvas.viewport().grab().toImage()
    scene.play(8)
    assert canvas.viewport().grab().toImage() != noisy
    layout = canvas.picture.layout
    for box, piece in zip(layout.boxes, canvas.picture.text.pieces, strict=True):
        assert box.text or box.kind is Kind.PART or not (piece or "").strip()


def test_another_theme_recolours_and_moves_nothing(look: Look, canvas: TokenCanvas) -> None:
    layout, light = canvas.picture.layout, canvas.viewport().grab().toImage()
    look.change(DARK)
    dark = canvas.viewport().grab().toImage()
    after = canvas.picture.layout
    assert after.boxes == layout.boxes
    assert light.pixelColor(2, 2).lightness() > 200 > 60 > dark.pixelColor(2, 2).lightness()


def test_without_fading_only_the_newest_tokens_are_marked(scene: Scene, canvas: TokenCanvas) -> None:
    scene.run(16)
    scene.play(6)
    faded = canvas.viewport().grab().toImage()
    canvas.set_reduced_motion(True)
    assert canvas.viewport().grab().toImage() != faded


# ---- editing


def played(scene: Scene) -> Scene:
    scene.run(16)
    scene.play(16)
    return scene


def double_click(canvas: TokenCanvas, position: int) -> None:
    point = canvas.picture.middle(position).toPoint()
    QTest.mouseClick(canvas.viewport(), Left, NoMods, point)
    QTest.mouseDClick(canvas.viewport(), Left, NoMods, point)


def test_a_double_click_edits_a_word_and_leaves_its_lock_as_it_was(scene: Scene, canvas: TokenCanvas) -> None:
    word = free_word(played(scene))
    locked = scene.session.view.document.locked.copy()
    before = scene.session.view.full_text()
    double_click(canvas, word[0])
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


def test_a_double_click_takes_back_no_other_click_and_no_other_edit(scene: Scene, canvas: TokenCanvas) -> None:
    word = free_word(played(scene))
    other = scene.session.view.word_at(0)
    QTest.mouseClick(canvas.viewport(), Left, NoMods, canvas.picture.middle(0).toPoint())
    point = canvas.picture.middle(word[0]).toPoint()
    QTest.mouseClick(canvas.viewport(), Left, Qt.KeyboardModifier.ShiftModifier, point)  # selects
    QTest.mouseDClick(canvas.viewport(), Left, Qt.KeyboardModifier.ShiftModifier, point)
    assert not scene.session.view.document.locked[slice(*other)].any()
    assert canvas.line.editor is not None
    QTest.keyClick(canvas.line.editor, Qt.Key.Key_Escape)
    QTest.mouseClick(canvas.viewport(), Left, NoMods, point)
    scene.session.editor.set_prompt("The fox [12] again.")  # meanwhile
    QTest.mouseDClick(canvas.viewport(), Left, NoMods, canvas.picture.middle(0).toPoint())
    assert scene.session.view.prompt == "The fox [12] again."


def test_a_double_click_leaves_the_lock_as_it_was_however_many_edits_came_before(
    scene: Scene, canvas: TokenCanvas
) -> None:
    word = free_word(played(scene))
    for number in range(UNDO_LIMIT):
        scene.session.editor.set_locked(list(range(*scene.session.view.word_at(0))), bool(number % 2))
    locked = scene.session.view.document.locked.copy()
    double_click(canvas, word[0])
    np.testing.assert_array_equal(scene.session.view.document.locked, locked)


def test_a_mark_that_stands_for_a_token_is_edited_as_the_token(scene: Scene, canvas: TokenCanvas) -> None:
    scene.session.editor.set_prompt("A fox.\x07The end [4]")
    before = scene.session.view.document.tokens.copy()
    double_click(canvas, next(p for p in range(len(before)) if scene.session.view.piece(p) == "\x07"))
    assert canvas.line.editor is not None
    QTest.keyClick(canvas.line.editor, Qt.Key.Key_Return)
    np.testing.assert_array_equal(scene.session.view.document.tokens, before)


def test_escape_leaves_the_text_as_it_was(scene: Scene, canvas: TokenCanvas) -> None:
    word = free_word(played(scene))
    before, edits = scene.session.view.full_text(), scene.session.editor.undo_stack.index()
    double_click(canvas, word[0])
    assert canvas.line.editor is not None
    QTest.keyClicks(canvas.line.editor, "dragon")
    QTest.keyClick(canvas.line.editor, Qt.Key.Key_Escape)
    assert scene.session.view.full_text() == before
    assert scene.session.editor.undo_stack.index() == edits


def test_another_model_closes_the_line_that_is_open_and_the_text_stays(scene: Scene, canvas: TokenCanvas) -> None:
    double_click(canvas, 0)
    editor, before = canvas.line.editor, scene.session.view.document
    assert editor is not None
    QTest.keyClicks(editor, "dragon")
    scene.load(replace(scene.info, name="another"))
    assert canvas.line.editor is None
    assert editor.isHidden()
    assert scene.session.view.document is before


def test_another_text_closes_the_line_that_is_open_and_a_run_does_not(scene: Scene, canvas: TokenCanvas) -> None:
    word = free_word(played(scene))
    double_click(canvas, word[0])
    scene.run(16)
    scene.play(16)
    assert canvas.line.editor is not None
    QTest.keyClick(canvas.line.editor, Qt.Key.Key_Escape)
    before = scene.session.view.document
    scene.session.editor.replace_range(*word, " dragon")
    double_click(canvas, free_word(scene)[0])
    editor = canvas.line.editor
    assert editor is not None
    scene.session.editor.undo_stack.undo()  # from the menu, which leaves the line its focus
    assert editor.isHidden()
    np.testing.assert_array_equal(scene.session.view.document.tokens, before.tokens)


def test_a_line_opened_while_another_is_takes_its_place(scene: Scene, canvas: TokenCanvas, qtbot: QtBot) -> None:
    played(scene)
    double_click(canvas, 0)
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
    QApplication.clipboard().setText("The fox ____ the owl [5] again.")
    canvas.caret.paste()
    assert scene.session.view.prompt == "The fox [12] the owl [5] again."
    selected = scene.session.view.words()[1]
    scene.session.view.select(selected)
    QApplication.clipboard().setText("small [2]")
    canvas.caret.paste()
    assert scene.session.view.prompt.startswith("The small [14]")
