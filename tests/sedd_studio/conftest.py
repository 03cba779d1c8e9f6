"""A session on a fake engine, with a real thread and real Qt events."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine import bundled_models
from sedd_studio.background.keeper import Keeper
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.session import session as session_module
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from tests.sedd_studio.chromium import browser
from tests.sedd_studio.fake_engine import FakeEngine, save_tokenizer
from tests.sedd_studio.scene import Scene

collect_ignore = [] if browser() else ["test_player.py"]
"""Without a browser the page that plays a run cannot be tried; `.ci/run` installs one."""


@pytest.fixture(autouse=True)
def _garbage_is_collected_in_this_thread() -> Iterator[None]:
    """As in the program (`collector.py`): what a test leaves, timers among it, is not taken apart in another thread."""
    gc.disable()
    yield
    gc.collect()
    gc.freeze()  # what is left need not be looked at again and again
    gc.enable()


@pytest.fixture(autouse=True)
def _seeds_that_nobody_chose_are_the_same_in_every_run() -> None:
    """Two of them may give the same letter, one pair in 26 here, and a test that awaits another one would fail then."""
    random.seed(1)


@pytest.fixture(autouse=True)
def _no_window_is_left() -> Iterator[None]:
    """One that a test leaves open, a dialog or a menu, would have the pointer of windows after it; so would what a
    double click leaves pressed."""
    yield
    for window in QApplication.topLevelWidgets():
        window.hide()
    if QApplication.mouseButtons() & Qt.MouseButton.LeftButton:
        QTest.mouseRelease(QWidget(), Qt.MouseButton.LeftButton)


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left_in_the_clipboard() -> Iterator[None]:
    """Offscreen it goes after Python does, and with it what was copied, which Python made."""
    yield
    if QApplication.instance() is not None:
        QApplication.clipboard().clear()


MakeSession = Callable[[FakeEngine], Session]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a user who follows runs live, so that tests need not wait for the show."""
    settings = Settings(tmp_path / "settings.json")
    settings.set("follow", True)
    return settings


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    """A history in the test's own folder."""
    keeper = Keeper(tmp_path / "history.sqlite3")
    yield keeper
    keeper.close()


@pytest.fixture
def engine() -> FakeEngine:
    """The engine of a test that looks at what it was asked, or has it wait."""
    return FakeEngine()


@pytest.fixture
def scene(qtbot: QtBot, tmp_path: Path) -> Scene:
    """A session in the test's own thread, to which a test tells what the engine would."""
    return Scene(tmp_path)


@pytest.fixture
def make_session(
    qtbot: QtBot, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeSession]:
    """Makes sessions whose model is loaded; shuts them down."""
    monkeypatch.setattr(bundled_models, "DEFAULT_MODEL", save_tokenizer(tmp_path / "bundled"))
    monkeypatch.setattr(session_module, "PROMPT", "Once upon a time [8] One day [6] The end.")
    made: list[Session] = []

    def make(engine: FakeEngine) -> Session:
        session = Session(Runner(lambda: engine), Reader(), settings)
        made.append(session)
        session.models.open("tiny")
        qtbot.waitUntil(lambda: session.runs.state is RunState.IDLE)
        return session

    yield make
    for session in made:
        session.shutdown()


@pytest.fixture
def session(make_session: MakeSession) -> Session:
    return make_session(FakeEngine())
