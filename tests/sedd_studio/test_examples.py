"""At first one is told what the model writes, and offered prompts to try; it is gone with the first run or edit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from engine.language.domains import DOMAINS, TEXT
from engine.language.prompts import parse_prompt
from sedd_studio.record.settings import Settings
from sedd_studio.session import session as session_module
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

Left = Qt.MouseButton.LeftButton


@pytest.fixture
def scene(tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """As at the first start: with the prompt that the studio begins with."""
    monkeypatch.setattr(session_module, "PROMPT", "Once upon a time. [8] the little star. [6]")
    scene = Scene(tmp_path)
    scene.session.editor.set_prompt(session_module.PROMPT)
    scene.load(replace(scene.info, facts={"writes": "short stories in simple English"}))
    return scene


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    return shown(scene, qtbot)


def shown(scene: Scene, qtbot: QtBot) -> MainWindow:
    window = window_of(scene.session, scene.settings, qtbot)
    window.resize(1280, 820)
    QApplication.processEvents()
    return window


def offered(window: MainWindow) -> list[QPushButton]:
    return [button for button in window.example_row.buttons if button.isVisible()]


def places(window: MainWindow) -> list[object]:
    parts: list[QWidget] = [window.canvas, window.timeline, window.top_bar, window.run_form]
    return [part.geometry() for part in parts]


def test_three_prompts_are_offered_and_what_the_model_writes(window: MainWindow) -> None:
    assert window.example_row.writes.toolTip() == "This model writes short stories in simple English."
    assert [button.text() for button in offered(window)] == [
        "Once upon a time … the dragon … The end.",
        '… "I am not a cat," said the cat. …',
        "… So the fish learned to ride a bicycle.",
    ]


def test_one_becomes_the_prompt_in_one_step(scene: Scene, window: MainWindow) -> None:
    before = scene.session.view.document
    QTest.mouseClick(offered(window)[2], Left)
    assert scene.session.view.prompt.endswith("the fish learned to ride a bicycle.")
    assert len(offered(window)) == 2  # the others can still be tried
    assert window.canvas.hasFocus()
    scene.session.editor.undo_stack.undo()
    assert scene.session.view.document is before
    assert len(offered(window)) == 3


def test_they_are_reached_by_keys(scene: Scene, window: MainWindow) -> None:
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
    assert offered(window)[0].hasFocus()
    QTest.keyClick(offered(window)[0], Qt.Key.Key_Space)
    assert "dragon" in scene.session.view.prompt


def test_they_are_gone_once_there_is_a_run_and_come_back_with_its_undoing(scene: Scene, window: MainWindow) -> None:
    before = places(window)
    scene.run(8)
    assert not window.example_row.isVisible()
    assert places(window) == before
    scene.play(8)
    assert not window.example_row.isVisible()
    scene.session.editor.undo_stack.undo()
    assert window.example_row.isVisible()


def test_they_are_gone_once_the_prompt_is_another(scene: Scene, window: MainWindow) -> None:
    before = places(window)
    scene.session.editor.set_prompt("A fox [7] home.")
    assert not window.example_row.isVisible()
    assert places(window) == before
    scene.session.pages.begin()
    assert len(offered(window)) == 3  # a fresh page is none yet


def test_the_text_has_the_room_first(scene: Scene, window: MainWindow) -> None:
    row = window.example_row
    window.resize(window.minimumSize())
    window.canvas.set_zoom(3.0)
    QApplication.processEvents()
    assert not row.isVisible()
    window.resize(1600, 1000)
    window.canvas.set_zoom(1.0)
    QApplication.processEvents()
    assert row.isVisible()
    assert row.geometry().top() >= window.canvas.picture.height
    assert window.canvas.viewport().rect().contains(row.geometry())
    for button in offered(window):
        assert button.width() >= button.sizeHint().width()


def test_a_model_that_says_nothing_of_itself_has_the_sentence_of_its_kind(qtbot: QtBot, tmp_path: Path) -> None:
    scene = Scene(tmp_path, domain="molecules")
    window = shown(scene, qtbot)
    assert window.example_row.writes.toolTip() == "This model writes small organic molecules, as SMILES."
    assert [button.text() for button in offered(window)] == ["CC(=O) …", "… C1CC1 …"]
    QTest.mouseClick(offered(window)[1], Left)
    assert scene.session.view.prompt == "[6]C1CC1 [8]"


def test_nothing_is_offered_for_a_session_that_was_left(
    make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot
) -> None:
    session = make_session(engine)
    assert session.examples.now is not None
    session.editor.set_prompt("My own words [4] here.")
    assert session.examples.now is None


def test_examples_fit_the_bundled_models_and_hold_words() -> None:
    assert len(TEXT.examples) == 3
    for domain in DOMAINS.values():
        assert domain.writes
        assert not domain.writes.endswith(".")
    tokenizer = DOMAINS["promoters"].tokenizer(iter(()), 0)
    assert len(parse_prompt(DOMAINS["promoters"].examples[1], tokenizer, 300)) == 300


def test_a_prompt_of_ours_that_does_not_fit_a_short_model_gives_way_silently_and_one_of_the_user_s_does_not(
    scene: Scene,
) -> None:
    def told() -> str:
        error = scene.session.errors.current
        return error.headline if error is not None else ""

    scene.load(replace(scene.info, name="short", length=8, weights="short"))
    assert (scene.session.view.prompt, told()) == ("[8]", "")
    scene.load(replace(scene.info, name="long", length=300, weights="long"))
    scene.session.editor.set_prompt("A story of the user's own, [20] long.")
    scene.load(replace(scene.info, name="shorter", length=6, weights="shorter"))
    assert scene.session.view.prompt == "[6]"
    assert "does not fit the new model" in told()
