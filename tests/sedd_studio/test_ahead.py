"""What the first plot needs is imported beside the window, before there is a plot."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sedd_studio.background import ahead
from sedd_studio.background.ahead import Ahead

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
            print(type(self.panel("likelihood")._plot).__name__)
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


def test_libraries_are_imported_in_another_thread_and_a_missing_one_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    imported: list[tuple[str, bool]] = []

    def take(name: str) -> None:
        imported.append((name, threading.current_thread() is threading.main_thread()))
        if name == "missing":
            raise ImportError

    monkeypatch.setattr(ahead, "import_module", take)
    imports = Ahead(["missing", "there"])
    imports.begin()
    imports.begin()
    imports._thread.join()
    imports.close()
    assert imported == [("missing", False), ("there", False)]


def test_when_it_is_closed_nothing_more_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []

    def take(name: str) -> None:
        imported.append(name)
        imports._ended = True  # as `close` says first of all

    monkeypatch.setattr(ahead, "import_module", take)
    imports = Ahead(["first", "second"])
    imports.begin()
    imports.close()
    never = Ahead(["never"])
    never.close()
    never.begin()
    assert imported == ["first"]
