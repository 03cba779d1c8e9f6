"""Files that are opened in the real window, by command and by drop: runs, texts, records, models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from engine.language.tokenizers import Tokenizer
from engine.runs.carried import read_run
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.opening import part_of_model
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.files_at_hand import drop, run, saved_in
from tests.sedd_studio.windows import read, window_of

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(session: Session, settings: Settings, qtbot: QtBot) -> MainWindow:
    session.form.set(steps=6, seed=3)
    return window_of(session, settings, qtbot)


@pytest.fixture
def saved(window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return saved_in(tmp_path, window, qtbot, monkeypatch)


def test_files_are_opened_wherever_they_fall(window: MainWindow, saved: Path) -> None:
    session = window.session
    window.run_form.more.click()
    window.prompt.toggle.click()
    for name, panel in window.places.widgets.items():
        window.show_panel(name)
        QApplication.processEvents()
        fields = [part for part in window.findChildren(QLineEdit) if part.isVisible()]
        texts = [field.text() for field in fields]
        parts = [part for part in panel.findChildren(QWidget) if part.isVisible()]
        some = (window.canvas.viewport(), window.prompt.editor.viewport(), window.timeline, window.top_bar)
        for part in (panel, *some, *fields, *parts[::5]):
            before = session.view.run
            assert drop(window, saved, part), part
            assert session.view.run is not before, part
        assert [field.text() for field in fields] == texts
    window.canvas.line.open((0, 2))
    assert window.canvas.line.editor is not None
    assert drop(window, saved, window.canvas.line.editor)
    window.services.keeper.close()  # which the panel of the history began


def test_text_that_falls_into_a_field_is_text(window: MainWindow) -> None:
    window.panel("history").search.clear()
    window.show_panel("history")
    data = QMimeData()
    data.setText("dragon")
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for kind in (QDragEnterEvent, QDropEvent):
        QApplication.sendEvent(window.panel("history").search, kind(QPoint(5, 5), copy, data, left, none))
    assert window.panel("history").search.text() == "dragon"
    assert all(field.acceptDrops() for field in window.findChildren(QLineEdit))  # those of numbers, too
    window.services.keeper.close()


def test_a_saved_run_is_opened_by_the_command_and_run_again_to_the_same_text(
    window: MainWindow, saved: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, text = window.session, window.session.view.full_text()
    session.form.set(steps=5, seed=8)
    run(window, qtbot)
    assert session.view.full_text() != text
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(saved), ""))
    QTest.keyClick(window, Qt.Key.Key_O, CTRL | SHIFT)
    read(session)
    qtbot.waitUntil(lambda: not session.playhead.playing)
    assert session.view.full_text() == text
    assert (session.form.now.steps, session.form.now.seed) == (6, 3)
    assert session.models.ready
    session.playhead.seek(2)
    assert session.view.full_text() != text
    run(window, qtbot)
    session.playhead.seek(session.playhead.recorded)
    assert session.view.full_text() == text


def test_opening_a_run_can_be_undone(window: MainWindow, saved: Path, qtbot: QtBot) -> None:
    session = window.session
    session.form.set(seed=8)
    run(window, qtbot)
    text = session.view.full_text()
    assert drop(window, saved)
    qtbot.waitUntil(lambda: not session.playhead.playing)
    assert session.view.full_text() != text
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert session.view.full_text() == text


def test_a_run_is_played_without_any_model(
    window: MainWindow, saved: Path, settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    text, tokens = window.session.view.full_text(), window.session.view.canvas().tokens
    alone = Session(Runner(FakeEngine), Reader(), Settings(tmp_path / "others.json"))
    other = window_of(alone, settings, qtbot)
    assert drop(other, saved)
    alone.playhead.seek(alone.playhead.recorded)
    np.testing.assert_array_equal(alone.view.canvas().tokens, tokens)
    assert alone.view.full_text() == text
    assert not other.actions_by_name["run"].isEnabled()
    assert not other.top_bar.run_button.isEnabled()
    assert "not loaded" in other.status_line.text.text()
    QTest.keyClick(other, Qt.Key.Key_Left)
    assert alone.playhead.step == 5
    alone.shutdown()


def test_a_damaged_file_is_said_and_nothing_is_lost(
    window: MainWindow, saved: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    text = window.session.view.full_text()
    cut = tmp_path / "cut.sedd"
    cut.write_bytes(saved.read_bytes()[:-10])
    assert drop(window, cut)
    assert "cut.sedd" in window.banner.headline.text()
    assert window.session.view.full_text() == text
    assert window.session.models.ready


def test_a_dropped_text_is_the_prompt_and_a_dropped_folder_the_model(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "prompt.txt").write_text("Once upon a time [9] The end.\n", encoding="utf-8")
    assert drop(window, tmp_path / "prompt.txt")
    assert window.session.view.prompt == "Once upon a time [9] The end."
    (tmp_path / "marked.txt").write_bytes(b"\xef\xbb\xbfOnce [8] The end.\n")
    assert drop(window, tmp_path / "marked.txt")
    assert window.session.view.prompt == "Once [8] The end."
    (tmp_path / "picture.txt").write_bytes(b"\xff\xfe\x00")
    drop(window, tmp_path / "picture.txt")
    assert "UTF-8" in window.banner.headline.text()
    assert drop(window, tmp_path)
    assert window.session.models.loading
    qtbot.waitUntil(lambda: window.session.models.ready)


def test_a_record_that_is_far_too_long_is_not_cut_into_tokens(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "texts.jsonl").write_text(f'{{"text": "{"a" * 10**6}"}}', encoding="utf-8")
    monkeypatch.setattr(Tokenizer, "encode", lambda *_: pytest.fail("it was cut into tokens"))
    drop(window, tmp_path / "texts.jsonl")
    assert "1,000,000 characters" in window.banner.headline.text()


def test_of_a_dropped_file_of_records_the_first_is_the_prompt_as_it_is(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "texts.jsonl").write_text('{"text": "The [3] end."}\n{"text": "two"}\n', encoding="utf-8")
    assert drop(window, tmp_path / "texts.jsonl")
    assert window.session.view.prompt == "The \\[3] end."
    assert window.session.view.document.locked.all()


def test_a_dropped_text_that_is_far_too_long_is_refused_before_it_is_read(window: MainWindow, tmp_path: Path) -> None:
    before = window.session.view.document
    with (tmp_path / "text.txt").open("wb") as file:
        file.truncate(2**40)
    drop(window, tmp_path / "text.txt")
    assert window.session.errors.current is not None
    assert window.session.errors.current.headline == "text.txt is larger than 64 MB; choose a shorter text."
    assert window.session.view.document is before


@pytest.mark.parametrize("name", ["PROMPT.TXT", "Prompt.Md"])
def test_a_text_is_the_prompt_whether_its_ending_is_in_capitals_or_not(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, name: str
) -> None:
    (tmp_path / name).write_text("Once upon a time [9] The end.\n", encoding="utf-8")
    assert drop(window, tmp_path / name)
    qtbot.waitUntil(lambda: window.session.view.prompt == "Once upon a time [9] The end.")


def test_a_run_opened_while_a_model_loads_is_not_run_by_the_wrong_one(
    make_session: MakeSession, window: MainWindow, saved: Path, qtbot: QtBot
) -> None:
    session, run = window.session, read_run(saved)
    session.models.open("tiny")
    assert session.models.loading
    session.show_run(run)
    assert not session.models.ready
    qtbot.waitUntil(lambda: session.models.ready)  # the engine has said what it holds
    assert session.runs.state is RunState.DONE


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "merges.txt"])
def test_any_file_in_the_folder_of_a_model_stands_for_the_model(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("{}")
    assert part_of_model(path) == (name == "config.json")
    (tmp_path / "config.json").write_text("{}")
    assert part_of_model(path)
    assert not part_of_model(tmp_path / "story.txt")
    assert part_of_model(tmp_path / "model.safetensors.index.json")
