"""A random user leaves no exception, no Qt warning and no thread."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QInputDialog
from pytestqt.qtbot import QtBot

from sedd_studio.background.keeper import Keeper
from sedd_studio.record.settings import Settings
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.random_user import RandomUser, files
from tests.sedd_studio.windows import window_of

ACTIONS = 300


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_a_user_does_the_window_goes_on(
    seed: int,
    make_session: MakeSession,
    settings: Settings,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *_: ("", ""))  # this user closes every file dialog
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: (f"my {seed}", True))
    session = make_session(FakeEngine())
    keeper = Keeper(tmp_path / "history.sqlite3")
    window = window_of(session, settings, qtbot, keeper)
    user = RandomUser(window, seed, files(tmp_path / "files"), ["tiny", "broken", "other"])
    with qtbot.captureExceptions() as exceptions:
        for _ in range(ACTIONS):
            user.act()
            assert not exceptions, (list(user.last), exceptions)
    window.close()
    keeper.close()
