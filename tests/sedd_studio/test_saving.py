"""Saving a run: under the name that it is given, nothing of others lost, beside the thread of the window."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from engine.runs import runfile
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.window.main_window import MainWindow
from tests.patience import PATIENCE
from tests.sedd_studio.files_at_hand import run, save, saved_in
from tests.sedd_studio.windows import window_of

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(session: Session, settings: Settings, qtbot: QtBot) -> MainWindow:
    session.form.set(steps=6, seed=3)
    return window_of(session, settings, qtbot)


@pytest.fixture
def saved(window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return saved_in(tmp_path, window, qtbot, monkeypatch)


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


def test_saving_where_nothing_can_be_written_is_said(
    window: MainWindow, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "absent" / "run"), ""))
    save(window, qtbot)
    assert "choose another place" in window.banner.headline.text()


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
