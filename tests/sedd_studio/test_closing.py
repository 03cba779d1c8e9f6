"""Closing waits for nothing for long: what does not end is left behind, what was written is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sedd_studio.record.history import History
from sedd_studio.record.settings import Settings
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
STUDIO = """
import sys, threading
from pathlib import Path
from PySide6.QtCore import QTimer
from engine.protocol import Guess
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.session import session as session_module
from sedd_studio.session.fetching import lines_of
from sedd_studio.session.state import RunState
from sedd_studio.window import app, services
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.fake_engine import FakeEngine

folder, stuck = Path(sys.argv[1]), sys.argv[2]
began = threading.Event()

def for_good(*given):
    began.set()
    threading.Event().wait()
    yield

class Engine(FakeEngine):
    def _answer(self, run_id, request):
        return next(for_good())

class SlowSettings(Settings):
    def set(self, name, value):
        if stuck == "settings" and name == "layout":
            next(for_good())
        super().set(name, value)

def child():
    for line in lines_of([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(9999)"]):
        if line:
            print("child", line.strip(), flush=True)
            began.set()
        yield 0.0

session_module.PROMPT = "Once [8]"
services.Runner = lambda: Runner(Engine)
app.Settings = lambda: SlowSettings(folder / "settings.json")
app.default_path = lambda: folder / "history.sqlite3"

class Timed(MainWindow):
    def __init__(self, *given):
        super().__init__(*given)
        self.timer = QTimer(self, interval=20)
        self.timer.timeout.connect(self.drive)
        self.timer.start()
        self.kept, self.asked = threading.Event(), False

    def drive(self):
        session = self.session
        if session.models.info is None:
            return
        if session.runs.state is RunState.IDLE:
            session.runs.start()
        elif session.runs.state is RunState.DONE and not self.asked:
            self.asked = True
            self.services.keeper.do(lambda history: self.kept.set())  # after the run
        elif self.kept.is_set():
            self.kept.clear()
            self.stick()
        elif began.is_set():
            self.timer.stop()
            self.close()

    def stick(self):
        services = self.services
        match stuck:
            case "history":
                services.keeper.do(lambda history: next(for_good()))
            case "engine":
                session = services.session
                session.engine.ask(Guess(session.view.document.tokens, session.view.document.locked, 1.0))
            case "job":
                services.jobs.start("Work", for_good)
            case "file":
                services.session.reader.read(lambda: next(for_good()), print)
            case "settings":
                began.set()
            case "child":
                services.jobs.start("Fetching", child)

app.MainWindow, app.CLOSING = Timed, 4.0  # time enough for what is written, on a loaded machine too
sys.exit(app.main([]))
"""


@pytest.mark.parametrize("stuck", ["engine", "job", "file", "history", "settings", "child"])
def test_what_never_ends_is_left_behind_and_the_rest_is_written(stuck: str, tmp_path: Path) -> None:
    """Without the deadline each of these, the child apart, would go on for good."""
    done = subprocess.run(
        [sys.executable, "-c", STUDIO, str(tmp_path), stuck],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        timeout=PATIENCE,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    history = History(tmp_path / "history.sqlite3")
    assert len(history.search()) == 1
    history.close()
    assert bool(Settings(tmp_path / "settings.json")["geometry"])
    if stuck == "child":
        with pytest.raises(ProcessLookupError):
            os.kill(int(done.stdout.split()[-1]), 0)
