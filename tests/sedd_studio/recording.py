"""What tests of the history and of recovery share: recorders, runs, and what was left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from sedd_studio.background.keeper import Keeper
from sedd_studio.record.history import LeftOver
from sedd_studio.session.recovery import Recorder, state_of
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from tests.patience import PATIENCE
from tests.sedd_studio.windows import left_in

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


def left_by(session: Session, keeper: Keeper) -> LeftOver:
    keeper.remember(state_of(session), session.view.run)
    settled(keeper)
    left = left_in(keeper)
    assert left is not None
    return left
