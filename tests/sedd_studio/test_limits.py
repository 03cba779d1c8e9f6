"""Soft locks: only some words may stand at a position. They follow edits, and go with runs, branches and files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, Generate, Noise, frozen
from engine.runs.runfile import decode, encode
from sedd_studio.record.document import Document, shifted
from sedd_studio.record.settings import Settings
from sedd_studio.session.recovery import read_left, restore, state_of
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import TOKENIZER, FakeEngine
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
LIMIT = (4, 8, (1, 2))


@pytest.fixture
def window(engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    session = make_session(engine)
    session.form.set(steps=6)
    return window_of(session, settings, qtbot)


def limit(window: MainWindow, words: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Names words for the first two positions of the first gap; returns them."""
    start = int((~window.session.view.document.locked).argmax())
    window.session.view.select((start, start + 2))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: (words, True))
    QTest.keyClick(window, Qt.Key.Key_W, CTRL_SHIFT)
    return start, start + 2


def test_words_are_not_put_into_a_text_that_came_while_they_were_asked_for(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(*_: object, **__: object) -> tuple[str, bool]:
        window.session.editor.set_prompt("The end.")
        return "fox", True

    window.session.view.select((8, 10))
    monkeypatch.setattr(QInputDialog, "getText", answer)
    QTest.keyClick(window, Qt.Key.Key_W, CTRL_SHIFT)
    assert window.session.view.document.limits == ()
    assert window.session.errors.current is None


@pytest.mark.parametrize(
    ("start", "stop", "length", "left"),
    [
        (0, 2, 5, ((7, 11, (1, 2)),)),  # before it: it moves
        (8, 9, 0, (LIMIT,)),  # behind it
        (5, 6, 3, ((4, 5, (1, 2)), (8, 10, (1, 2)))),  # inside: what is new has none
        (2, 6, 1, ((3, 5, (1, 2)),)),  # over its beginning
        (0, 20, 4, ()),
        (6, 6, 2, ((4, 6, (1, 2)), (8, 10, (1, 2)))),  # put between
    ],
)
def test_they_follow_edits(start: int, stop: int, length: int, left: object) -> None:
    assert shifted((LIMIT,), start, stop, length) == left


def test_a_gap_keeps_its_own_when_it_grows_or_shrinks_at_its_end() -> None:
    document = Document(frozen([FREE] * 10), np.zeros(10, bool), limits=(LIMIT,))
    assert document.with_gap(2, 10, 12).limits == (LIMIT,)
    assert document.with_gap(2, 10, 4).limits == ((4, 6, (1, 2)),)
    assert document.cleared(0, 10).limits == (LIMIT,)
    assert document.with_limit(5, 6, (9,)).limits == ((4, 5, (1, 2)), (5, 6, (9,)), (6, 8, (1, 2)))
    assert document.with_limit(0, 10, ()).limits == ()


def test_named_words_alone_may_stand_at_the_selection(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    start, stop = limit(window, "fox, star", monkeypatch)
    assert list(session.view.document.limits) == [(start, stop, ("fox", "star"))]
    assert "only: fox, star" in window.canvas.mouse.describe(start)
    assert "only: " not in window.canvas.mouse.describe(stop)
    assert list(window.canvas.picture._content.limited) == [start, start + 1]
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    asked = engine.requests[-1]
    assert isinstance(asked, Generate)
    assert asked.limits == session.view.document.limits
    session.editor.undo_stack.undo()  # the run
    session.editor.undo_stack.undo()
    assert session.view.document.limits == ()
    session.editor.undo_stack.redo()
    session.editor.undo_stack.redo()
    limit(window, " ", monkeypatch)
    assert session.view.document.limits == ()
    assert list(window.canvas.picture._content.limited) == []


def test_they_are_in_the_run_file_and_come_back_with_the_run(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    limit(window, "fox", monkeypatch)
    limits = session.view.document.limits
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    assert session.view.run is not None
    saved = decode(encode(session.view.run))
    session.editor.set_prompt("Once [5]")
    assert session.view.document.limits == ()
    session.show_run(saved)
    assert session.view.document.limits == limits
    session.playhead.seek(2)
    session.runs.go_on()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    branch = engine.requests[-1]
    assert isinstance(branch, Generate)
    assert branch.limits == limits


def test_they_come_back_after_a_crash(
    window: MainWindow, make_session: MakeSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from sedd_studio.record.history import LeftOver

    limit(window, "fox", monkeypatch)
    left = LeftOver(state_of(window.session), None)
    limits = window.session.view.document.limits
    window.session.editor.set_prompt("Once [5]")
    restore(window.session, read_left(left))
    assert window.session.view.document.limits == limits


def test_symbols_are_named_as_they_are_and_others_are_refused_in_the_banner(tmp_path: Path) -> None:
    session = Scene(tmp_path, domain="promoters").session
    session.editor.limit(0, 4, "A, G")
    assert session.view.document.limits == ((0, 4, ("A", "G")),)
    session.editor.limit(0, 4, "fox")
    assert session.errors.current is not None
    assert 'does not know the symbol "f"' in session.errors.current.headline
    assert session.view.document.limits == ((0, 4, ("A", "G")),)


@pytest.mark.parametrize(("noise", "held"), [("absorb", True), ("uniform", False), ("mixed", False), ("none", False)])
def test_a_word_of_several_tokens_is_refused_at_once_where_no_run_could_be_held_to_it(
    tmp_path: Path, noise: Noise, held: bool
) -> None:
    scene = Scene(tmp_path, noise)
    word = "umbrella"
    count = len(scene.tokenizer.encode(f" {word}"))
    assert count > 1
    scene.session.editor.limit(30, 30 + count, word)
    assert bool(scene.session.view.document.limits) is held
    assert (scene.session.errors.current is None) is held


@pytest.mark.parametrize(("words", "refused"), [("fox", True), ("", False), ("upon a time", False)])
def test_words_that_cannot_stand_beside_what_is_locked_are_refused_at_once(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, words: str, refused: bool
) -> None:
    session = window.session
    locked = TOKENIZER.encode("Once"), TOKENIZER.encode(" upon a time")
    start, stop = len(locked[0]), len(locked[0]) + len(locked[1])
    assert session.view.document.locked[start:stop].all()
    done = len(session.editor.undo_stack.steps)
    session.view.select((start, stop))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: (words, True))
    QTest.keyClick(window, Qt.Key.Key_W, CTRL_SHIFT)
    assert (session.errors.current is not None) is refused
    assert bool(session.view.document.limits) is (words == "upon a time")
    assert len(session.editor.undo_stack.steps) == done + (words == "upon a time")


def test_words_that_do_not_fill_what_is_selected_are_refused_at_once(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(window, "a", monkeypatch)
    assert window.session.view.document.limits
    limit(window, "zzzzzzzz", monkeypatch)
    assert window.session.errors.current is not None
    assert "exactly" in window.session.errors.current.headline


def test_a_lock_that_contradicts_the_words_asked_for_is_refused_at_once(
    window: MainWindow, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    session = window.session
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    session.playhead.seek(6)
    start, _ = limit(window, "a", monkeypatch)
    session.editor.set_locked([start], True)
    assert not session.view.document.locked[start]
    assert session.errors.current is not None


def test_of_a_long_list_the_first_words_are_named(window: MainWindow) -> None:
    start = int((~window.session.view.document.locked).argmax())
    listed = [f"{one}{two}" for one in "abcdefghij" for two in "klmnopqrst"]
    window.session.editor.limit(start, start + 3, ", ".join(listed))
    told = window.canvas.mouse.describe(start)
    assert told.endswith("only: ak, al, am, an, ao, ap, aq, ar and 92 more")
