"""Wherever a text or a prompt is told of in a line, it reads as a person writes it, without markers of tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.language.backends import END_OF_TEXT
from sedd_studio.background.keeper import Keeper
from sedd_studio.record.previews import preview, shortened
from sedd_studio.session.scoring import named
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

MARK = END_OF_TEXT[:3]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"CCO{END_OF_TEXT * 30}", "CCO"),
        (f"CCO{END_OF_TEXT * 3}{END_OF_TEXT[:7]}", "CCO"),
        (f"One.{END_OF_TEXT}Two.", "One. ¶ Two."),
        (f"{END_OF_TEXT}Two.\n Three", "¶ Two. Three"),
        (f"CC [8]{END_OF_TEXT}", "CC [8]"),
        (END_OF_TEXT, ""),
        ("a <b", "a <b"),
        ("one\x1b two", "one␛ two"),
    ],
)
def test_a_preview_is_what_a_reader_reads(text: str, line: str) -> None:
    assert preview(text) == line


def test_a_long_preview_ends_in_dots() -> None:
    assert shortened("word " * 20, 12) == "word word wo …"
    assert shortened(f"word{END_OF_TEXT * 20}", 12) == "word"


def told(window: MainWindow) -> list[str]:
    """What all that can be seen says, lists with what they show and their tooltips."""
    texts = [window.windowTitle(), window.services.session.notices.text]
    for part in window.findChildren(QWidget):
        texts += [part.toolTip(), part.accessibleName()]
        texts += [part.text()] if isinstance(part, QLabel) else []
    for rows in (window.panel("history").list.model(), window.panel("queue").list.model(), window.samples.cards):
        for row in range(rows.rowCount()):
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
                texts.append(str(rows.index(row, 0).data(role)))
    return texts


def test_no_part_of_the_window_tells_of_a_text_in_markers(tmp_path: Path, keeper: Keeper, qtbot: QtBot) -> None:
    scene = Scene(tmp_path, domain="molecules")
    window = window_of(scene.session, scene.settings, qtbot, keeper)
    scene.session.editor.set_prompt(f"CC [10] {END_OF_TEXT * 4}")
    scene.run(8, samples=2)
    scene.play(8)
    run = scene.session.view.run
    assert run is not None
    assert MARK in scene.session.view.prompt
    keeper.keep(run)
    window.services.queue.add()
    window.show_panel("history")
    qtbot.waitUntil(lambda: bool(window.panel("history").runs.rows))
    window.session.notices.say(f"Scored {named(window.session)}")
    assert not [text for text in told(window) if MARK in text]
    end = next(place for place in range(16) if window.session.view.piece(place) == END_OF_TEXT)
    assert window.picture.describe(end).startswith(f"Position {end + 1}: end of text, ")
    assert "CC" in window.windowTitle()
    window.session.editor.place(1, 0)
    assert window.session.editor.undo_stack.undo_name == "Put “end of text” here"
