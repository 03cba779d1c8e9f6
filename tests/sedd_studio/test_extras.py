"""What an extra brings is missing: the window says how to install it, and goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import sedd_studio.window
from sedd_studio import __main__ as program
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.window.export_kinds import EXPORTS, View, start
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.opening import open_path
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.test_steering import model
from tests.sedd_studio.windows import window_of


@pytest.fixture
def window(qtbot: QtBot, settings: Settings) -> Iterator[MainWindow]:
    """A window on the real engine, without a model."""
    session = Session(Runner(), Reader(), settings)
    yield window_of(session, settings, qtbot)
    session.shutdown()


def told(window: MainWindow, qtbot: QtBot) -> str:
    """What the banner says as soon as it says something."""
    qtbot.waitUntil(window.banner.isVisible)
    return window.banner.headline.text()


def test_a_film_that_is_written_names_its_extra(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    scene = Scene(tmp_path)
    scene.run(4)
    scene.play(4)
    run = scene.session.view.document.trajectory
    assert run is not None
    path = tmp_path / "run.mp4"
    start(window.services.jobs, EXPORTS["film"], View(run, 4, 0, window.look.theme), path)
    wanted = 'MP4 films need av, which is not installed; run: pip install "sedd-studio[film]"'
    assert told(window, qtbot) == wanted
    assert not path.exists()


def test_an_autoregressive_model_names_its_extra_and_others_open(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [model(tmp_path, "none"), model(tmp_path, "absorb")]
    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.delitem(sys.modules, "engine.causal.causal_model")
    open_path(window.session, folders[0])
    assert 'pip install "sedd-studio[causal]"' in told(window, qtbot)
    open_path(window.session, folders[1])
    qtbot.waitUntil(lambda: window.session.models.ready)


def test_the_studio_without_qt_names_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(sedd_studio.window, "app", raising=False)
    monkeypatch.delitem(sys.modules, "sedd_studio.window.app", raising=False)
    monkeypatch.setitem(sys.modules, "PySide6.QtCore", None)
    assert program.main() == 2
    assert 'pip install "sedd-studio[studio]"' in capsys.readouterr().err
