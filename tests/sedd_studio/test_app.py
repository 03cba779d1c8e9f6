"""Starting the studio: before torch, without a display, with nothing left behind."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sedd_studio.background.keeper import Keeper
from sedd_studio.painting import theme
from sedd_studio.record.history import History
from sedd_studio.record.own_session import OwnSession
from sedd_studio.record.settings import SETTINGS, Settings
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from sedd_studio.window import app
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.panels import BESIDE
from sedd_studio.window.services import Services
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import left_over

ROOT = Path(__file__).parents[2]


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**clean, **environment},
    )


def test_the_window_is_made_and_painted_without_torch() -> None:
    done = python(
        "import sys\n"
        "from pathlib import Path\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from sedd_studio.painting import theme\n"
        "from sedd_studio.window import app\n"
        "from sedd_studio.window.main_window import MainWindow\n"
        "from sedd_studio.window.services import build\n"
        "from sedd_studio.record.settings import Settings\n"
        "qt = QApplication([])\n"
        "settings = Settings()\n"
        "window = MainWindow(build(settings, Path('history.sqlite3')), theme.LIGHT)\n"
        "window.show(); qt.processEvents(); window.grab()\n"
        "late = ['torch', 'engine.catalogue', 'sedd_studio.session.shelf', 'sedd_studio.session.comparing']\n"
        "panels = ['compare', 'guess', 'history', 'likelihood', 'queue', 'shelf']\n"
        "late += [f'sedd_studio.widgets.panels.{name}_panel' for name in panels]\n"
        "print([name for name in late if name in sys.modules])\n",
        QT_QPA_PLATFORM="offscreen",
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_without_a_display_one_sentence_names_the_command_line_and_the_exit_code_is_an_error() -> None:
    done = python("import sys; from sedd_studio.window.app import main; sys.exit(main([]))", QT_QPA_PLATFORM="")
    assert done.returncode == 1
    assert "sedd sample" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_arguments_that_are_not_known_are_told_as_plain_text() -> None:
    code = "import sys; from sedd_studio.window.app import main; main(['--\\x1b[31m', 'a', 'b'])"
    done = python(code, QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 2
    assert "␛[31m" in done.stderr
    assert "\x1b" not in done.stderr


def make_window(session: Session, settings: Settings, qtbot: QtBot) -> MainWindow:
    window = MainWindow(Services(session, settings, Keeper(settings.path.with_name("history.sqlite3"))), theme.LIGHT)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window


def test_closing_the_window_in_the_middle_of_a_run_ends_the_thread(
    make_session: MakeSession, settings: Settings, qtbot: QtBot
) -> None:
    engine = FakeEngine(hold_at=1)
    session = make_session(engine)
    window = make_window(session, settings, qtbot)
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.recorded == 1)
    engine.go.set()
    window.close()  # conftest fails this test if the thread is still there


def test_an_unexpected_exception_goes_to_the_banner(
    session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], qtbot: QtBot
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    app.install_error_hook(session.errors)
    sys.excepthook(ValueError, ValueError("a slip"), None)
    qtbot.waitUntil(lambda: session.errors.current is not None)
    assert session.errors.current is not None
    assert "a slip" in session.errors.current.headline
    assert "a slip" in capsys.readouterr().err


def test_a_first_window_is_no_larger_than_its_screen(session: Session, settings: Settings, qtbot: QtBot) -> None:
    window = MainWindow(Services(session, settings, Keeper(settings.path.with_name("history.sqlite3"))), theme.LIGHT)
    qtbot.addWidget(window)
    free, least = window.screen().availableSize(), window.minimumSize()
    window.resize(free.width() + 400, free.height() + 300)
    app.restore(window, settings)
    assert window.width() == max(free.width(), least.width())
    assert least.height() <= window.height() < max(free.height(), least.height() + 1), "a title bar has room above it"


def test_place_and_zoom_are_restored(session: Session, settings: Settings, qtbot: QtBot) -> None:
    settings.set("zoom", 1.5)
    window = make_window(session, settings, qtbot)
    app.restore(window, settings)
    assert window.canvas.zoom == pytest.approx(1.5)


@pytest.mark.parametrize("name", BESIDE)
def test_the_panel_beside_the_text_is_restored(name: str, session: Session, settings: Settings, qtbot: QtBot) -> None:
    window = make_window(session, settings, qtbot)
    window.places.show_beside(name)
    settings.set("beside", window.places.beside)
    window.places.reset()
    app.restore(window, settings)
    assert window.places.beside == name
    assert window.places.widgets[name].isVisible()
    assert window.canvas.isVisible()
    window.services.keeper.close()  # which the list of runs began


@pytest.mark.parametrize(
    ("setting", "name"), [("beside", "compare"), ("beside", "gone"), ("colour", "gone"), ("map", "gone")]
)
def test_the_name_of_what_is_not_there_stands_for_the_usual(
    setting: str, name: str, session: Session, settings: Settings, qtbot: QtBot
) -> None:
    settings.set(setting, name)
    window = make_window(session, settings, qtbot)
    app.restore(window, settings)
    window.show_panel("map")
    now = {
        "beside": window.places.beside,
        "colour": window.services.colouring.name,
        "map": window.services.map.mode_name,
    }
    assert now[setting] == SETTINGS[setting].default


def test_the_qt_binding_takes_no_references_that_are_not_its_own(
    session: Session, settings: Settings, qtbot: QtBot
) -> None:
    """A binding that does (PySide 6.12.0) aborts the program after some thousand events."""
    window = make_window(session, settings, qtbot)
    before = [sys.getrefcount(constant) for constant in (None, True, False)]
    for _ in range(300):
        session.runs.changed.emit()
        window.canvas.viewport().repaint()
        QApplication.processEvents()
    after = [sys.getrefcount(constant) for constant in (None, True, False)]
    assert all(now > then - 100 for then, now in zip(before, after, strict=True))


def test_a_model_can_be_opened_from_the_start(session: Session, qtbot: QtBot) -> None:
    session.models.open("other")
    assert session.models.loading
    qtbot.waitUntil(lambda: session.runs.state is RunState.IDLE)


START = """
import sys
from dataclasses import replace
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from sedd_studio.window import app, services
from sedd_studio.session import session as session_module
from sedd_studio.window.main_window import MainWindow
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import SETTINGS, Settings
from sedd_studio.session.state import RunState
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import left_over

history, settings = Path(sys.argv[1]), Path(sys.argv[2])
session_module.PROMPT = "Once [8]"
services.Runner = lambda: Runner(FakeEngine)
app.Settings = lambda: Settings(settings)
SETTINGS["start"] = replace(SETTINGS["start"], default="fresh")
app.default_path = lambda: history

def look():
    window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))
    session, keeper = window.session, window.services.keeper
    if keeper._writer is None and not keeper._told:
        return
    if session.models.info is None or session.runs.state not in (RunState.IDLE, RunState.DONE):
        return
    if session.runs.state is RunState.IDLE:
        QApplication.sendPostedEvents()  # the keeper had told before its writer was there
        print(window.banner.isVisible() and window.banner.headline.text(), flush=True)
        window.show_panel("likelihood")
        session.runs.start()
    else:
        print(session.playhead.recorded > 0, flush=True)
        window.timer.stop()
        window.close()

class Timed(MainWindow):
    def __init__(self, *given):
        super().__init__(*given)
        self.timer = QTimer(self, interval=20)
        self.timer.timeout.connect(look)
        self.timer.start()

app.MainWindow, app.CLOSING = Timed, float(sys.argv[3])
sys.exit(app.main([]))
"""


def started(history: Path, settings: Path, closing: float = 100) -> list[str]:
    """What a studio tells of itself that is started, does one run and is closed, within so many seconds."""
    done = subprocess.run(
        [sys.executable, "-c", START, str(history), str(settings), str(closing)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout.splitlines()


def test_where_nothing_can_be_kept_the_studio_opens_says_so_and_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    good, bad = tmp_path / "good", tmp_path / "file" / "sedd-studio"
    said, ran = started(good / "history.sqlite3", good / "settings.json")
    assert (said, ran) == ("False", "True")
    kept = History(good / "history.sqlite3")
    assert len(kept.search()) == 1
    kept.close()
    said, ran = started(bad / "history.sqlite3", good / "settings.json")
    assert "Runs are not kept" in said
    assert str(bad) in said
    assert ran == "True"
    said, ran = started(tmp_path / "folder", good / "settings.json")  # a folder in the place of the file
    assert "The history was damaged" in said
    assert ran == "True"
    said, ran = started(bad / "history.sqlite3", bad / "settings.json")
    assert "Runs are not kept" in said
    assert "Settings are not kept" in said
    assert ran == "True"


def test_a_session_that_was_kept_damaged_does_not_stand_in_the_way_of_a_model(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite3")
    history.remember({}, None)
    history.close()
    with sqlite3.connect(tmp_path / "history.sqlite3") as database:
        database.execute("UPDATE session SET state = '{'")
    database.close()
    assert started(tmp_path / "history.sqlite3", tmp_path / "settings.json") == ["False", "True"]


def test_a_second_studio_leaves_what_the_first_keeps_of_its_session(tmp_path: Path) -> None:
    first = OwnSession(tmp_path / "history.sqlite3")
    first.begin()
    history = History(tmp_path / "history.sqlite3", first.number)
    history.remember({"prompt": "of the first"}, None)
    assert started(tmp_path / "history.sqlite3", tmp_path / "settings.json") == ["False", "True"]
    left = left_over(history)
    history.close()
    first.close()
    assert left is not None
    assert left.state == {"prompt": "of the first"}


def test_what_cannot_be_read_is_put_aside_and_the_studio_starts_and_says_so(tmp_path: Path) -> None:
    history, settings = tmp_path / "history.sqlite3", tmp_path / "settings.json"
    history.write_bytes(b"no database" * 1000)
    settings.write_text("[" * 100_000)
    said, ran = started(history, settings)
    assert "The history was damaged" in said
    assert "The settings were damaged" in said
    assert ran == "True"
    assert [path.read_bytes() for path in tmp_path.glob("history-damaged-*")] == [b"no database" * 1000]
    assert [path.read_text() for path in tmp_path.glob("settings-damaged-*")] == ["[" * 100_000]
    assert started(history, settings) == ["False", "True"]
    with sqlite3.connect(history) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    said, ran = started(history, settings)
    assert "newer version" in said
    assert ran == "True"


def test_a_history_that_another_program_holds_does_not_stand_in_the_way_of_a_model(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    History(path).close()
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("BEGIN IMMEDIATE")
    _, ran = started(path, tmp_path / "settings.json", closing=1)  # which waits for it to the end
    database.close()
    assert ran == "True"
