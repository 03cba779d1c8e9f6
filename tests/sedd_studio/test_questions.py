"""Questions to a model that chats, in the window: typed, asked, and read back from what was asked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.language.chat import UNKNOWN, asked, recognised
from engine.language.prompts import parse_prompt
from engine.protocol import FREE, Chat, Finished, Frame, Generate, ModelInfo, Started, Tokens, frozen
from engine.runs.runfile import open_run, save_run
from sedd_studio.record.history import LeftOver
from sedd_studio.record.snippets import as_command, as_python, prompt_options
from sedd_studio.session.presets import Presets
from sedd_studio.session.recovery import read_left, restore, state_of
from sedd_studio.window.main_window import MainWindow
from tests.engine.chats import CHATML, chat_tokenizer
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

Left = Qt.MouseButton.LeftButton
Control = Qt.KeyboardModifier.ControlModifier
TOKENIZER = chat_tokenizer()
CHAT = recognised(CHATML, TOKENIZER)
QUESTION = "What is [3] a dragon?"


def info_of(scene: Scene, chat: Chat | None) -> ModelInfo:
    size = TOKENIZER.vocabulary
    return replace(scene.info, name="chat", vocabulary=size, mask_id=size, chat=chat, weights="c")


@pytest.fixture
def chatting(scene: Scene) -> Scene:
    """A session with a model that chats."""
    scene.tokenizer = TOKENIZER
    scene.load(info_of(scene, CHAT))
    return scene


@pytest.fixture
def window(chatting: Scene, qtbot: QtBot) -> MainWindow:
    return window_of(chatting.session, chatting.settings, qtbot)


def ask(window: MainWindow, question: str = QUESTION, answer: str = "") -> None:
    """As a user does, up to the press of a key that applies it."""
    window.actions_by_name["ask"].trigger()
    field = window.prompt.editor
    field.selectAll()
    QTest.keyClicks(field, question)
    if answer:
        window.prompt.answer.setFocus()
        window.prompt.answer.selectAll()
        QTest.keyClicks(window.prompt.answer, answer)


def tokens_of(question: str = QUESTION, answer: int = 60) -> Tokens:
    return asked(CHAT, question, answer, TOKENIZER, 256)


def on_show(scene: Scene) -> list[int]:
    return [int(token) for token in scene.session.view.document.request]


def run(scene: Scene) -> None:
    """Asks for a run, which writes the same token everywhere in one step."""
    session = scene.session
    session.form.set(steps=1)
    session.runs.start()
    number, request = len(scene.runner.requests), scene.runner.requests[-1]
    assert isinstance(request, Generate)
    free = np.flatnonzero(request.tokens == FREE)
    begun = np.where(request.tokens == FREE, TOKENIZER.vocabulary, request.tokens)[None]
    frame = Frame(number, 1, 0.0, 0.0, frozen(0 * free), frozen(free), frozen(0 * free + 70), 1, 0.1)
    started = Started(number, frozen(begun), request.tokens != FREE, 1, 2.3)
    session.engine.deliver([started, frame, Finished(number, 1, 0.1)])
    session.clock.tick()


def test_a_question_is_typed_and_run(chatting: Scene, window: MainWindow) -> None:
    ask(window, answer="9")
    QTest.keyClick(window.prompt.answer, Qt.Key.Key_Return, Control)
    request = chatting.runner.requests[-1]
    assert isinstance(request, Generate)
    assert request.tokens.tolist() == tokens_of(answer=9).tolist()
    assert chatting.session.view.document.locked.tolist() == (request.tokens != FREE).tolist()
    assert not window.prompt.apply_button.isEnabled()


def test_control_and_enter_in_the_field_ask(chatting: Scene, window: MainWindow) -> None:
    ask(window)
    QTest.keyClick(window.prompt.editor, Qt.Key.Key_Return, Control)
    assert isinstance(chatting.runner.requests[-1], Generate)
    assert on_show(chatting) == tokens_of().tolist()


def test_the_prompt_is_had_back_and_the_question_again(chatting: Scene, window: MainWindow) -> None:
    before = chatting.session.view.prompt
    ask(window)
    QTest.mouseClick(window.prompt.apply_button, Left)
    chatting.session.editor.undo_stack.undo()
    assert chatting.session.view.prompt == before
    assert window.prompt.editor.toPlainText() == ""
    chatting.session.editor.undo_stack.redo()
    assert window.prompt.editor.toPlainText() == QUESTION
    assert not window.prompt.waiting


def test_another_length_of_the_answer_alone_makes_another_prompt(chatting: Scene, window: MainWindow) -> None:
    ask(window)
    QTest.mouseClick(window.prompt.apply_button, Left)
    window.prompt.answer.selectAll()
    QTest.keyClicks(window.prompt.answer, "12")
    assert window.prompt.apply_button.isEnabled()
    QTest.mouseClick(window.prompt.apply_button, Left)
    assert on_show(chatting) == tokens_of(answer=12).tolist()
    assert window.prompt.editor.toPlainText() == QUESTION
    assert not window.prompt.waiting


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        (QUESTION, "0", "Tokens of the answer must be a number from 1 to 255"),
        (QUESTION, "255", "shorten one of them"),
        ("dragon " * 300, "9", "shorten one of them"),
    ],
)
def test_what_cannot_be_asked_stays_and_says_why(
    question: str, answer: str, said: str, chatting: Scene, window: MainWindow
) -> None:
    before = on_show(chatting)
    ask(window, question, answer)
    QTest.mouseClick(window.prompt.apply_button, Left)
    assert chatting.session.errors.current is not None
    assert said in chatting.session.errors.current.headline
    assert window.prompt.editor.toPlainText() == question
    assert on_show(chatting) == before


def test_a_question_becomes_the_prompt_that_it_is_and_a_question_again(chatting: Scene, window: MainWindow) -> None:
    ask(window)
    QTest.mouseClick(window.prompt.question, Left)  # which applies what is typed
    text = window.prompt.editor.toPlainText()
    assert parse_prompt(text, TOKENIZER, 256).tolist() == tokens_of().tolist()
    assert text == chatting.session.view.prompt
    window.prompt.toggle.click()
    window.prompt.toggle.click()  # a question is on show, so it opens as one
    assert window.prompt.editor.toPlainText() == QUESTION
    window.prompt.editor.selectAll()
    QTest.keyClicks(window.prompt.editor, "Who?")
    QTest.keyClick(window.prompt.editor, Qt.Key.Key_Escape)
    assert window.prompt.editor.toPlainText() == QUESTION


def test_another_model_has_other_habits(chatting: Scene, window: MainWindow) -> None:
    asks = window.actions_by_name["ask"]
    ask(window)
    chatting.load(info_of(chatting, None))
    QApplication.processEvents()
    assert not asks.isEnabled()
    assert not window.prompt.question.isVisible()
    assert window.prompt.editor.toPlainText() == chatting.session.view.prompt
    chatting.load(info_of(chatting, Chat()))
    QApplication.processEvents()
    assert not asks.isEnabled()
    assert window.prompt.question.isVisible()
    assert not window.prompt.question.isEnabled()
    assert UNKNOWN[1:] in window.prompt.question.toolTip()
    chatting.load(info_of(chatting, CHAT))
    QApplication.processEvents()
    assert asks.isEnabled()
    assert window.prompt.question.isEnabled()


def test_a_run_of_a_question_is_copied_saved_and_read_back(chatting: Scene, window: MainWindow, tmp_path: Path) -> None:
    ask(window, answer="9")
    QTest.mouseClick(window.prompt.apply_button, Left)
    run(chatting)
    trajectory = chatting.session.view.run
    assert trajectory is not None
    assert trajectory.origin is not None
    option, text = prompt_options(trajectory.origin)
    assert option == "--text"
    assert parse_prompt(text, TOKENIZER, 256).tolist() == tokens_of(answer=9).tolist()
    assert "<|im_start|>user" in as_command(trajectory.origin)
    assert str(tokens_of(answer=9).tolist()) in as_python(trajectory.origin)
    save_run(tmp_path / "asked.sedd", trajectory)
    opened = open_run(tmp_path / "asked.sedd")
    assert opened.origin is not None
    assert opened.origin.info == trajectory.origin.info
    chatting.session.editor.set_prompt("A dragon [3]")
    chatting.session.show_run(opened)
    assert chatting.session.questions.now == (QUESTION, 9)
    assert window.prompt.editor.toPlainText() == QUESTION
    assert int(window.prompt.answer.value()) == 9


def test_a_preset_leaves_the_question(chatting: Scene, window: MainWindow) -> None:
    ask(window)
    QTest.mouseClick(window.prompt.apply_button, Left)
    presets = Presets(chatting.session.form, chatting.settings, chatting.session)
    presets.save("mine")
    chatting.session.form.set(steps=3)
    presets.choose("mine")
    assert chatting.session.questions.now == (QUESTION, 60)


def test_a_question_that_was_left_is_brought_back(chatting: Scene, window: MainWindow) -> None:
    ask(window)
    QTest.mouseClick(window.prompt.apply_button, Left)
    state = json.loads(json.dumps(state_of(chatting.session)))
    chatting.session.editor.set_prompt("A dragon [3]")
    assert "[3]" in chatting.session.view.prompt
    restore(chatting.session, read_left(LeftOver(state, None)))
    assert chatting.session.questions.now == (QUESTION, 60)
    assert window.prompt.editor.toPlainText() == QUESTION
