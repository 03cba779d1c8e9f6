"""The hash of large weights is asked for while nothing else is, and comes into the run that was made before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.protocol import Generate, Identify
from engine.protocol.model_info import NOT_YET
from engine.runs.trajectory import Trajectory
from sedd_studio.background.keeper import Keeper
from sedd_studio.session import identifying
from sedd_studio.session.identifying import Identifier
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from tests.sedd_studio import fake_engine
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine


class Noting(Keeper):
    """Keeps nothing, and notes what it was to keep."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.kept: list[Trajectory] = []

    def keep(self, run: Trajectory) -> None:
        self.kept.append(run)


@pytest.fixture
def session(engine: FakeEngine, make_session: MakeSession, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setattr(identifying, "REST", 1)
    monkeypatch.setattr(fake_engine, "INFO", replace(fake_engine.INFO, weights=f"{NOT_YET}1"))
    return make_session(engine)


def asked(engine: FakeEngine) -> int:
    return sum(isinstance(request, Identify) for request in engine.requests)


def is_known(session: Session) -> bool:
    return session.models.info is not None and session.models.info.weights == "known"


def test_the_hash_comes_once_the_window_rests(
    session: Session, engine: FakeEngine, tmp_path: Path, qtbot: QtBot
) -> None:
    identifier = Identifier(session, Noting(tmp_path / "history"))
    session.models.changed.emit()
    qtbot.waitUntil(lambda: is_known(session))
    assert session.models.ready
    session.models.changed.emit()
    qtbot.wait(20)
    assert asked(engine) == 1
    identifier.deleteLater()


def test_a_run_comes_first_and_is_kept_with_the_hash(
    session: Session, engine: FakeEngine, tmp_path: Path, qtbot: QtBot
) -> None:
    keeper = Noting(tmp_path / "history")
    session.runs.start()
    identifier = Identifier(session, keeper)
    session.models.changed.emit()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    qtbot.waitUntil(lambda: is_known(session))
    kinds = [type(request) for request in engine.requests if isinstance(request, Generate | Identify)]
    assert kinds == [Generate, Identify]
    run = session.view.run
    assert run is not None
    assert run.origin is not None
    assert run.origin.info.weights == "known"
    assert keeper.kept == [run]
    identifier.deleteLater()
