"""What takes long says in the status line that it goes on, and that it has ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from sedd_studio.background.keeper import Keeper
from sedd_studio.record.settings import Settings
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.patience import PATIENCE
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import window_of

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> MainWindow:
    """A finished run of two samples."""
    session = make_session(engine)
    session.form.set(steps=6, samples=2)
    window = window_of(session, settings, qtbot, keeper)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    return window


def says(window: MainWindow, qtbot: QtBot, begin: str) -> None:
    qtbot.waitUntil(lambda: window.status_line.text.text().startswith(begin))


def test_an_export_says_what_it_saved_and_shows_it_in_its_folder(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "tale.txt"), ""))

    def open_once(url: QUrl) -> bool:
        opened.append(url)
        return len(opened) == 1

    monkeypatch.setattr(QDesktopServices, "openUrl", open_once)
    assert not window.status_line.folder.isVisible()
    window.actions_by_name["export_text"].trigger()
    says(window, qtbot, "Saved tale.txt")
    assert window.status_line.folder.isVisible()
    QTest.mouseClick(window.status_line.folder, LEFT)
    assert opened == [QUrl.fromLocalFile(str(tmp_path))]
    assert not window.banner.isVisible()
    QTest.mouseClick(window.status_line.folder, LEFT)  # which cannot be shown now
    assert "cannot be shown from here" in window.banner.headline.text()
    QTest.keyClick(window, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE)
    says(window, qtbot, "Finished: 6 steps")
    assert not window.status_line.folder.isVisible()


def test_a_saved_file_is_told_and_shown_while_something_else_goes_on(
    window: MainWindow, engine: FakeEngine, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.nats_of = lambda request: 2.0 if engine.go.wait(PATIENCE) else 3.0
    window.services.scorer.start(0.1, given_locked=False)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "tale.txt"), ""))
    window.actions_by_name["export_text"].trigger()
    says(window, qtbot, "Saved tale.txt · Scoring the text")
    assert window.status_line.folder.isVisible()
    engine.go.set()


def test_a_job_that_failed_or_was_cancelled_has_saved_nothing(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "not there" / "tale.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(place), ""))
    window.actions_by_name["export_text"].trigger()
    qtbot.waitUntil(lambda: window.session.errors.current is not None)
    assert window.status_line.text.text().startswith("Finished")


def test_a_score_and_a_ranking_say_that_they_go_on_and_that_they_ended(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    services = window.services
    engine.hold_at = 4
    services.scorer.start(0.02, given_locked=False)
    says(window, qtbot, "Scoring the text")
    engine.go.set()
    says(window, qtbot, "Scored “")
    assert window.status_line.text.text().endswith(": <= 2.00 nats a token")
    services.ranking.start(0.02)
    says(window, qtbot, "Ranked 2 samples")


def test_a_score_that_was_stopped_is_not_said_to_be_done(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.hold_at = 4
    window.services.scorer.start(0.02, given_locked=False)
    says(window, qtbot, "Scoring the text")
    window.services.scorer.stop()
    engine.go.set()
    says(window, qtbot, "Finished")


def test_a_comparison_and_a_queue_say_that_they_go_on_and_that_they_ended(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    services = window.services
    engine.hold_at = 2
    services.comparison.start()
    says(window, qtbot, f"Comparing {len(services.comparison.panes)} runs")
    engine.go.set()
    says(window, qtbot, f"Compared {len(services.comparison.panes)} runs")
    engine.go.clear()
    window.actions_by_name["enqueue"].trigger()
    says(window, qtbot, "Making one of 1 run in the queue: step 2 of 6")
    engine.go.set()
    says(window, qtbot, "The queue is done")


def test_a_model_that_loads_is_what_the_status_line_speaks_of(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    window.session.notices.say("Saved something", "/tmp/something")
    window.session.models.open("tiny")
    assert window.status_line.text.text().startswith("Loading the model")
    assert not window.status_line.folder.isVisible()
    qtbot.waitUntil(lambda: window.session.models.ready)
