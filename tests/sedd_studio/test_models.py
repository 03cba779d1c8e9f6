"""Which model: the pickers of the top bar, and models that come from the hub."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from engine.models import load
from engine.protocol import Generate, LoadModel
from sedd_studio.background.keeper import Keeper
from sedd_studio.painting.theme import LIGHT, Look
from sedd_studio.record.settings import Settings
from sedd_studio.session import model_folders
from sedd_studio.session.state import RunState
from sedd_studio.widgets.panels.model_picker import ModelPicker
from sedd_studio.widgets.panels.noise_picker import NoisePicker
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.scene import Scene, words_of
from tests.sedd_studio.windows import shown, window_of

GOLDEN = Path(__file__).parents[1] / "golden" / "families"


def test_the_model_picker_names_the_model(scene: Scene, qtbot: QtBot) -> None:
    picker = shown(qtbot, ModelPicker(scene.session.models, Look(LIGHT)))
    assert picker.text().startswith("stories-absorb")
    assert "12 M · 256 tokens" in picker.text()


def model_folder(path: Path, **described: object) -> str:
    """A folder that looks like a model."""
    path.mkdir()
    (path / "config.json").write_text(json.dumps(described), encoding="utf-8")
    return str(path)


def opened_menu(button: QToolButton) -> dict[str, QAction]:
    """The entries of the button's menu as it opens."""
    menu = button.menu()
    menu.aboutToShow.emit()
    return {action.text(): action for action in menu.actions() if not action.isSeparator()}


def test_picking_a_noise_opens_the_model_that_matches(scene: Scene, qtbot: QtBot, tmp_path: Path) -> None:
    path = model_folder(tmp_path / "stories-absorb")
    other = model_folder(tmp_path / "stories-uniform")
    writer = model_folder(tmp_path / "stories-gpt", model_type="gpt2")
    scene.load(replace(scene.info, path=path))
    picker = shown(qtbot, NoisePicker(scene.session.models, words_of(scene), Look(LIGHT)))
    assert picker.text() == "Absorbing noise"
    entries = opened_menu(picker)
    assert entries["Absorbing noise"].isChecked()
    for name in ("Uniform noise", "From left to right"):
        entries[name].trigger()
    assert scene.runner.requests[-2:] == [LoadModel(other, hashed=False), LoadModel(writer, hashed=False)]


def test_a_noise_without_a_model_is_greyed_out_and_says_why(scene: Scene, qtbot: QtBot, tmp_path: Path) -> None:
    path = model_folder(tmp_path / "stories-absorb")
    scene.load(replace(scene.info, path=path))
    picker = shown(qtbot, NoisePicker(scene.session.models, words_of(scene), Look(LIGHT)))
    uniform = opened_menu(picker)["Uniform noise"]
    assert not uniform.isEnabled()
    assert uniform.toolTip() == "There is no model like stories-absorb of this kind."


@pytest.fixture
def window(make_session: MakeSession, engine: FakeEngine, settings: Settings, qtbot: QtBot) -> MainWindow:
    return window_of(make_session(engine), settings, qtbot)


def test_a_folder_that_may_not_be_entered_is_no_model_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stat = os.stat

    def denied(path: Any, *given: Any, **named: Any) -> os.stat_result:
        if "forbidden" in str(path):
            raise PermissionError(13, "Permission denied")
        return stat(path, *given, **named)

    monkeypatch.setattr(os, "stat", denied)
    assert model_folders.known(["/forbidden/model"]) == model_folders.known([])


def test_a_run_that_is_asked_for_while_the_model_loads_begins_when_it_is_there(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot, keeper: Keeper
) -> None:
    session = make_session(engine)
    window = window_of(session, settings, qtbot, keeper)
    button = window.top_bar.run_button
    assert "Fill 14 tokens" in button.text()
    session.models.open("tiny")
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.text() == "Fill when loaded"
    assert "Esc" in window.status_line.text.text()
    assert not session.runs.running
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    assert isinstance(engine.requests[-1], Generate)
    assert button.text() == "Fill 14 tokens"


@pytest.mark.parametrize("how", ["Esc", "broken"])
def test_a_run_that_waits_for_a_model_is_given_up_by_escape_and_where_it_does_not_load(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot, keeper: Keeper, how: str
) -> None:
    session = make_session(engine)
    window = window_of(session, settings, qtbot, keeper)
    session.models.open("tiny" if how == "Esc" else "broken")
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.top_bar.run_button.text() == "Fill when loaded"
    if how == "Esc":
        QTest.keyClick(window, Qt.Key.Key_Escape)
        assert session.models.loading
        assert window.top_bar.run_button.text() == "Fill 14 tokens"
    qtbot.waitUntil(lambda: not session.models.loading)
    assert not session.runs.awaits_model
    assert not any(isinstance(request, Generate) for request in engine.requests)


def test_running_without_a_model_says_what_to_do(scene: Scene) -> None:
    scene.session.models._held = None
    scene.session.runs.start()
    assert scene.session.errors.current is not None
    assert scene.session.errors.current.headline == "Open the model first."


@pytest.mark.parametrize("family", sorted(path.name for path in GOLDEN.iterdir()))
def test_the_noise_of_other_families_is_told_from_their_files_as_the_engine_reads_it(family: str) -> None:
    assert model_folders.noise_of(GOLDEN / family) == load(GOLDEN / family, "cpu", "fp32").info.noise


@pytest.mark.parametrize(("algorithm", "noise"), [("mdlm", "absorb"), ("sedd", "absorb"), ("duo_base", "uniform")])
def test_the_noise_of_a_bare_network_is_that_of_its_algorithm(algorithm: str, noise: str, tmp_path: Path) -> None:
    described = {"config": {"algo": {"name": algorithm}}, "vocab_size": 9}
    (tmp_path / "config.json").write_text(json.dumps(described))
    assert model_folders.noise_of(tmp_path) == noise


def test_a_model_may_be_a_file_or_a_folder_with_a_checkpoint(tmp_path: Path) -> None:
    assert not model_folders.is_model(tmp_path)
    assert not model_folders.is_model(tmp_path / "last.ckpt")
    (tmp_path / "last.ckpt").touch()
    assert model_folders.is_model(tmp_path / "last.ckpt")
    assert model_folders.is_model(tmp_path)
    assert str(tmp_path / "last.ckpt") in model_folders.known([str(tmp_path / "last.ckpt")])


def test_what_is_known_of_a_model_that_does_not_open_stands_under_the_details(window: MainWindow, qtbot: QtBot) -> None:
    window.session.models.open("broken")
    qtbot.waitUntil(window.banner.isVisible)
    QTest.mouseClick(window.banner.details, Qt.MouseButton.LeftButton)
    assert window.banner.detail_text.isVisible()
    assert window.banner.detail_text.toPlainText() == "kind: an empty folder"
