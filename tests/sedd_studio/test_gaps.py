"""Gaps are made longer and shorter by the handle at their end, and by keys."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from sedd_studio.widgets.canvas.gestures import TOKEN, gap_at
from sedd_studio.widgets.canvas.token_canvas import TokenCanvas
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.test_widgets_canvas import Left, NoMods, show


@pytest.fixture
def canvas(scene: Scene, qtbot: QtBot) -> TokenCanvas:
    return show(scene, qtbot)


def first_gap(scene: Scene) -> tuple[int, int]:
    run = gap_at(scene.session.view, int((~scene.session.view.document.locked).argmax()))
    assert run is not None
    return run


def handle_point(canvas: TokenCanvas, position: int) -> QPoint:
    """Where the handle of the gap at a position is, once it is pointed at."""
    QTest.mouseMove(canvas.viewport(), canvas.picture.middle(position).toPoint())
    handle = canvas.mouse.gestures.handle
    assert handle is not None
    return (handle.place.center() + canvas.picture.origin).toPoint()


def pull(canvas: TokenCanvas, start: QPoint, by: QPoint) -> None:
    view = canvas.viewport()
    QTest.mouseMove(view, start)
    assert view.cursor().shape() is Qt.CursorShape.SizeHorCursor
    QTest.mousePress(view, Left, NoMods, start)
    QTest.mouseMove(view, start + by / 2)
    QTest.mouseMove(view, start + by)
    QTest.mouseRelease(view, Left, NoMods, start + by)


@pytest.mark.parametrize("tokens", [3, -4])
def test_pulling_the_handle_makes_a_gap_longer_or_shorter(scene: Scene, canvas: TokenCanvas, tokens: int) -> None:
    start, stop = first_gap(scene)
    before = scene.session.view.document
    by = round(tokens * TOKEN * canvas.picture._painter.em)
    pull(canvas, handle_point(canvas, stop - 1), QPoint(by, 0))
    assert first_gap(scene) == (start, stop + tokens)
    kept = before.tokens[before.locked]
    np.testing.assert_array_equal(scene.session.view.document.tokens[scene.session.view.document.locked], kept)
    scene.session.editor.undo_stack.undo()
    assert first_gap(scene) == (start, stop)
    scene.session.editor.undo_stack.redo()
    assert first_gap(scene) == (start, stop + tokens)


def test_a_line_down_is_as_far_as_a_line_is_wide(scene: Scene, canvas: TokenCanvas) -> None:
    start, stop = first_gap(scene)
    pull(canvas, handle_point(canvas, stop - 1), QPoint(0, round(canvas.picture.layout.line_height)))
    line = round(canvas.picture.line_width / (TOKEN * canvas.picture._painter.em))
    assert first_gap(scene) == (start, stop + line)


def test_a_gap_keeps_a_token_and_the_text_its_length(scene: Scene, canvas: TokenCanvas) -> None:
    start, stop = first_gap(scene)
    pull(canvas, handle_point(canvas, stop - 1), QPoint(-9999, 0))
    assert first_gap(scene) == (start, start + 1)
    pull(canvas, handle_point(canvas, start), QPoint(0, 99_999))
    assert len(scene.session.view.document.tokens) == scene.session.models.length
    assert scene.session.errors.current is None


def test_the_handle_is_there_after_a_run_and_never_in_locked_words(scene: Scene, canvas: TokenCanvas) -> None:
    scene.run(8)
    scene.play(8)
    start, stop = first_gap(scene)
    assert start < stop
    handle_point(canvas, start)
    QTest.mouseMove(canvas.viewport(), canvas.picture.middle(0).toPoint())
    assert canvas.mouse.gestures.handle is None
    assert canvas.viewport().cursor().shape() is Qt.CursorShape.IBeamCursor


def test_a_click_on_a_handle_changes_nothing_and_an_undo_in_a_pull_is_no_trouble(
    scene: Scene, canvas: TokenCanvas
) -> None:
    _, stop = first_gap(scene)
    place = handle_point(canvas, stop - 1)
    edits = len(scene.session.editor.undo_stack.steps)
    pull(canvas, place, QPoint(0, 0))
    assert len(scene.session.editor.undo_stack.steps) == edits
    scene.session.editor.set_prompt("Once [5] the end")
    _, stop = first_gap(scene)
    place = handle_point(canvas, stop - 1)
    QTest.mousePress(canvas.viewport(), Left, NoMods, place)
    QTest.mouseMove(canvas.viewport(), place + QPoint(200, 0))
    scene.session.editor.undo_stack.undo()
    after = scene.session.view.document
    QTest.mouseRelease(canvas.viewport(), Left, NoMods, place + QPoint(200, 0))
    assert scene.session.view.document is after


def test_a_double_click_on_a_handle_selects_nothing(scene: Scene, canvas: TokenCanvas) -> None:
    _, stop = first_gap(scene)
    place = handle_point(canvas, stop - 1)
    QTest.mouseClick(canvas.viewport(), Left, NoMods, place)
    QTest.mouseDClick(canvas.viewport(), Left, NoMods, place)
    QTest.mouseRelease(
        canvas.viewport(), Left, NoMods, place
    )  # else Qt takes the button to be down in tests after this
    assert scene.session.view.selection is None


def test_plus_and_minus_work_the_gap_at_the_cursor(scene: Scene, canvas: TokenCanvas) -> None:
    start, stop = first_gap(scene)
    canvas.setFocus()
    while canvas.caret.position < start:
        QTest.keyClick(canvas, Qt.Key.Key_Right)
    for _ in range(3):
        QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert first_gap(scene) == (start, stop + 3)
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    assert first_gap(scene) == (start, stop + 2)
    while canvas.caret.position:
        QTest.keyClick(canvas, Qt.Key.Key_Left)
    QTest.keyClick(canvas, Qt.Key.Key_Plus)  # a locked word has no gap
    assert first_gap(scene) == (start, stop + 2)
