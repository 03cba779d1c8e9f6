"""Saving a run and opening files in the real window: by command, by drop, with the model there and without any."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QStandardPaths, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from engine import bundled_models
from engine.language.tokenizers import Tokenizer
from engine.protocol import LoadModel
from engine.runs import runfile
from engine.runs.carried import read_run
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.session import session as session_module
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.opening import never_without, open_path, part_of_model
from sedd_studio.window.page_names import STUDIO
from tests.patience import PATIENCE
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import read, window_of

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(session: Session, settings: Settings, qtbot: QtBot) -> MainWindow:
    session.form.set(steps=6, seed=3)
    return window_of(session, settings, qtbot)


@pytest.fixture
def saved(window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run, saved by the command."""
    path = tmp_path / "kept.sedd"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    run(window, qtbot)
    save(window, qtbot)
    assert path.is_file()
    return path


def save(window: MainWindow, qtbot: QtBot) -> None:
    QTest.keyClick(window, Qt.Key.Key_S, CTRL)
    qtbot.waitUntil(lambda: window.services.jobs.current is None)


def run(window: MainWindow, qtbot: QtBot) -> None:
    QTest.keyClick(window, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE)


def drop(window: MainWindow, path: Path, part: QWidget | None = None) -> bool:
    """Whether the window took it; waits until it is read."""
    taken = let_fall(window, path, part)
    read(window.session)
    return taken


def let_fall(window: MainWindow, path: Path, part: QWidget | None = None) -> bool:
    """Whether the window, or a part of it, took it, which it then begins to read."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, left, none)
    enter.ignore()
    QApplication.sendEvent(part or window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(part or window, QDropEvent(QPoint(50, 50), copy, data, left, none))
    return enter.isAccepted()


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


def test_a_text_that_is_opened_before_any_model_has_the_default_one_opened_for_it(
    settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "story.txt").write_text("Once upon a time [9] The end.\n", encoding="utf-8")
    alone = Session(Runner(FakeEngine), Reader(), Settings(tmp_path / "others.json"))
    window = window_of(alone, settings, qtbot)
    open_path(alone, tmp_path / "story.txt")
    assert alone.models.loading
    qtbot.waitUntil(lambda: alone.models.ready)
    qtbot.waitUntil(lambda: alone.view.prompt == "Once upon a time [9] The end.")
    assert window.actions_by_name["run"].isEnabled()
    alone.shutdown()


@pytest.mark.parametrize("name", ["story.txt", "rows.csv", "owner/story.txt"])
def test_a_text_that_is_not_there_is_said_and_the_default_model_opens(
    name: str, settings: Settings, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one whose name was mistyped when the studio was started."""
    monkeypatch.chdir(tmp_path)
    alone, told = Session(Runner(FakeEngine), Reader(), settings), []
    alone.reader.failed.connect(lambda headline, _: told.append(headline))
    window = window_of(alone, settings, qtbot)
    window.open(name)
    assert window.places.page == STUDIO
    qtbot.waitUntil(lambda: alone.models.ready and bool(told))
    assert told == [f"{Path(name)} cannot be read (No such file or directory); choose another file."]
    assert window.actions_by_name["run"].isEnabled()
    alone.shutdown()


@pytest.mark.parametrize("name", ["broken", "missing.sedd", "owner/name"])
def test_what_gives_no_model_at_the_start_is_said_and_the_default_one_opens(
    name: str, settings: Settings, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session_module, "PROMPT", "Once [8]")
    engine = FakeEngine()
    alone = Session(Runner(lambda: engine), Reader(), settings)
    window = window_of(alone, settings, qtbot)
    window.open(name)
    never_without(alone)
    qtbot.waitUntil(lambda: alone.models.ready)
    assert window.actions_by_name["run"].isEnabled()
    said = {"broken": "There is no model at broken", "missing.sedd": "missing.sedd cannot be read"}
    assert window.banner.headline.text().startswith(said.get(name, ""))
    assert window.banner.isVisible() is (name in said)  # the other one is offered for download
    loaded = [request.path for request in engine.requests if isinstance(request, LoadModel)]
    assert loaded == [*(["broken"] if name == "broken" else []), str(bundled_models.DEFAULT_MODEL)]
    window.open("broken")  # with a model there is nothing to fall back from
    qtbot.waitUntil(lambda: not alone.models.loading)
    assert sum(isinstance(request, LoadModel) for request in engine.requests) == len(loaded) + 1
    alone.shutdown()


def test_a_file_of_records_that_is_opened_before_any_model_waits_for_the_model_that_reads_it(
    settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    alone = Session(Runner(FakeEngine), Reader(), settings)
    (tmp_path / "texts.jsonl").write_text('{"text": "The [3] end."}\n{"text": "two"}\n', encoding="utf-8")
    open_path(alone, tmp_path / "texts.jsonl")
    qtbot.waitUntil(lambda: alone.models.ready)
    qtbot.waitUntil(lambda: alone.view.prompt == "The \\[3] end.")
    alone.shutdown()


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


@pytest.mark.parametrize(
    ("given", "written"),
    [("my story v1.2", "my story v1.2.sedd"), ("run.sedd", "run.sedd"), ("RUN.SEDD", "RUN.SEDD"), ("run", "run.sedd")],
)
def test_a_run_keeps_the_name_that_it_is_given(
    window: MainWindow,
    saved: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    given: str,
    written: str,
) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(folder / given), ""))
    save(window, qtbot)
    assert [path.name for path in folder.iterdir()] == [written]


@pytest.mark.parametrize("agreed", [True, False])
@pytest.mark.parametrize("command", ["save_run", "export_csv"])
def test_a_file_that_the_ending_leads_to_is_replaced_only_if_the_user_agrees(
    window: MainWindow,
    saved: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    command: str,
    agreed: bool,
) -> None:
    there = tmp_path / ("run.sedd" if command == "save_run" else "run.csv")
    there.write_text("of someone")
    asked: list[str] = []

    def answer(parent: QWidget, title: str, question: str) -> QMessageBox.StandardButton:
        asked.append(question)
        return QMessageBox.StandardButton.Yes if agreed else QMessageBox.StandardButton.No

    monkeypatch.setattr(QMessageBox, "question", answer)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "run"), ""))
    window.actions_by_name[command].trigger()
    qtbot.waitUntil(lambda: window.services.jobs.current is None)
    assert len(asked) == 1
    assert there.name in asked[0]
    assert (there.read_bytes() == b"of someone") != agreed


def test_a_run_is_saved_beside_the_thread_of_the_window(
    window: MainWindow, saved: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    go = threading.Event()
    monkeypatch.setattr(runfile, "encode", lambda run: b"late" if go.wait(PATIENCE) else b"never")
    QTest.keyClick(window, Qt.Key.Key_S, CTRL)  # it would wait here
    assert window.services.jobs.current is not None
    go.set()
    qtbot.waitUntil(lambda: saved.read_bytes() == b"late")
    qtbot.waitUntil(lambda: window.services.jobs.current is None)


@pytest.mark.parametrize("name", ["PROMPT.TXT", "Prompt.Md"])
def test_a_text_is_the_prompt_whether_its_ending_is_in_capitals_or_not(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, name: str
) -> None:
    (tmp_path / name).write_text("Once upon a time [9] The end.\n", encoding="utf-8")
    assert drop(window, tmp_path / name)
    qtbot.waitUntil(lambda: window.session.view.prompt == "Once upon a time [9] The end.")


def test_saving_where_nothing_can_be_written_is_said(
    window: MainWindow, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "absent" / "run"), ""))
    save(window, qtbot)
    assert "choose another place" in window.banner.headline.text()


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


def test_dialogs_begin_with_the_users_documents_and_then_where_the_last_one_ended(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents, elsewhere, asked = tmp_path / "Documents", tmp_path / "elsewhere", []
    documents.mkdir()
    elsewhere.mkdir()
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _: str(documents))

    def answer(parent: QWidget, title: str, folder: str, *_: str) -> tuple[str, str]:
        asked.append(Path(folder))
        return str(elsewhere / "run.sedd"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
    run(window, qtbot)
    save(window, qtbot)
    QTest.keyClick(window, Qt.Key.Key_O, CTRL | SHIFT)
    assert asked[0].parent == documents
    assert asked[1] == elsewhere


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "merges.txt"])
def test_any_file_in_the_folder_of_a_model_stands_for_the_model(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("{}")
    assert part_of_model(path) == (name == "config.json")
    (tmp_path / "config.json").write_text("{}")
    assert part_of_model(path)
    assert not part_of_model(tmp_path / "story.txt")
    assert part_of_model(tmp_path / "model.safetensors.index.json")
