"""What is typed is what runs: whatever uses a text or a number has it applied first, or says why it cannot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, Generate, Request, Score
from sedd_studio.widgets.controls.basic import Number
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

Left, Control, Shift = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Type = Callable[[MainWindow], None]
Use = Callable[[MainWindow], None]


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    """Before any run; there is a way to go on once there is one."""
    return window_of(scene.session, scene.settings, qtbot)


# ---- fields, each with another text or number than what is applied


def in_the_prompt(window: MainWindow) -> None:
    window.prompt.toggle.click()
    window.prompt.editor.selectAll()
    QTest.keyClicks(window.prompt.editor, "A fox [5] home.")


def in_the_line(window: MainWindow) -> None:
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Home)
    QTest.keyClick(window.canvas, Qt.Key.Key_F2)
    editor = window.canvas.line.editor
    assert editor is not None
    editor.selectAll()
    QTest.keyClicks(editor, "dragon")


def in_a_number(window: MainWindow) -> None:
    steps = window.run_form.main.controls["steps"]
    assert isinstance(steps, Number)
    steps.setFocus()
    steps.selectAll()
    QTest.keyClicks(steps, "23")


def in_a_number_of_the_form(window: MainWindow) -> None:
    number = window.run_form.main.controls["temperature"]
    assert isinstance(number, Number)
    number.setFocus()
    number.selectAll()
    QTest.keyClicks(number, "0.75")


def in_a_form_line(window: MainWindow) -> None:
    window.run_form.more.click()
    line = window.run_form.folded.controls["pattern"]
    assert isinstance(line, QLineEdit)
    line.setFocus()
    QTest.keyClicks(line, "[a-z ]*")


def has_prompt(request: Generate) -> bool:
    return int((request.tokens == FREE).sum()) == 5


def has_word(window: MainWindow) -> Callable[[Generate], bool]:
    def look(request: Generate) -> bool:
        tokenizer = window.session.models.tokenizer
        assert tokenizer is not None
        return tokenizer.decode(request.tokens[:8].tolist()).startswith("dragon")

    return look


def fields(window: MainWindow) -> dict[str, tuple[Type, Callable[[Generate], bool]]]:
    return {
        "prompt": (in_the_prompt, has_prompt),
        "line": (in_the_line, has_word(window)),
        "steps": (in_a_number, lambda request: request.steps == 23),
        "temperature": (in_a_number_of_the_form, lambda request: request.temperature == 0.75),
        "pattern": (in_a_form_line, lambda request: request.pattern == "[a-z ]*"),
    }


FIELDS = ("prompt", "line", "steps", "temperature", "pattern")


# ---- what uses them


def by_key(key: Qt.Key, modifiers: Qt.KeyboardModifier) -> Use:
    def use(window: MainWindow) -> None:
        QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)

    return use


def by_button(name: Callable[[MainWindow], QPushButton]) -> Use:
    def use(window: MainWindow) -> None:
        button = name(window)
        button.setFocus(Qt.FocusReason.MouseFocusReason)
        QTest.mouseClick(button, Left)

    return use


def by_action(name: str) -> Use:
    return lambda window: window.actions_by_name[name].trigger()


def compare(window: MainWindow) -> None:
    window.show_panel("compare")
    by_button(lambda w: w.panel("compare").start)(window)


USES: dict[str, Use] = {
    "Run": by_button(lambda window: window.top_bar.run_button),
    "Ctrl+Enter": by_key(Qt.Key.Key_Return, Control),
    "the menu": by_action("run"),
    "the queue": by_key(Qt.Key.Key_Q, Control | Shift),
    "the queue's button": by_button(lambda window: window.panel("queue").add),
    "compare": compare,
}


def generated(scene: Scene) -> list[Generate]:
    everything: list[Request] = [*scene.runner.requests, *scene.runner.asked]
    return [request for request in everything if isinstance(request, Generate)]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("field", FIELDS)
def test_what_is_typed_is_what_runs(field: str, use: str, scene: Scene, window: MainWindow) -> None:
    typed, found = fields(window)[field]
    window.show_panel("queue")
    typed(window)
    USES[use](window)
    QApplication.processEvents()
    made = generated(scene)
    assert made
    if use != "compare" or field != "steps":  # whose panes have steps of their own
        assert found(made[0])


def in_a_bad_prompt(window: MainWindow) -> None:
    in_the_prompt(window)
    window.prompt.editor.selectAll()
    QTest.keyClicks(window.prompt.editor, "A fox [0] home.")


def in_a_bad_line(window: MainWindow) -> None:
    in_the_line(window)
    assert window.canvas.line.editor is not None
    QTest.keyClicks(window.canvas.line.editor, " [9999]")


def in_a_bad_number(window: MainWindow) -> None:
    in_a_number(window)
    steps = window.run_form.main.controls["steps"]
    assert isinstance(steps, Number)
    steps.selectAll()
    QTest.keyClicks(steps, "0")


BAD: dict[str, Type] = {"prompt": in_a_bad_prompt, "line": in_a_bad_line, "steps": in_a_bad_number}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("field", BAD)
def test_what_cannot_be_applied_is_said_and_nothing_runs(
    field: str, use: str, scene: Scene, window: MainWindow
) -> None:
    before = scene.session.view.document
    window.resize(1600, 1000)  # room for the form beside the queue
    window.show_panel("queue")
    QApplication.processEvents()
    BAD[field](window)
    USES[use](window)
    QApplication.processEvents()
    assert not generated(scene)
    assert scene.session.errors.current is not None
    assert window.banner.isVisible()
    assert scene.session.view.document is before
    left = {
        "prompt": window.prompt.editor.toPlainText(),
        "line": window.canvas.line.editor.text() if window.canvas.line.editor else "",
        "steps": window.run_form.findChildren(Number)[0].text(),
    }
    assert left[field] in ("A fox [0] home.", "dragon [9999]", "0")


@pytest.mark.parametrize("use", ["save_run", "export_page", "export_text", "export_film", "copy_command"])
@pytest.mark.parametrize("field", ["prompt", "line"])
def test_a_run_of_another_text_than_is_typed_is_neither_saved_nor_copied(
    field: str, use: str, scene: Scene, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("sedd_studio.window.doing.ask_which", lambda *words: asked.append(words[1]))
    scene.run(8)
    scene.play(8)
    QApplication.clipboard().setText("before")
    fields(window)[field][0](window)
    window.actions_by_name[use].trigger()
    assert not asked
    assert QApplication.clipboard().text() == "before"
    assert scene.session.errors.current is not None
    assert "press Run" in scene.session.errors.current.headline
    assert scene.session.view.run is None


@pytest.mark.parametrize("field", ["prompt", "line"])
def test_the_text_that_is_typed_is_what_is_copied(field: str, scene: Scene, window: MainWindow) -> None:
    fields(window)[field][0](window)
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_C, Control | Shift)
    assert QApplication.clipboard().text().startswith({"prompt": "A fox [5]", "line": "dragon"}[field])


def test_a_text_that_is_typed_can_be_scored_at_once(scene: Scene, window: MainWindow) -> None:
    window.show_panel("likelihood")
    assert not window.panel("likelihood").start.isEnabled()  # there are gaps in the prompt
    in_the_prompt(window)
    window.prompt.editor.selectAll()
    QTest.keyClicks(window.prompt.editor, "A fox ran home.")
    by_button(lambda w: w.panel("likelihood").start)(window)
    score = scene.runner.asked[0]
    assert isinstance(score, Score)
    assert scene.tokenizer.decode(score.tokens.tolist()) == "A fox ran home."


def test_what_is_typed_and_cannot_be_scored_says_why(scene: Scene, window: MainWindow) -> None:
    window.show_panel("likelihood")
    in_the_prompt(window)
    by_button(lambda w: w.panel("likelihood").start)(window)
    assert not [request for request in scene.runner.asked if isinstance(request, Score)]
    assert scene.session.errors.current is not None
    assert "masked" in scene.session.errors.current.headline


def test_a_lock_after_something_was_typed_locks_nothing_of_the_text_before(scene: Scene, window: MainWindow) -> None:
    in_the_prompt(window)
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_L)
    assert scene.session.view.prompt == "A fox [5] home."


def test_escape_takes_back_what_was_typed_in_the_prompt(scene: Scene, window: MainWindow) -> None:
    before = scene.session.view.prompt
    in_the_prompt(window)
    QTest.keyClick(window.prompt.editor, Qt.Key.Key_Escape)
    assert window.prompt.editor.toPlainText() == before
    USES["Ctrl+Enter"](window)
    np.testing.assert_array_equal(generated(scene)[0].tokens, scene.session.view.document.request)


def test_a_prompt_that_is_typed_is_had_back_when_another_file_is_opened(scene: Scene, window: MainWindow) -> None:
    in_the_prompt(window)
    scene.session.editor.set_prompt("The end [3]")
    scene.session.editor.undo_stack.undo()
    assert scene.session.view.prompt == "A fox [5] home."


def test_a_model_that_comes_leaves_what_is_being_typed(scene: Scene, window: MainWindow) -> None:
    in_a_number(window)
    scene.load(scene.info)
    USES["Ctrl+Enter"](window)
    assert generated(scene)[0].steps == 23


@pytest.mark.parametrize("end", ["\n", "\n\n", " ", "  ", " \n ", ""])
def test_blanks_at_the_end_are_nothing_to_lock(scene: Scene, window: MainWindow, end: str) -> None:
    view, control = scene.session.view, Control
    QApplication.clipboard().setText(f"A fox [5] home.{end}")
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_A, control)
    QTest.keyClick(window.canvas, Qt.Key.Key_V, control)
    assert view.prompt == "A fox [5] home."
    window.prompt.toggle.click()
    window.prompt.editor.setPlainText(f"An owl [5] home.{end}")
    window.prompt.apply_button.click()
    assert view.prompt == "An owl [5] home."
    edits = scene.session.editor.undo_stack.index
    window.prompt.editor.setPlainText(f"An owl [5] home.{end}")
    window.prompt.apply_button.click()
    assert not window.prompt.waiting
    assert scene.session.editor.undo_stack.index == edits


def test_a_space_at_the_end_is_where_the_text_goes_on(scene: Scene, window: MainWindow) -> None:
    view, field = scene.session.view, window.prompt.editor
    window.prompt.toggle.click()
    field.selectAll()
    QTest.keyClicks(field, "A fox [5] ran ")
    QTest.keyClick(field, Qt.Key.Key_Return, Control)
    request = scene.runner.requests[-1]
    assert isinstance(request, Generate)
    assert view.tokenizer is not None
    assert view.tokenizer.decode(request.tokens[request.tokens != FREE].tolist()) == "A fox ran"
    assert field.toPlainText() == "A fox [5] ran "
    QTest.keyClicks(field, "home.")
    QTest.keyClick(field, Qt.Key.Key_Return, Control)
    assert view.prompt == "A fox [5] ran home."


@pytest.mark.parametrize(("word", "left"), [("home.", "A fox [5] cat"), ("fox", "A cat [5] home.")])
def test_a_space_after_a_word_on_the_canvas_is_none_of_its_own(
    scene: Scene, window: MainWindow, word: str, left: str
) -> None:
    scene.session.editor.set_prompt("A fox [5] home.")
    view, canvas = scene.session.view, window.canvas
    place = next(run for run in view.words() if view.text_in(*run).strip() == word)
    view.select(place)
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_C)
    assert canvas.line.editor is not None
    QTest.keyClicks(canvas.line.editor, "at ")
    QTest.keyClick(canvas.line.editor, Qt.Key.Key_Return)
    assert view.prompt == left


def test_a_blank_that_has_a_backslash_is_meant(scene: Scene, window: MainWindow) -> None:
    window.prompt.toggle.click()
    window.prompt.editor.setPlainText("\\  ")
    window.prompt.apply_button.click()
    assert scene.session.view.full_text() == " "
