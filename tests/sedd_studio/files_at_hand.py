"""A run that is saved by its command, and files that fall on a window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.windows import read

CTRL = Qt.KeyboardModifier.ControlModifier


def saved_in(folder: Path, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run, saved by the command."""
    path = folder / "kept.sedd"
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
