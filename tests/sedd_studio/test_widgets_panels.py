"""Prompt editor, banner, top bar and status line, worked with real events."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.protocol import Generate
from sedd_studio.painting.theme import LIGHT, Look
from sedd_studio.record.pace import duration
from sedd_studio.record.sizes import count
from sedd_studio.widgets.controls.menu_button import MenuButton
from sedd_studio.widgets.panels.error_banner import ErrorBanner
from sedd_studio.widgets.panels.prompt_editor import PromptEditor
from sedd_studio.widgets.panels.status_line import StatusLine
from sedd_studio.widgets.panels.top_bar import TopBar
from tests.sedd_studio.scene import Scene, words_of
from tests.sedd_studio.windows import shown

Left, Control = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


# ---- prompt


def open_editor(qtbot: QtBot, scene: Scene, text: str) -> PromptEditor:
    editor = shown(qtbot, PromptEditor(scene.session.view, scene.session.editor, scene.session.questions, Look(LIGHT)))
    QTest.mouseClick(editor.toggle, Left)
    editor.editor.selectAll()
    QTest.keyClicks(editor.editor, text)
    return editor


@pytest.mark.parametrize("text", ["a book " * 700_000, "a" + " " * 40_000 + "[3]"])
def test_a_text_longer_than_any_prompt_is_not_pasted_and_said_to_be(text: str, scene: Scene, qtbot: QtBot) -> None:
    editor = open_editor(qtbot, scene, "A fox [7] home.")
    QApplication.clipboard().setText(text)
    QTest.keyClick(editor.editor, Qt.Key.Key_V, Control)
    assert editor.editor.toPlainText() == "A fox [7] home."
    assert scene.session.errors.current is not None
    assert f"{len(text):,} characters" in scene.session.errors.current.headline


def test_control_and_enter_apply_the_prompt(scene: Scene, qtbot: QtBot) -> None:
    editor = open_editor(qtbot, scene, "A fox [7] home.")
    QTest.keyClick(editor.editor, Qt.Key.Key_Return, Control)
    assert int((~scene.session.view.canvas().locked).sum()) == 7
    assert not editor.apply_button.isEnabled()


def test_the_apply_button_applies_the_prompt_and_undo_brings_the_old_one_back(scene: Scene, qtbot: QtBot) -> None:
    before = scene.session.view.prompt
    editor = open_editor(qtbot, scene, "A fox ____ home.")
    QTest.mouseClick(editor.apply_button, Left)
    assert int((~scene.session.view.canvas().locked).sum()) == 12
    scene.session.editor.undo_stack.undo()
    assert editor.editor.toPlainText() == before


def test_a_prompt_that_cannot_be_applied_stays_in_the_field(scene: Scene, qtbot: QtBot) -> None:
    before = scene.session.view.prompt
    editor = open_editor(qtbot, scene, "A fox [0] home.")
    QTest.keyClick(editor.editor, Qt.Key.Key_Return, Control)
    assert scene.session.errors.current is not None
    assert scene.session.view.prompt == before
    assert editor.editor.toPlainText() == "A fox [0] home."
    assert editor.apply_button.isEnabled()


def test_an_edit_that_is_not_applied_yet_survives_a_change_elsewhere(scene: Scene, qtbot: QtBot) -> None:
    editor = open_editor(qtbot, scene, "half a thought")
    scene.session.editor.set_locked([0, 1], False)
    assert editor.editor.toPlainText() == "half a thought"


# ---- banner, top bar, status, model


def bar_of(scene: Scene) -> TopBar:
    look = Look(LIGHT)
    return TopBar(scene.session, look, MenuButton("Model", look), MenuButton("Noise", look))


def test_the_banner_shows_an_error_opens_its_details_and_is_dismissed(scene: Scene, qtbot: QtBot) -> None:
    parent = shown(qtbot, QWidget())
    banner = ErrorBanner(scene.session.errors, Look(LIGHT), parent)
    assert not banner.isVisible()
    scene.session.errors.show("The folder is empty.", "Traceback")
    assert banner.isVisible()
    assert banner.headline.text() == "The folder is empty."
    assert not banner.detail_text.isVisible()
    QTest.mouseClick(banner.details, Left)
    assert banner.detail_text.isVisible()
    assert banner.detail_text.toPlainText() == "Traceback"
    QTest.mouseClick(banner.close_button, Left)
    assert not banner.isVisible()
    assert scene.session.errors.current is None


def test_the_run_button_starts_a_run_and_stop_cancels_it(scene: Scene, qtbot: QtBot) -> None:
    bar = shown(qtbot, bar_of(scene))
    assert not bar.stop.isEnabled()
    QTest.mouseClick(bar.run_button, Left)
    assert isinstance(scene.runner.requests[-1], Generate)
    assert bar.stop.isEnabled()
    QTest.mouseClick(bar.stop, Left)
    assert scene.runner.cancelled == 1


def test_pause_holds_the_picture_and_step_moves_it_on(scene: Scene, qtbot: QtBot) -> None:
    bar = shown(qtbot, bar_of(scene))
    scene.run(16)
    scene.play(5)
    QTest.mouseClick(bar.pause, Left)
    scene.play(9)
    assert scene.session.playhead.step == 9  # the step that the engine was at; it is held after that
    assert bar.pause.accessibleName() == "Go on"
    scene.session.playhead.seek(4)
    QTest.mouseClick(bar.step, Left)
    assert scene.session.playhead.step == 5


def test_the_status_line_says_how_far_the_run_is(scene: Scene, qtbot: QtBot) -> None:
    status = shown(qtbot, StatusLine(scene.session, words_of(scene), Look(LIGHT)))
    assert status.text.text() == "Ready"
    scene.run(10)
    scene.play(5)
    qtbot.waitUntil(lambda: status.text.text() == "Running: step 5 of 10, almost done")
    assert not status.bar.isVisible()
    scene.play(10)
    assert status.text.text().startswith("Finished: 10 steps, 10 network calls")
    assert not status.bar.isVisible()


def test_numbers_are_said_shortly() -> None:
    assert [count(n) for n in (512, 4_200, 11_800_000, 1_500_000_000)] == ["512", "4.2 k", "12 M", "1.5 G"]
    assert [duration(s) for s in (0.84, 42.4, 185)] == ["0.8 s", "42 s", "3 min 5 s"]
    assert [duration(s) for s in (3599.6, 18_495)] == ["1 h 0 min", "5 h 8 min"]
