"""Whatever is done is one step to undo, with its name in the menu, and steps hold no more than there is room for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from sedd_studio.session import undoing
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.test_undo import state_of
from tests.sedd_studio.windows import window_of

Control, Shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    scene.session.editor.undo_stack.clear()
    return window_of(scene.session, scene.settings, qtbot)


def played(scene: Scene) -> None:
    scene.start()
    scene.play(8)


def run(scene: Scene, window: MainWindow) -> None:
    QTest.keyClick(window.canvas, Qt.Key.Key_Return, Control)
    played(scene)


def draw_again(scene: Scene, window: MainWindow) -> None:
    scene.session.view.select((20, 23))
    QTest.keyClick(window.canvas, Qt.Key.Key_R, Control)
    played(scene)


def alternatives(scene: Scene, window: MainWindow) -> None:
    scene.session.view.select((20, 23))
    QTest.keyClick(window.canvas, Qt.Key.Key_F3)
    played(scene)


def noise_again(scene: Scene, window: MainWindow) -> None:
    scene.session.view.select((20, 23))
    QTest.mouseClick(window.selection_bar.buttons["noise_again"], Qt.MouseButton.LeftButton)
    scene.start()


def go_on(scene: Scene, window: MainWindow) -> None:
    scene.session.playhead.seek(4)
    QTest.keyClick(window.canvas, Qt.Key.Key_Return, Control | Shift)
    scene.start()


def another_model(scene: Scene, window: MainWindow) -> None:
    scene.load(replace(scene.info, name="bases", path="bases", weights="w"))


def preset(scene: Scene, window: MainWindow) -> None:
    window.run_form.presets.list.setFocus()
    QTest.keyClick(window.run_form.presets.list, Qt.Key.Key_End)


def lock(scene: Scene, window: MainWindow) -> None:
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Home)
    QTest.keyClick(window.canvas, Qt.Key.Key_L)


def typing(scene: Scene, window: MainWindow) -> None:
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Home)
    QTest.keyClick(window.canvas, Qt.Key.Key_F2)
    assert window.canvas.line.editor is not None
    QTest.keyClicks(window.canvas.line.editor, "dragon")
    QTest.keyClick(window.canvas.line.editor, Qt.Key.Key_Return)


def open_run(scene: Scene, window: MainWindow) -> None:
    run = scene.session.view.run
    assert run is not None
    scene.session.show_run(run.only(0))


def seed(scene: Scene, window: MainWindow) -> None:
    QTest.keyClick(window.canvas, Qt.Key.Key_D, Control)


DONE: dict[str, Callable[[Scene, MainWindow], None]] = {
    "Run": run,
    "Draw again": draw_again,
    "Alternatives": alternatives,
    "Noise again": noise_again,
    "Go on": go_on,
    "Open run": open_run,
    "Open bases": another_model,
    "Preset “Nothing cut off”": preset,
    "Unlock": lock,
    "Typing": typing,
    "New seed": seed,
}


@pytest.mark.parametrize("name", DONE)
def test_what_was_done_last_is_one_step_with_its_name_in_the_menu(name: str, scene: Scene, window: MainWindow) -> None:
    scene.run(8)
    scene.play(8)
    stack, before = scene.session.editor.undo_stack, state_of(scene.session)
    steps, shown = len(stack.steps), scene.session.view.canvas().tokens
    DONE[name](scene, window)
    after = state_of(scene.session)
    assert after != before
    assert len(stack.steps) == steps + 1
    assert window.actions_by_name["undo"].text() == f"&Undo {name}"
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Control)
    assert state_of(scene.session) == before
    scene.session.playhead.seek(8)  # it stands where one went on from
    np.testing.assert_array_equal(scene.session.view.canvas().tokens, shown)
    assert window.actions_by_name["redo"].text() == f"&Redo {name}"
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Control | Shift)
    assert state_of(scene.session) == after


def test_what_is_typed_into_one_field_is_one_step(scene: Scene, window: MainWindow) -> None:
    before = scene.session.form.now.steps
    slider = window.run_form.main.sliders["steps"]
    for _ in range(3):
        QTest.keyClick(slider, Qt.Key.Key_Right)
    assert scene.session.form.now.steps > before
    assert [step.name for step in scene.session.editor.undo_stack.steps] == ["Steps"]
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Control)
    assert scene.session.form.now.steps == before


def test_a_run_that_is_undone_while_it_is_made_goes_on_and_comes_back_whole(scene: Scene, window: MainWindow) -> None:
    scene.run(8)
    scene.play(3)
    made = scene.session.view.run
    scene.session.editor.undo_stack.undo()
    assert scene.session.view.run is not made
    scene.play(8)
    scene.session.editor.undo_stack.redo()
    assert scene.session.view.run is made
    assert made is not None
    assert made.result is not None


def test_the_steps_hold_no_more_than_a_number_of_bytes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.run(8)
    scene.play(8)
    assert scene.session.view.run is not None
    monkeypatch.setattr(undoing, "MOST_BYTES", 3 * scene.session.view.run.bytes)
    for _ in range(6):
        scene.run(8)
        scene.play(8)
    assert len(scene.session.editor.undo_stack.steps) == 2  # between three runs
    scene.session.editor.undo_stack.undo()
    scene.session.editor.undo_stack.undo()
    assert scene.session.view.run is not None


def test_a_run_that_grew_since_its_step_was_kept_counts_as_it_ended(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        scene.run(64)
        scene.play(64)
    stack, run = scene.session.editor.undo_stack, scene.session.view.run
    steps, kept = stack.steps, len(stack.steps)
    assert run is not None
    monkeypatch.setattr(undoing, "MOST_BYTES", sum(held(steps)) + run.bytes // 2)
    scene.run(64)
    assert len(steps) == kept + 1
    scene.play(64)
    assert sum(held(steps)) <= undoing.MOST_BYTES
    for _ in range(len(steps)):
        scene.session.editor.undo_stack.undo()
    assert scene.session.editor.undo_stack.index == 0


def held(steps: list[undoing.Step]) -> list[int]:
    """The bytes of each run that steps hold."""
    return [run.bytes for run in {run for step in steps for run in step.runs()}]


def test_no_more_steps_are_kept_than_their_number(scene: Scene) -> None:
    for number in range(undoing.MOST_STEPS + 5):
        scene.session.form.new_seed()
        scene.session.form.set(steps=1 + number % 7)
    assert len(scene.session.editor.undo_stack.steps) == undoing.MOST_STEPS


def test_what_is_done_to_a_text_lets_nothing_look_for_another_model(scene: Scene, window: MainWindow) -> None:
    """All that follows the model was shown anew by each cut and each undo, and every folder of models read again."""
    told, looked = [], []
    scene.session.models.changed.connect(lambda: told.append(scene.session.models.info))
    scene.session.reader.changed.connect(lambda: looked.append(scene.session.reader.doing))
    scene.session.view.select((20, 23))
    QTest.keyClick(window.canvas, Qt.Key.Key_X, Control)
    lock(scene, window)
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Control)
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Control)
    assert scene.session.editor.undo_stack.redo_name
    assert not told
    assert not looked
    other = replace(scene.info, name="bases", path="bases", weights="w")
    scene.load(other)
    assert told == [other]
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Control)
    assert told == [other, scene.info]


def test_another_run_is_put_on_show_in_one_step(scene: Scene, window: MainWindow) -> None:
    """It was shown at its end first, then where it stood: all that follows the text was made twice."""
    run(scene, window)
    scene.session.playhead.seek(3)
    shown: list[int] = []
    scene.session.playhead.changed.connect(lambda: shown.append(scene.session.playhead.step))
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Control)
    assert shown == [0]
    QTest.keyClick(window.canvas, Qt.Key.Key_Z, Control | Shift)
    assert shown == [0, 3]
