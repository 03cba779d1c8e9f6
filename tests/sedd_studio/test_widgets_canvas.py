"""The token canvas, worked with real mouse and key events."""

from __future__ import annotations

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
from sedd_studio.painting.token_places import Kind
from sedd_studio.widgets.canvas.token_canvas import TokenCanvas
from tests.sedd_studio.scene import STORY, Scene

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


def selected(scene: Scene) -> tuple[int, int]:
    assert scene.session.view.selection is not None
    return scene.session.view.selection


def lock_sign(canvas: TokenCanvas, pill: int = 0) -> QPoint:
    """The middle of the lock at the end of a locked passage's share of a line."""
    found = canvas.picture.layout.pills[pill]
    x, y = found.right - 0.59 * canvas.picture.em, (found.line + 0.5) * canvas.picture.layout.line_height
    return (QPointF(x, y) + canvas.picture.origin).toPoint()


def test_a_click_places_the_caret_and_changes_neither_lock_nor_selection(
    scene: Scene, canvas: TokenCanvas, qtbot: QtBot
) -> None:
    scene.run(8)
    scene.play(8)
    document, locked, steps = scene.session.view.document, 0, len(scene.session.editor.undo_stack.steps)
    for position in (free_word(scene)[0], free_word(scene, tokens=2)[1] - 1, locked):
        click(canvas, qtbot, position)
        assert canvas.caret.position == position
        assert scene.session.view.selection is None
    assert scene.session.view.document is document
    assert len(scene.session.editor.undo_stack.steps) == steps


@pytest.mark.parametrize("backwards", [False, True])
def test_a_drag_selects_the_words_that_it_crosses_and_changes_no_lock(
    scene: Scene, canvas: TokenCanvas, qtbot: QtBot, backwards: bool
) -> None:
    scene.run(8)
    scene.play(8)
    document = scene.session.view.document
    ends = (1, free_word(scene)[0] + 3)
    drag(canvas, qtbot, *(reversed(ends) if backwards else ends))
    assert scene.session.view.selection == (scene.session.view.word_at(1)[0], scene.session.view.word_at(ends[1])[1])
    assert scene.session.view.document is document
    click(canvas, qtbot, 2)
    assert scene.session.view.selection is None


def test_a_drag_goes_on_where_there_is_no_text_and_scrolls(qtbot: QtBot, tmp_path: Path) -> None:
    scene = Scene(tmp_path, repeat=4)
    canvas = show(scene, qtbot)
    view, start = canvas.viewport(), canvas.picture.middle(3).toPoint()
    foot = QPoint(view.width() - 3, view.height() - 2)
    QTest.mousePress(view, Left, NoMods, start)
    for by in (0, 1, 0, 1):
        QTest.mouseMove(view, foot + QPoint(by, 0))
    QTest.mouseRelease(view, Left, NoMods, foot)
    selection = scene.session.view.selection
    assert selection is not None
    assert canvas.verticalScrollBar().value() > 0
    assert canvas.picture.layout.boxes[selection[1] - 1].line > view.height() // canvas.picture.layout.line_height


def test_a_double_click_selects_a_word_and_a_third_click_the_sentence(
    scene: Scene, canvas: TokenCanvas, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QApplication, "doubleClickInterval", lambda: 60_000)
    scene.run(8)
    scene.play(8)
    session, document = scene.session, scene.session.view.document
    start, stop = free_word(scene, tokens=2)
    point = canvas.picture.middle(start).toPoint()
    click(canvas, qtbot, start)
    QTest.mouseDClick(canvas.viewport(), Left, NoMods, point)
    assert selected(scene) == (start, stop)
    QTest.mouseClick(canvas.viewport(), Left, NoMods, point)
    sentence = session.view.text_in(*selected(scene)).strip()
    assert sentence in STORY
    assert sentence[0].isupper()
    assert sentence[-1] == "."
    assert sentence.count(".") == 1
    QTest.mouseClick(canvas.viewport(), Left, NoMods, point)  # a fourth begins anew
    assert session.view.selection is None
    assert session.view.document is document


def test_a_click_on_a_lock_unlocks_its_passage_and_one_undo_locks_it_again(
    scene: Scene, canvas: TokenCanvas, qtbot: QtBot
) -> None:
    held = int(np.argmin(scene.session.view.canvas().locked))
    QTest.mouseMove(canvas.viewport(), lock_sign(canvas))
    assert canvas.viewport().cursor().shape() is Qt.CursorShape.PointingHandCursor
    QTest.mouseClick(canvas.viewport(), Left, NoMods, lock_sign(canvas))
    assert not scene.session.view.canvas().locked[:held].any()
    assert scene.session.view.canvas().locked[held:].any()
    scene.session.editor.undo_stack.undo()
    assert scene.session.view.canvas().locked[:held].all()


def test_a_lock_that_is_pressed_and_left_stays(scene: Scene, canvas: TokenCanvas) -> None:
    document = scene.session.view.document
    QTest.mousePress(canvas.viewport(), Left, NoMods, lock_sign(canvas))
    QTest.mouseMove(canvas.viewport(), lock_sign(canvas) - QPoint(200, 0))
    QTest.mouseRelease(canvas.viewport(), Left, NoMods, lock_sign(canvas) - QPoint(200, 0))
    assert scene.session.view.document is document
    assert scene.session.view.selection is None


def test_the_keyboard_moves_from_word_to_word_and_locks(scene: Scene, canvas: TokenCanvas, qtbot: QtBot) -> None:
    second = scene.session.view.words()[1]
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_L)
    assert not scene.session.view.canvas().locked[second[0] : second[1]].any()
    QTest.keyClick(canvas, Qt.Key.Key_L)
    assert scene.session.view.canvas().locked[second[0] : second[1]].all()


def test_control_a_selects_all_and_escape_nothing(scene: Scene, canvas: TokenCanvas) -> None:
    QTest.keyClick(canvas, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert scene.session.view.selection == (0, scene.session.view.canvas().length)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert scene.session.view.selection is None


def test_shift_and_arrows_select_words(scene: Scene, canvas: TokenCanvas, qtbot: QtBot) -> None:
    words = scene.session.view.words()
    for _ in range(2):
        QTest.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert scene.session.view.selection == (words[0][0], words[2][1])
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
    canvas.picture.set_reduced_motion(True)
    assert canvas.viewport().grab().toImage() != faded


def test_a_selection_that_another_text_ended_is_not_extended_past_its_end(scene: Scene, canvas: TokenCanvas) -> None:
    session, shift = scene.session, Qt.KeyboardModifier.ShiftModifier
    session.editor.set_prompt("Once [11]")
    QTest.keyClick(canvas, Qt.Key.Key_End)
    QTest.keyClick(canvas, Qt.Key.Key_Left, shift)
    session.editor.set_prompt("Once [5]")
    QTest.keyClick(canvas, Qt.Key.Key_Left, shift)
    assert session.view.selection is not None
    assert session.view.selection[1] <= session.view.canvas().length
    session.editor.set_locked(list(range(*session.view.selection)), True)
