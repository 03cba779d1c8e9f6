"""What the first plot needs is imported beside the window, while it rests, before there is a plot."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from sedd_studio.background import ahead
from sedd_studio.background.ahead import Ahead
from sedd_studio.session.clock import Clock

STUDIO = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.window import app, services
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.fake_engine import FakeEngine

class Looks(MainWindow):
    def __init__(self, *given):
        super().__init__(*given)
        self.timer = QTimer(self, interval=20)
        self.timer.timeout.connect(self.poll)
        self.timer.start()

    def poll(self):
        module = sys.modules.get("pyqtgraph")
        if hasattr(module, "PlotWidget"):
            self.show_panel("likelihood")
            QApplication.processEvents()
            print(module.PlotWidget.__name__)
            self.timer.stop()
            self.close()

folder = Path(sys.argv[1])
services.Runner = lambda: Runner(FakeEngine)
app.Settings = lambda: Settings(folder / "settings.json")
app.default_path = lambda: folder / "history.sqlite3"
app.MainWindow, app.CLOSING, app.REST = Looks, 100.0, 0
sys.exit(app.main([]))
"""


def test_the_library_of_plots_is_there_before_a_plot_is_shown(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUDIO, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        timeout=300,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "PlotWidget"), done.stderr
    assert "Traceback" not in done.stderr
    assert "QObject" not in done.stderr


def test_nothing_is_imported_while_something_moves(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside a run each step of the network waited for it again and again, and a frame took three times as long."""
    imported: list[str] = []
    monkeypatch.setattr(ahead, "import_module", imported.append)
    monkeypatch.setattr(ahead, "PAUSE", 1)
    clock, looks, moves = Clock(), [], [True]

    def rests() -> bool:
        looks.append(clock.has_rested(0))
        return looks[-1]

    clock.add(lambda _: moves[0])
    clock.start()
    imports = Ahead(["plots"], rests)
    imports.begin()
    qtbot.waitUntil(lambda: len(looks) > 5)
    assert not imported
    assert not any(looks)
    moves[0] = False
    qtbot.waitUntil(lambda: imported == ["plots"])
    imports.close()


def test_a_clock_has_rested_since_what_moved_last() -> None:
    clock = Clock()
    assert clock.has_rested(0)
    assert not clock.has_rested(3600)
    clock.start()
    assert not clock.has_rested(0)
    clock.tick()  # nothing wants another
    assert clock.has_rested(0)


def test_libraries_are_imported_in_another_thread_and_a_missing_one_is_passed_over(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported: list[tuple[str, bool]] = []

    def take(name: str) -> None:
        imported.append((name, threading.current_thread() is threading.main_thread()))
        if name == "missing":
            raise ImportError

    monkeypatch.setattr(ahead, "import_module", take)
    monkeypatch.setattr(ahead, "PAUSE", 1)
    imports = Ahead(["missing", "there"], lambda: True)
    imports.begin()
    imports.begin()
    qtbot.waitUntil(lambda: len(imported) == 2)
    imports.begin()
    imports.close()
    assert imported == [("missing", False), ("there", False)]


def test_when_it_is_closed_nothing_more_is_imported(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []

    def take(name: str) -> None:
        imported.append(name)
        imports._ended = True  # as `close` says first of all

    monkeypatch.setattr(ahead, "import_module", take)
    monkeypatch.setattr(ahead, "PAUSE", 1)
    imports = Ahead(["first", "second"], lambda: True)
    imports.begin()
    qtbot.waitUntil(lambda: bool(imported))
    imports.close()
    never = Ahead(["never"], lambda: True)
    never.close()
    never.begin()
    QTest.qWait(10)
    assert imported == ["first"]
