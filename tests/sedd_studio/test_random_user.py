"""A random user leaves no exception, no Qt warning and no thread."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QInputDialog
from pytestqt.qtbot import QtBot

from sedd_studio.film import Film, write_picture
from sedd_studio.keeper import Keeper
from sedd_studio.runfile import save_run
from sedd_studio.settings import Settings
from sedd_studio.theme import LIGHT
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.random_user import RandomUser
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

ACTIONS = 300


def files(folder: Path) -> list[Path]:
    """Something good and something bad of each kind that can be dropped."""
    folder.mkdir()
    scene = Scene(folder)
    scene.run(12)
    scene.play(12)
    run = scene.session.document.trajectory
    assert run is not None
    save_run(folder / "run.sedd", run)
    list(write_picture(Film(run, 0, LIGHT), 12, folder / "run.png"))
    (folder / "prompt.txt").write_text("Once [5] the end.", encoding="utf-8")
    (folder / "long.txt").write_text("[60]" * 30, encoding="utf-8")
    (folder / "cut.sedd").write_bytes((folder / "run.sedd").read_bytes()[:200])
    (folder / "noise.png").write_bytes(b"\x00" * 90)
    return sorted(folder.iterdir())


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
            assert not exceptions, (user.log[-5:], exceptions)
    window.close()
    keeper.close()
