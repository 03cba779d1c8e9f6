"""Files are read outside the window's thread: the window answers meanwhile, and takes what was read in order."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.language.domains import TEXT
from engine.language.tokenizers import train_tokenizer
from engine.runs import runfile
from engine.runs.runfile import encode, save_run
from engine.runs.trajectory import Trajectory
from engine.stopping import look, stoppable
from sedd_studio.background import keeper as keeper_module
from sedd_studio.background.keeper import Keeper
from sedd_studio.background.reader import Reader
from sedd_studio.painting.theme import LIGHT
from sedd_studio.record.history import History, LeftOver
from sedd_studio.record.settings import Settings
from sedd_studio.session import recovery, text_rows
from sedd_studio.session.editor import Editor
from sedd_studio.session.recovery import state_of
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from sedd_studio.widgets.dialogs.texts_window import TextsWindow
from sedd_studio.window import opening
from sedd_studio.window.export_kinds import EXPORTS, View
from sedd_studio.window.main_window import MainWindow
from tests.patience import PATIENCE
from tests.sedd_studio.files_at_hand import let_fall
from tests.sedd_studio.windows import read, window_of

PROMPT = "Once upon a time [9] The end."


class Held:
    """A function that waits in whichever thread calls it."""

    def __init__(self, module: ModuleType | type, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began, self.go = threading.Event(), threading.Event()
        self.threads: set[threading.Thread] = set()
        self._do: Callable[..., Any] = getattr(module, name)
        monkeypatch.setattr(module, name, self)

    def __call__(self, *given: Any) -> Any:
        self.threads.add(threading.current_thread())
        self.began.set()
        assert self.go.wait(PATIENCE)
        return self._do(*given)


@pytest.fixture
def window(session: Session, settings: Settings, keeper: Keeper, qtbot: QtBot) -> MainWindow:
    """A run of 6 steps was made, and then another prompt written."""
    window = window_of(session, settings, qtbot, keeper)
    session.form.set(steps=6)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    return window


@pytest.fixture
def run(window: MainWindow) -> Trajectory:
    """The run, which is on show no more."""
    run = window.session.view.run
    assert run is not None
    window.session.editor.set_prompt("The end. [5]")
    return run


def assert_answers(window: MainWindow, held: Held, qtbot: QtBot) -> None:
    """What is read is not there yet, and the window does other things."""
    qtbot.waitUntil(held.began.is_set)
    assert threading.main_thread() not in held.threads
    assert window.session.reader.busy
    assert window.status_line.text.text() == "Reading the file"
    assert window.session.view.prompt == "The end. [5]"
    QTest.keyClick(window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    held.go.set()
    read(window.session)
    assert threading.main_thread() not in held.threads
    assert window.status_line.text.text() != "Reading the file"


@pytest.mark.parametrize("ending", [".sedd", ".html", ".png", ".gif", ".webp", ".mp4"])
def test_what_carries_a_run_is_read_outside_the_windows_thread(
    window: MainWindow, run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, ending: str
) -> None:
    path = tmp_path / f"run{ending}"
    if ending == ".sedd":
        save_run(path, run)
    else:
        export = next(export for export in EXPORTS.values() if ending in export.suffixes)
        list(export.write(View(run, 6, 0, LIGHT), path))
    held = Held(opening, "read_run", monkeypatch)
    let_fall(window, path)
    assert_answers(window, held, qtbot)
    shown = window.session.view.run
    assert shown is not None
    assert (shown.newest == run.newest).all()


def test_a_run_is_opened_by_the_command_outside_the_windows_thread(
    window: MainWindow, run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    save_run(tmp_path / "run.sedd", run)
    held = Held(opening, "read_run", monkeypatch)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "run.sedd"), ""))
    window.actions_by_name["open_run"].trigger()
    assert_answers(window, held, qtbot)
    assert window.session.view.run is not None


def test_a_prompt_is_read_and_cut_into_tokens_outside_the_windows_thread(
    window: MainWindow, run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    (tmp_path / "prompt.txt").write_text(PROMPT, encoding="utf-8")
    held = Held(opening, "read_text", monkeypatch)
    let_fall(window, tmp_path / "prompt.txt")
    monkeypatch.setattr(Editor, "set_prompt", lambda *_: pytest.fail("it is cut into tokens again"))
    assert_answers(window, held, qtbot)
    assert window.session.view.prompt == PROMPT


def test_a_prompt_that_was_read_for_another_model_is_cut_into_tokens_again(
    window: MainWindow, run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    (tmp_path / "prompt.txt").write_text(PROMPT, encoding="utf-8")
    held = Held(opening, "read_text", monkeypatch)
    let_fall(window, tmp_path / "prompt.txt")
    qtbot.waitUntil(held.began.is_set)
    other = train_tokenizer(iter(["another"] * 3), 300)
    window.session.models.tokenizer = other
    held.go.set()
    read(window.session)
    assert window.session.view.document.text(other) == PROMPT


def test_the_texts_of_a_file_are_read_outside_the_windows_thread(
    window: MainWindow, run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    (tmp_path / "texts.txt").write_text("One day the star fell.", encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "texts.txt"), ""))
    held = Held(text_rows, "read_rows", monkeypatch)
    window.actions_by_name["score_file"].trigger()
    assert_answers(window, held, qtbot)
    assert window.findChild(TextsWindow) is not None


def test_texts_that_were_read_for_another_model_are_not_scored(
    window: MainWindow, run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    (tmp_path / "texts.txt").write_text("One day the star fell.", encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "texts.txt"), ""))
    held = Held(text_rows, "read_rows", monkeypatch)
    window.actions_by_name["score_file"].trigger()
    qtbot.waitUntil(held.began.is_set)
    assert window.session.models.info is not None
    window.session.models.info = replace(window.session.models.info, length=32)
    held.go.set()
    read(window.session)
    assert window.findChild(TextsWindow) is None
    assert window.session.errors.current is not None
    assert "choose the file again" in window.session.errors.current.headline


def test_a_run_of_the_history_is_unpacked_outside_the_windows_thread(
    window: MainWindow, run: Trajectory, keeper: Keeper, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    window.show_panel("history")
    keeper.keep(run)
    keeper.keep(run)
    panel = window.panel("history")
    qtbot.waitUntil(lambda: len(panel.runs.rows) == 2)
    held = Held(keeper_module, "decode", monkeypatch)
    panel.list.setCurrentIndex(panel.runs.index(0))
    QTest.keyClick(panel.list, Qt.Key.Key_Return)
    assert_answers(window, held, qtbot)
    assert window.session.view.run is not None
    panel.list.selectAll()
    panel.compare_chosen()
    read(window.session)
    assert len(window.services.comparison.panes) == 2
    assert threading.main_thread() not in held.threads


def test_what_a_session_left_is_read_outside_the_windows_thread(
    window: MainWindow, run: Trajectory, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    session = window.session
    session.editor.undo_stack.undo()
    left = LeftOver(state_of(session), encode(run))
    session.editor.undo_stack.redo()
    held = Held(recovery, "decode", monkeypatch)
    window.recovery_bar.offer(left)
    QTest.mouseClick(window.recovery_bar.restore_button, Qt.MouseButton.LeftButton)
    assert_answers(window, held, qtbot)
    assert session.view.run is not None


def test_files_are_taken_in_the_order_in_which_they_were_opened(
    window: MainWindow, run: Trajectory, tmp_path: Path
) -> None:
    save_run(tmp_path / "run.sedd", run)
    (tmp_path / "prompt.txt").write_text(PROMPT, encoding="utf-8")
    let_fall(window, tmp_path / "run.sedd")
    let_fall(window, tmp_path / "prompt.txt")
    read(window.session)
    assert window.session.view.prompt == PROMPT
    window.session.editor.undo_stack.undo()
    assert window.session.view.run is not None


def test_a_window_that_is_closed_while_a_file_is_read_takes_nothing(
    window: MainWindow, run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    save_run(tmp_path / "run.sedd", run)
    held = Held(opening, "read_run", monkeypatch)
    let_fall(window, tmp_path / "run.sedd")
    qtbot.waitUntil(held.began.is_set)
    held.go.set()
    window.close()
    QTest.qWait(10)
    assert window.session.view.run is None
    let_fall(window, tmp_path / "run.sedd")  # conftest fails this test if a thread is left


def test_what_cannot_be_read_is_told_whatever_it_is(qtbot: QtBot) -> None:
    reader = Reader()
    with qtbot.waitSignal(reader.failed) as told:
        reader.read(lambda: 1 // 0, lambda found: None)
    assert "could not be read" in told.args[0]
    assert "ZeroDivisionError" in told.args[1]
    assert not reader.busy
    reader.close()


def test_a_panic_of_a_library_is_told_and_the_next_file_is_read(qtbot: QtBot) -> None:
    """What a library in Rust raises then is no Exception."""

    class PanicException(BaseException):
        pass

    def panic() -> None:
        raise PanicException("index out of bounds")

    reader = Reader()
    told: list[str] = []
    taken: list[object] = []
    reader.failed.connect(lambda headline, detail: told.append(headline))
    reader.read(panic, taken.append)
    reader.read(lambda: 1, taken.append)
    qtbot.waitUntil(lambda: taken == [1])
    assert ["index out of bounds" in headline for headline in told] == [True]
    reader.close()


def test_the_history_is_searched_outside_the_windows_thread(
    window: MainWindow, keeper: Keeper, run: Trajectory, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    keeper.keep(run)
    window.show_panel("history")
    panel = window.panel("history")
    qtbot.waitUntil(lambda: len(panel.runs.rows) == 1)
    held = Held(History, "search", monkeypatch)
    monkeypatch.setattr(History, "search", lambda *given: held(*given))  # a method
    QTest.keyClicks(panel.search, "Once")
    qtbot.waitUntil(held.began.is_set)
    QTest.keyClicks(panel.search, " dinosaur")
    assert len(panel.runs.rows) == 1
    held.go.set()
    qtbot.waitUntil(lambda: not panel.runs.rows)
    assert threading.main_thread() not in held.threads


def test_what_is_read_can_be_stopped_and_nothing_of_it_is_taken(window: MainWindow, qtbot: QtBot) -> None:
    reader, began = window.session.reader, threading.Event()
    taken: list[str] = []

    def long() -> str:
        began.set()
        while True:
            look()
            time.sleep(0.001)

    for stop in (
        partial(QTest.mouseClick, window.top_bar.stop, Qt.MouseButton.LeftButton),
        partial(QTest.keyClick, window, Qt.Key.Key_Escape),
    ):
        began.clear()
        assert not window.top_bar.stop.isEnabled()
        for work in (long, lambda: "that waits"):
            reader.read(work, taken.append)
        qtbot.waitUntil(began.is_set)
        stop()
        qtbot.waitUntil(lambda: not reader.busy)
        reader.read(lambda: "another", taken.append)
        qtbot.waitUntil(lambda: not reader.busy)
        assert taken.pop() == "another"
        assert not taken
        assert window.session.errors.current is None


def test_a_run_file_and_texts_look_whether_they_are_to_be_read_on(run: Trajectory, tmp_path: Path) -> None:
    assert run.origin is not None
    save_run(tmp_path / "run.sedd", run)
    (tmp_path / "texts.txt").write_text("\n<|endoftext|>\n".join(["Once upon a time"] * 100))
    tokenizer = run.origin.tokenizer
    looks = count()
    with stoppable(lambda: next(looks) < 0):
        runfile.open_run(tmp_path / "run.sedd")
        assert next(looks) >= run.recorded
        text_rows.read_rows(tmp_path / "texts.txt", tokenizer, TEXT, 64)
    assert next(looks) >= run.recorded + 100


def test_the_thread_holds_nothing_that_takes(qtbot: QtBot) -> None:
    """A widget that nobody else held would be deleted in it."""

    class Part:
        """Takes what was read."""

        def take(self, found: object) -> None:
            """As a part of the window would."""

    part, reader = Part(), Reader()
    held = weakref.ref(part)
    reader.read(lambda: 1, part.take)
    qtbot.waitUntil(lambda: not reader.busy)
    del part
    gc.collect()
    assert held() is None
    reader.close()
