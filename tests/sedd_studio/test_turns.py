"""What can wait is done a piece a turn, in turns that have room for it, and waits no longer than it may."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from sedd_studio.painting import theme
from sedd_studio.painting.theme import DARK, LIGHT, Look
from sedd_studio.turns import LONGEST, ROOM, Piece, Turns
from tests.sedd_studio.turns_counted import counted


class Loop:
    """An event loop whose thread has computed for so many seconds, of so many that have passed."""

    def __init__(self) -> None:
        self.parent = QObject()
        self.passed = self.computed = 0.0
        self.turns = Turns(self.parent, lambda: self.passed, lambda: self.computed)


@pytest.fixture
def loop(qapp: object) -> Iterator[Loop]:
    made = Loop()
    yield made
    made.parent.deleteLater()


def test_pieces_are_done_in_their_order_each_in_a_turn_of_its_own(loop: Loop, qtbot: QtBot) -> None:
    done: list[tuple[int, int]] = []

    def piece(number: int) -> Callable[[], None]:
        def do() -> None:
            done.append((number, turns.ended))
            loop.computed += 2 * ROOM

        return do

    with counted() as turns:
        for number in range(4):
            loop.turns.later(loop.parent, piece(number))
        assert not done
        qtbot.waitUntil(lambda: len(done) == 4)
    assert [number for number, _ in done] == [0, 1, 2, 3]
    assert len({turn for _, turn in done}) == 4


def test_a_piece_waits_for_a_turn_with_room_but_not_for_ever(loop: Loop, qtbot: QtBot) -> None:
    done: list[float] = []

    def compute() -> float:
        loop.computed += 2 * ROOM  # so much in each turn, and more
        return loop.computed

    loop.turns._computed = compute
    loop.turns.later(loop.parent, lambda: done.append(loop.passed))
    with counted() as turns:
        qtbot.waitUntil(lambda: turns.ended > 20)
    assert not done
    loop.passed += LONGEST
    qtbot.waitUntil(lambda: bool(done))


def test_nothing_is_done_for_what_is_deleted(loop: Loop, qtbot: QtBot) -> None:
    done: list[str] = []
    owner = QObject()
    loop.turns.later(owner, lambda: done.append("of the one deleted"))
    loop.turns.later(loop.parent, lambda: done.append("of another"))
    owner.deleteLater()
    qtbot.waitUntil(lambda: bool(done))
    assert done == ["of another"]


def test_outside_of_the_loop_no_turn_is_crowded(loop: Loop, qtbot: QtBot) -> None:
    crowded: list[bool] = []
    loop.turns.later(loop.parent, lambda: None)

    def look() -> None:
        loop.computed += 2 * ROOM
        crowded.append(loop.turns.crowded)

    loop.turns.later(loop.parent, look)
    qtbot.waitUntil(lambda: bool(crowded))
    assert crowded == [True]
    loop.computed += 2 * ROOM
    assert not loop.turns.crowded


def test_a_piece_is_done_once_however_often_it_is_wanted_and_at_once_if_it_must_be(qtbot: QtBot) -> None:
    owner, done = QObject(), list[int]()

    def do() -> None:
        done.append(turns.ended)
        if len(done) in (1, 3):
            piece.want()

    piece = Piece(owner, do)
    with counted() as turns:
        piece.want()
        piece.want()
        qtbot.waitUntil(lambda: len(done) == 2)
        assert done[0] != done[1]
        piece.want()
        piece.now()
        assert len(done) == 4
        later = turns.ended + 5
        qtbot.waitUntil(lambda: turns.ended > later)
    assert len(done) == 4


def test_a_dialog_that_a_piece_opens_holds_no_other_up(loop: Loop, qtbot: QtBot) -> None:
    inner, done = QEventLoop(), list[str]()

    def ask() -> None:
        loop.turns.later(loop.parent, lambda: done.append("given within"))
        loop.turns.later(loop.parent, inner.quit)
        QTimer.singleShot(10_000, inner.quit)
        inner.exec()
        done.append("answered")

    loop.turns.later(loop.parent, ask)
    loop.turns.later(loop.parent, lambda: done.append("given before"))
    qtbot.waitUntil(lambda: "answered" in done, timeout=30_000)
    assert done == ["given before", "given within", "answered"]


class Dressed:
    """A window of three parts that are dressed; `worn` are the names of their themes."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.parts = [QWidget(self.window) for _ in range(3)]
        self.look = Look(LIGHT)
        self.look.dress(*self.parts)
        self.window.show()

    @property
    def worn(self) -> list[str]:
        return [part.property(theme.WORN) for part in self.parts]


def test_a_window_keeps_its_picture_until_its_parts_are_dressed_one_a_turn(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dressed = Dressed(qtbot)
    at: list[int] = []
    painted: list[bool] = []
    with counted() as turns:

        def sheet(_: theme.Theme) -> str:
            at.append(turns.ended)
            painted.append(dressed.window.updatesEnabled())
            return ""

        monkeypatch.setattr(theme, "stylesheet", sheet)
        dressed.look.change(DARK)
        qtbot.waitUntil(lambda: dressed.worn == ["dark"] * 3)
    assert len(set(at)) == 3
    assert painted == [False] * 3
    assert dressed.window.updatesEnabled()


def test_a_theme_that_is_taken_back_leaves_nothing_unpainted(qtbot: QtBot) -> None:
    """Parts that had not changed yet were forgotten, and the window stayed empty."""
    dressed = Dressed(qtbot)
    dressed.look.change(DARK)
    dressed.look.change(LIGHT)
    qtbot.waitUntil(lambda: dressed.worn == ["light"] * 3 and dressed.window.updatesEnabled())
    assert all(part.updatesEnabled() for part in dressed.parts)


def test_a_window_that_somebody_else_holds_stays_held(qtbot: QtBot) -> None:
    dressed = Dressed(qtbot)
    dressed.window.setUpdatesEnabled(False)
    dressed.look.change(DARK)
    qtbot.waitUntil(lambda: dressed.worn == ["dark"] * 3)
    assert not dressed.window.updatesEnabled()
