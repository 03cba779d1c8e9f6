"""Ctrl+C in the terminal, and other ends from outside: the studio closes properly and offers back what was on show."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.runs.runfile import decode, save_run
from sedd_studio.record.history import History, LeftOver, default_path
from sedd_studio.record.own_session import OwnSession
from sedd_studio.record.settings import Settings
from sedd_studio.window.interrupts import Deadline, Interrupts
from tests.patience import PATIENCE
from tests.sedd_studio.exported import STEPS, made
from tests.sedd_studio.test_runfile import assert_same
from tests.sedd_studio.windows import left_over

ROOT = Path(__file__).parents[2]
STUDIO = """
    import ctypes, sys, threading
    from PySide6.QtWidgets import QInputDialog
    from sedd_studio.window import app

    class Window(app.MainWindow):
        def __init__(self, *given):
            super().__init__(*given)
            self.session.models.changed.connect(self.say)

        def say(self):
            if self.session.view.run is not None:
                print("shown", flush=True)
                if sys.argv[2] in ("close", "close and hang", "close and hold"):
                    self.close()
                if sys.argv[2] in ("hang", "close and hang"):
                    threading.Event().wait()
                if sys.argv[2] == "close and hold":
                    ctypes.PyDLL(None).sleep(10_000)  # with the interpreter's lock
                if sys.argv[2] == "ask":
                    QInputDialog.getText(self, "A question", "that waits for its answer")

    app.MainWindow, app.CLOSING = Window, float(sys.argv[3])
    sys.exit(app.main([sys.argv[1]]))
"""


@pytest.fixture
def saved(tmp_path: Path, qapp: QApplication) -> Path:
    """A run whose model is not on this machine."""
    path = tmp_path / "run.sedd"
    save_run(path, made(tmp_path / "absent"))
    return path


def studio(path: Path, then: str = "wait", closing: float = PATIENCE) -> subprocess.Popen[str]:
    """The studio as a process of its own, with the run on show."""
    code = "\n".join(line[4:] for line in STUDIO.splitlines())
    command = [sys.executable, "-c", code, str(path), then, str(closing)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == "shown\n"
    return process


def left() -> LeftOver | None:
    history = History(default_path())
    found = left_over(history)
    history.close()
    return found


@pytest.mark.parametrize(
    ("number", "then"), [(signal.SIGINT, "wait"), (signal.SIGTERM, "wait"), (signal.SIGINT, "ask")]
)
def test_a_signal_ends_the_studio_with_its_code_and_what_was_on_show_is_kept(
    saved: Path, number: int, then: str
) -> None:
    process = studio(saved, then)
    process.send_signal(number)
    _, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number
    assert all("propagateSizeHints" in line for line in complaints.splitlines())  # the offscreen platform, of dialogs
    kept = left()
    assert kept is not None
    assert kept.state["under_way"] is False
    assert kept.content is not None
    run = decode(kept.content)
    assert run.recorded == STEPS
    assert_same(run, decode(saved.read_bytes()))


@pytest.mark.parametrize("start", ["left", "fresh"])
def test_a_window_that_is_closed_leaves_what_was_on_show_if_that_is_wished_for(saved: Path, start: str) -> None:
    Settings().set("start", start)
    process = studio(saved, "close")
    _, complaints = process.communicate(timeout=PATIENCE)
    assert (process.returncode, complaints) == (0, "")
    kept = left()
    assert (kept is not None and kept.closed) == (start == "left")


@pytest.mark.parametrize(
    ("number", "then", "code"),
    [
        (signal.SIGINT, "hang", 130),
        (signal.SIGTERM, "hang", 143),
        (0, "close and hang", 0),
        (0, "close and hold", 1),
    ],
)
def test_closing_ends_in_time_whatever_the_window_is_at_when_it_is_asked_for(
    saved: Path, number: int, then: str, code: int
) -> None:
    process = studio(saved, then, closing=0.5)
    if number:
        process.send_signal(number)
    _, complaints = process.communicate(timeout=PATIENCE)
    assert (process.returncode, complaints) == (code, "")


def test_a_second_studio_leaves_alone_what_the_first_one_keeps(saved: Path) -> None:
    first = OwnSession(default_path())
    first.begin()
    history = History(default_path(), first.number)
    history.remember({"prompt": "of the first"}, None)
    history.close()
    for then in ("close", "wait"):
        process = studio(saved, then)
        if then == "wait":
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
        history = History(default_path())
        kept = history.left_by(first.number)
        history.close()
        assert kept is not None
        assert kept.state == {"prompt": "of the first"}
    first.close()


def test_signals_go_back_to_whoever_had_them(qtbot: QtBot) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    interrupts = Interrupts(deadline := Deadline(PATIENCE))
    assert [signal.getsignal(number) for number in numbers] != before
    interrupts.close()
    assert [signal.getsignal(number) for number in numbers] == before
    assert not interrupts.came
    deadline.cancel()
