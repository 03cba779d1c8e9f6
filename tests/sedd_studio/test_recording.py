"""The session on disk: runs go into the history by themselves, and what is on show is kept."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.runs.runfile import decode, encode
from engine.runs.trajectory import Trajectory
from sedd_studio.background.keeper import Keeper
from sedd_studio.record import history as history_module
from sedd_studio.record.history import Entry, History
from sedd_studio.record.settings import Settings
from sedd_studio.session.recovery import keep_unfinished
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.recording import Record, left_by, record, run, settled
from tests.sedd_studio.windows import left_in, listed_in, window_of

__all__ = ["record"]


def test_every_run_goes_into_the_history_once(session: Session, keeper: Keeper, record: Record, qtbot: QtBot) -> None:
    record(session)
    run(session, qtbot, steps=6, seed=1)
    run(session, qtbot, steps=6, seed=2)
    session.playhead.seek(2)
    settled(keeper)
    assert [entry.seed for entry in listed_in(keeper)] == [2, 1]


def test_a_stopped_a_superseded_and_an_unfinished_run_are_kept_as_far_as_they_came(
    make_session: MakeSession, keeper: Keeper, record: Record, qtbot: QtBot
) -> None:
    engine = FakeEngine(hold_at=3)
    session = make_session(engine)
    record(session)
    session.form.set(steps=6, seed=1)
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.recorded == 3)
    session.form.set(seed=2)
    session.runs.start()
    engine.go.set()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    engine.go.clear()
    session.form.set(seed=3)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.recording is not None and session.runs.recording.recorded == 3)
    engine.go.set()
    session.shutdown()
    settled(keeper)
    assert [(entry.seed, entry.finished) for entry in listed_in(keeper)] == [(3, False), (2, True), (1, False)]


def test_a_run_goes_on_to_the_history_while_another_prompt_is_on_show(
    make_session: MakeSession, keeper: Keeper, record: Record, qtbot: QtBot
) -> None:
    engine = FakeEngine(hold_at=2)
    session = make_session(engine)
    record(session)
    session.form.set(steps=6)
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.recorded == 2)
    session.editor.set_prompt("The end. [5]")
    engine.go.set()
    qtbot.waitUntil(lambda: not session.runs.running)
    settled(keeper)
    (entry,) = listed_in(keeper)
    assert entry.finished
    assert session.playhead.recorded == 0
    assert session.view.full_text() == "The end. [5]"


def test_what_is_on_show_is_kept_only_when_it_has_changed(
    session: Session, keeper: Keeper, record: Record, qtbot: QtBot
) -> None:
    recorder = record(session)
    run(session, qtbot, steps=6)
    recorder.remember()
    settled(keeper)
    left = left_in(keeper)
    assert left is not None
    assert left.state["prompt"] == session.view.prompt
    keeper.do(lambda history: history.forget(history.sessions()))
    recorder.remember()
    settled(keeper)
    assert left_in(keeper) is None


def test_a_run_that_is_only_scrubbed_is_not_written_again(
    make_session: MakeSession, keeper: Keeper, record: Record, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = FakeEngine(hold_at=3)
    session = make_session(engine)
    recorder, written = record(session), []

    def counted(run: Trajectory) -> bytes:
        written.append(run.recorded)
        return encode(run)

    monkeypatch.setattr(history_module, "encode", counted)
    session.form.set(steps=6)
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.recorded == 3)
    recorder.remember()
    session.playhead.seek(1)
    recorder.remember()
    settled(keeper)
    assert written == [3]
    engine.go.set()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    for step in (6, 2, 5):
        session.playhead.seek(step)
        recorder.remember()
    settled(keeper)
    assert written == [3, 6, 6]  # longer than before, and once into the list of runs
    left = left_in(keeper)
    assert left is not None
    assert left.state["playhead"] == 5
    assert left.content is not None
    assert decode(left.content).recorded == 6
    session.editor.set_prompt("The end.")
    recorder.remember()
    settled(keeper)
    left = left_in(keeper)
    assert left is not None
    assert left.content is None


def test_a_run_that_could_not_be_kept_is_written_with_the_next_change(
    session: Session, keeper: Keeper, record: Record, qtbot: QtBot
) -> None:
    recorder = record(session)
    run(session, qtbot, steps=6)
    settled(keeper)

    def fail(history: History) -> None:
        history.forget(history.sessions())
        raise ValueError("a slip")  # which is not tried again

    recorder.remember()
    with qtbot.waitSignal(keeper.failed):
        keeper.do(fail)
    recorder.remember()
    settled(keeper)
    left = left_in(keeper)
    assert left is not None
    assert left.content is not None


def test_a_stopped_run_that_is_on_show_at_a_crash_is_not_put_into_the_history_again(
    make_session: MakeSession, keeper: Keeper, record: Record, qtbot: QtBot
) -> None:
    engine = FakeEngine(hold_at=3)
    session = make_session(engine)
    record(session)
    session.form.set(steps=6)
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.recorded == 3)
    session.runs.stop()
    engine.go.set()
    qtbot.waitUntil(lambda: session.runs.state is RunState.STOPPED)
    session.playhead.seek(1)
    keep_unfinished(keeper, left_by(session, keeper))
    settled(keeper)
    assert len(listed_in(keeper)) == 1


def test_a_run_that_a_crash_cut_off_goes_into_the_history(
    make_session: MakeSession, keeper: Keeper, qtbot: QtBot
) -> None:
    engine = FakeEngine(hold_at=3)
    session = make_session(engine)
    session.form.set(steps=6)
    session.runs.start()
    qtbot.waitUntil(lambda: session.playhead.recorded == 3)
    left = left_by(session, keeper)
    engine.go.set()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    keep_unfinished(keeper, left)
    keep_unfinished(keeper, left_by(session, keeper))  # this one had finished, and was kept when it did
    settled(keeper)
    (entry,) = listed_in(keeper)
    assert not entry.finished


def test_what_the_keeper_cannot_do_is_told_and_the_rest_is_done(keeper: Keeper, qtbot: QtBot) -> None:
    def fail(history: History) -> None:
        raise OSError("no room")

    with qtbot.waitSignal(keeper.failed) as told:
        keeper.do(fail)
    assert "no room" in told.args[0]
    with qtbot.waitSignal(keeper.changed):
        keeper.do(lambda history: history.search())


def test_a_history_that_cannot_be_opened_is_told_of_once_and_reads_as_empty(tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "file").write_text("")
    keeper = Keeper(tmp_path / "file" / "history.sqlite3")
    told: list[str] = []
    keeper.failed.connect(told.append)
    found: list[list[Entry]] = []
    keeper.find(lambda history: history.search(), found.append)
    keeper.remember({}, None)
    keeper.close()
    QApplication.processEvents()
    assert len(told) == 1
    assert "Runs are not kept" in told[0]
    assert not found


def test_a_history_of_a_newer_version_is_told_of_with_what_helps(tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "history.sqlite3"
    History(path).close()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    keeper = Keeper(path)
    with qtbot.waitSignal(keeper.failed) as told:
        keeper.remember({}, None)
    keeper.close()
    assert told.args is not None
    assert told.args[0].endswith("was written by a newer version of the studio; install that, or move the file away.")


def test_the_status_line_says_when_the_session_was_kept(
    session: Session, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> None:
    window = window_of(session, settings, qtbot, keeper)
    recorder = window.services.record()
    assert window.status_line.kept.text() == ""
    session.form.set(steps=6)
    settled(keeper)
    QApplication.processEvents()
    assert window.status_line.kept.text() == ""  # nothing was kept yet
    recorder.remember()
    qtbot.waitUntil(lambda: window.status_line.kept.text().startswith("Kept at "))
    assert window.status_line.kept.isVisible()
    recorder.finish()
