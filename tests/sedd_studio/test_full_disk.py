"""A disk without room: what is written is whole or not there, it is told, and it is written once there is room."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.protocol import UserError
from engine.runs.runfile import save_run
from engine.runs.trajectory import Trajectory
from sedd_studio.background import keeper as keeping
from sedd_studio.background.keeper import Keeper
from sedd_studio.painting import theme
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.window.export_kinds import EXPORTS, View, start
from tests.full_disk import full_from
from tests.sedd_studio.recording import settled
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import listed_in, window_of


@pytest.fixture
def run(scene: Scene) -> Trajectory:
    scene.run(steps=40, samples=3)
    scene.play(40)
    made = scene.session.view.run
    assert made is not None
    return made


def test_a_run_is_saved_whole_or_what_was_there_stays(run: Trajectory, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "run.sedd"
    path.parent.mkdir()
    save_run(path, run)
    before = path.read_bytes()
    with full_from(1000), pytest.raises(UserError, match="choose another place"):
        save_run(path, run)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_device_is_not_written_over(run: Trajectory) -> None:
    with pytest.raises(UserError, match="no regular file"):
        save_run(Path("/dev/full"), run)
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize("kind", ["text", "json", "csv", "page", "picture"])
def test_an_export_is_whole_or_not_there_and_told_in_a_sentence(
    kind: str, run: Trajectory, scene: Scene, qtbot: QtBot, tmp_path: Path
) -> None:
    window = window_of(scene.session, scene.settings, qtbot)
    folder = tmp_path / "exports"
    folder.mkdir()
    with full_from(100):
        start(window.services.jobs, EXPORTS[kind], View(run, 40, 0, theme.LIGHT), folder / "run")
        qtbot.waitUntil(lambda: scene.session.errors.current is not None)
    assert scene.session.errors.current is not None
    assert "free some room" in scene.session.errors.current.headline
    assert list(folder.iterdir()) == []


def test_runs_made_meanwhile_are_written_once_there_is_full_from(
    run: Trajectory, keeper: Keeper, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSE", 0.01)
    told: list[str] = []
    keeper.failed.connect(told.append)
    keeper.keep(run)
    settled(keeper)
    (first,) = listed_in(keeper)
    log = keeper.path.with_name(f"{keeper.path.name}-wal")
    with full_from(log.stat().st_size + 1000):
        keeper.keep(run)
        qtbot.waitUntil(lambda: bool(told))
        keeper.keep(run.only(1))
        settled(keeper)
        assert [entry.id for entry in listed_in(keeper)] == [first.id]
    qtbot.waitUntil(lambda: len(listed_in(keeper)) == 3)
    assert all("free some room" in sentence for sentence in told)
    assert len(told) <= 2  # each of the runs is told of once, however often it is tried
    for entry in listed_in(keeper):
        assert keeper.runs([entry.id])[0].recorded == 40


def test_what_stands_for_what_was_before_is_written_alone(
    session: Session, keeper: Keeper, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session is kept every few seconds: while there is no room only the newest waits."""
    tried: list[int] = []

    def remember(number: int) -> None:
        def work(_: object) -> None:
            tried.append(number)
            if len(tried) < 4:
                raise OSError(28, "No space left on device")

        keeper.do(work, stands_for="session")

    monkeypatch.setattr(keeping, "PAUSE", 0.01)
    for number in range(3):
        remember(number)
    qtbot.waitUntil(lambda: len(tried) >= 4)
    settled(keeper)
    assert tried[3:] == [2]


def test_settings_that_could_not_be_written_are_written_with_the_next(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    settings.set("steps", 12)
    with full_from(10):
        settings.set("seed", 3)
    assert (settings["seed"], Settings(settings.path)["seed"]) == (3, 1729)
    settings.set("zoom", 2.0)
    again = Settings(settings.path)
    assert (again["steps"], again["seed"], again["zoom"]) == (12, 3, 2.0)
