"""What was edited of a run stays a text that one edits: the rest of it is there, and what was of the run says so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.protocol import FREE
from engine.runs.trajectory import Trajectory
from sedd_studio.session.undoing import UndoStack
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.test_widgets_canvas import Left, NoMods, free_word
from tests.sedd_studio.windows import window_of

Control = Qt.KeyboardModifier.ControlModifier
Edit = Callable[[MainWindow, tuple[int, int]], None]


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    """A run has come to its end."""
    window = window_of(scene.session, scene.settings, qtbot)
    scene.run(16, samples=2)
    scene.play(16)
    return window


def chosen(window: MainWindow, word: tuple[int, int]) -> None:
    point = window.canvas.picture.middle(word[0]).toPoint()
    QTest.mouseClick(window.canvas.viewport(), Left, NoMods, point)
    QTest.mouseDClick(window.canvas.viewport(), Left, NoMods, point)


def delete(window: MainWindow, word: tuple[int, int]) -> None:
    chosen(window, word)
    QTest.keyClick(window.canvas, Qt.Key.Key_Delete)


def cut(window: MainWindow, word: tuple[int, int]) -> None:
    chosen(window, word)
    QTest.keyClick(window.canvas, Qt.Key.Key_X, Control)


def type_over(window: MainWindow, word: tuple[int, int]) -> None:
    chosen(window, word)
    QTest.keyClick(window.canvas, Qt.Key.Key_W)
    assert window.canvas.line.editor is not None
    QTest.keyClick(window.canvas.line.editor, Qt.Key.Key_Return)


def lengthen(window: MainWindow, word: tuple[int, int]) -> None:
    QTest.mouseClick(window.canvas.viewport(), Left, NoMods, window.canvas.picture.middle(word[0]).toPoint())
    QTest.keyClick(window.canvas, Qt.Key.Key_Plus)


@pytest.mark.parametrize("edit", [delete, cut, type_over, lengthen])
def test_the_rest_of_a_text_stays_when_some_of_it_is_edited_and_undoing_brings_the_run_back(
    window: MainWindow, edit: Edit
) -> None:
    view, timeline = window.session.view, window.timeline
    window.session.playhead.set_sample(1)
    word, run = free_word_late(window), view.run
    curve, before, step = view.settled_curve(), view.canvas().tokens, timeline.step.text()
    edit(window, word)
    after = view.canvas().tokens
    assert view.run is None
    np.testing.assert_array_equal(after[:2], before[:2])
    np.testing.assert_array_equal(after[-40:], before[-40:])
    assert timeline.step.text() == "Text edited"
    assert "of the text before" in timeline.facts.text()
    np.testing.assert_array_equal(view.settled_curve(), curve)
    QTest.mouseClick(timeline.track, Left, NoMods, QPoint(timeline.track.width() // 2, 20))
    assert view.canvas().tokens is after
    assert not window.example_row.isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Control)
    assert view.run is run
    assert timeline.step.text() == step
    np.testing.assert_array_equal(view.canvas().tokens, before)


def free_word_late(window: MainWindow) -> tuple[int, int]:
    """A word between two locked passages that is not alone there."""
    view = window.session.view
    return next(word for word in view.words() if word[0] > 4 and not view.document.locked[slice(*word)].any())


def test_a_run_of_the_edited_text_takes_the_place_of_the_one_before(window: MainWindow, scene: Scene) -> None:
    delete(window, free_word(scene))
    scene.run(8)
    scene.play(8)
    assert window.timeline.step.text().endswith(" of 8")
    assert scene.session.view.document.edited is None
    held = {id(run) for run in runs_of(scene.session.editor.undo_stack)}
    assert len(held) == 2


def runs_of(stack: UndoStack) -> list[Trajectory]:
    return [run for step in stack.steps for run in step.runs()]


def test_prompts_to_try_are_offered_where_nothing_was_yet(scene: Scene, qtbot: QtBot) -> None:
    window = window_of(scene.session, scene.settings, qtbot)
    window.resize(1280, 820)
    QTest.keyClick(window, Qt.Key.Key_N, Control)
    assert window.example_row.isVisible()
    scene.run(8)
    scene.play(8)
    QTest.keyClick(window.canvas, Qt.Key.Key_A, Control)
    QTest.keyClick(window.canvas, Qt.Key.Key_Delete)
    assert (scene.session.view.canvas().tokens == FREE).all()
    assert not window.example_row.isVisible()
    QTest.keyClick(window, Qt.Key.Key_N, Control)
    assert window.example_row.isVisible()
