"""The session on disk: runs go into the history by themselves, and what a crash left is offered back."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.protocol import UserError
from sedd_studio.background.keeper import Keeper
from sedd_studio.record import history as history_module
from sedd_studio.record.history import Entry, History, LeftOver
from sedd_studio.record.page import MOST_ASIDE, Page
from sedd_studio.record.runfile import decode, encode
from sedd_studio.record.settings import Settings
from sedd_studio.record.trajectory import Trajectory
from sedd_studio.session.recovery import Recorder, aside_state, keep_unfinished, read_left, restore, state_of
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from tests.patience import PATIENCE
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import left_in, listed_in, read, window_of

LEFT = Qt.MouseButton.LeftButton
Record = Callable[[Session], Recorder]


@pytest.fixture
def record(keeper: Keeper) -> Iterator[Record]:
    """Makes recorders, and ends them before the keeper is closed."""
    made: list[Recorder] = []

    def make(session: Session) -> Recorder:
        made.append(Recorder(session, keeper))
        return made[-1]

    yield make
    for recorder in made:
        recorder.finish()


def settled(keeper: Keeper) -> None:
    """Waits until the keeper has done all that it was given."""
    done = threading.Event()
    keeper.do(lambda _: done.set())
    assert done.wait(PATIENCE)


def run(session: Session, qtbot: QtBot, **form: object) -> None:
    session.form.set(**form)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)


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


def left_by(session: Session, keeper: Keeper) -> LeftOver:
    keeper.remember(state_of(session), session.view.run)
    settled(keeper)
    left = left_in(keeper)
    assert left is not None
    return left


def test_restore_brings_back_text_locks_run_and_playhead(
    make_session: MakeSession, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> None:
    session = make_session(FakeEngine())
    run(session, qtbot, steps=6, samples=2)
    session.playhead.set_sample(1)
    session.playhead.seek(4)
    session.editor.set_locked([6, 7], True)
    left = left_by(session, keeper)
    other = make_session(FakeEngine())
    window = window_of(other, settings, qtbot, keeper)
    assert not window.recovery_bar.isVisible()
    window.recovery_bar.offer(left)
    QTest.mouseClick(window.recovery_bar.restore_button, LEFT)
    read(window.session)
    assert not window.recovery_bar.isVisible()
    assert (other.playhead.step, other.playhead.sample) == (4, 1)
    np.testing.assert_array_equal(other.view.document.locked, session.view.document.locked)
    np.testing.assert_array_equal(other.view.canvas().tokens, session.view.canvas().tokens)
    assert other.view.prompt == session.view.prompt


def test_a_prompt_without_a_run_is_brought_back(make_session: MakeSession, keeper: Keeper, qtbot: QtBot) -> None:
    session = make_session(FakeEngine())
    session.editor.set_prompt("Once [9] star fell.")
    left = left_by(session, keeper)
    other = make_session(FakeEngine())
    restore(other, read_left(left))
    assert other.view.prompt == "Once [9] star fell."
    qtbot.waitUntil(lambda: other.models.ready)
    assert other.view.prompt == "Once [9] star fell."


@pytest.mark.parametrize(
    "damage",
    [
        {"tokens": [454] * 9, "locked": [True] * 9},  # not in the vocabulary
        {"tokens": [], "locked": []},
        {"tokens": [-1] * 60_000, "locked": [False] * 60_000},
        {"limits": [[0, 2, [10_000]]]},
        {"limits": [[0, 4, ["a"]], [1, 3, ["b"]]]},
        {"limits": [[0, 4, []]]},
    ],
)
def test_a_document_that_the_model_cannot_hold_never_comes_on_show(
    damage: dict[str, object], make_session: MakeSession, keeper: Keeper
) -> None:
    session = make_session(FakeEngine())
    state = state_of(session) | damage
    with contextlib.suppress(UserError):  # or it is refused
        restore(session, read_left(LeftOver(state, None)))
    tokens = session.view.canvas().tokens
    assert session.models.tokenizer is not None
    assert 0 < len(tokens) <= session.models.length
    assert tokens.max() < session.models.tokenizer.vocabulary
    assert all(session.view.limit_at(place) is not None for place in range(len(tokens)))
    assert session.view.prompt


def test_an_offer_can_be_dismissed_and_a_damaged_one_is_said(
    session: Session, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> None:
    window = window_of(session, settings, qtbot, keeper)
    text = session.view.full_text()
    window.recovery_bar.offer(LeftOver({"prompt": "x"}, None))
    QTest.mouseClick(window.recovery_bar.dismiss_button, LEFT)
    assert not window.recovery_bar.isVisible()
    window.recovery_bar.offer(LeftOver({"prompt": "x"}, b"nothing"))
    QTest.mouseClick(window.recovery_bar.restore_button, LEFT)
    read(window.session)
    assert "damaged" in window.banner.headline.text()
    assert session.view.full_text() == text


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


@pytest.mark.parametrize(
    "damage",
    [
        {"tokens": [100_000] * 9, "locked": [True] * 9},  # not in the vocabulary
        {"locked": [True]},
        {"tokens": [-1] * 60_000, "locked": [False] * 60_000},
        {"tokens": [1] * 500, "locked": [False] * 500},  # longer than the model takes
        {"limits": [[0, 2, [100_000]]]},
        {"limits": [[0, 4, ["a"]], [1, 3, ["b"]]]},
        {"banned": "x," * 40_000},
        {"tokenizer": 3},
    ],
)
def test_a_document_put_aside_that_is_damaged_never_comes_on_show(
    damage: dict[str, object], make_session: MakeSession
) -> None:
    session = make_session(FakeEngine())
    session.pages.begin()
    tokenizer, info = session.models.tokenizer, session.models.info
    assert tokenizer is not None
    assert info is not None
    key = (tokenizer.fingerprint, info.length)
    kept = json.loads(json.dumps(aside_state(*key, session.pages.now))) | damage
    with contextlib.suppress(UserError):  # or it is refused
        restore(session, read_left(LeftOver(state_of(session) | {"aside": [kept]}, None)))
    session.pages.turn_to(replace(info, name="other", weights="other", length=info.length + 1), tokenizer, "Once [9]")
    session.pages.turn_to(replace(info, weights="third"), tokenizer, "Once [9]")
    tokens = session.view.canvas().tokens
    assert 0 < len(tokens) <= info.length
    assert tokens.max() < tokenizer.vocabulary
    assert all(session.view.limit_at(place) is not None for place in range(len(tokens)))


@pytest.mark.parametrize("entry", ["tokenizer", "length", "tokens", "locked", "limits", "file", "form"])
def test_of_documents_put_aside_the_damaged_one_alone_is_left_out(entry: str, make_session: MakeSession) -> None:
    session = make_session(FakeEngine())
    good = json.loads(json.dumps(aside_state("good", 99, session.pages.now)))
    wrong: tuple[object, ...] = (None, -1, 10**30, [None], [10**30], {"a": [1]}, "x" * 20_000)
    for value in (value for value in wrong if (entry, value) not in (("form", {"a": [1]}), ("length", 10**30))):
        aside = [good, good | {"tokenizer": "other", entry: value}, 3, None, []]
        left = read_left(LeftOver(state_of(session) | {"aside": aside}, None))
        assert list(left.aside) == [("good", 99)]
    assert not read_left(LeftOver(state_of(session) | {"aside": {"a": good}}, None)).aside


def test_of_many_documents_put_aside_the_newest_are_read(make_session: MakeSession) -> None:
    session = make_session(FakeEngine())
    good = json.loads(json.dumps(aside_state("good", 99, session.pages.now)))
    aside = [good | {"tokenizer": str(number)} for number in range(300)]
    left = read_left(LeftOver(state_of(session) | {"aside": aside}, None))
    assert [name for name, _ in left.aside] == [str(number) for number in range(300 - MOST_ASIDE, 300)]
    assert all(isinstance(page, Page) for page in left.aside.values())  # read by then, and not in the window's thread


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
