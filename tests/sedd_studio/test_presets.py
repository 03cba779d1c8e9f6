"""Presets: what they set, and that the user's own are kept."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, UserError
from sedd_studio.record.settings import SETTINGS, Settings
from sedd_studio.session.presets import BUILT_IN, USUAL, Presets
from sedd_studio.widgets.controls.preset_choice import NONE, PresetChoice
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import window_of


@pytest.fixture
def window(make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    return window_of(make_session(FakeEngine()), settings, qtbot)


@pytest.fixture
def choice(window: MainWindow) -> PresetChoice:
    return window.run_form.presets


def choose(choice: PresetChoice, name: str) -> None:
    choice.list.setCurrentText(name)
    choice.list.activated.emit(choice.list.currentIndex())


def name_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (name, True))


def test_every_preset_that_comes_along_is_sane() -> None:
    for entries in BUILT_IN.values():
        assert all(SETTINGS[name].accepts(value) for name, value in entries.items())
        assert set(entries) <= set(USUAL)


def test_a_second_look_is_a_preset_for_models_of_masks(window: MainWindow, choice: PresetChoice) -> None:
    choose(choice, "Second look")
    tokens = np.array([FREE] * 3)
    assert window.session.form.now.request(tokens, "absorb").sampler == "second-look"
    assert window.session.form.now.request(tokens, "uniform").sampler == "auto"


def test_a_preset_sets_the_whole_form_but_the_seed(window: MainWindow, choice: PresetChoice) -> None:
    session = window.session
    session.form.set(steps=7, top_p=0.5, seed=12)
    assert choice.list.currentText() == NONE
    choose(choice, "Careful")
    assert (session.form.now.steps, session.form.now.top_p, session.form.now.seed) == (
        256,
        SETTINGS["top_p"].default,
        12,
    )
    assert window.run_form.main.controls["steps"].property("value") == 256
    assert choice.list.currentText() == "Careful"
    assert choice.list.findText(NONE) == -1
    session.form.set(samples=2)
    assert choice.list.currentText() == NONE


def test_ones_own_preset_is_kept_and_removed(
    window: MainWindow, choice: PresetChoice, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    assert not choice.forget.isEnabled()
    session.form.set(steps=99, banned="sad, angry", options={"theta": 0.3})
    name_it(monkeypatch, "  My   own ")
    choice.keep.trigger()
    assert choice.list.currentText() == "My own"
    choose(choice, "Balanced")
    assert session.form.now.banned == ""
    choose(choice, "My own")
    form = session.form.now
    assert (form.steps, form.banned, form.options) == (
        99,
        "sad, angry",
        {"theta": 0.3},
    )
    assert Settings(settings.path)["presets"]["My own"]["steps"] == 99
    assert choice.forget.isEnabled()
    choice.forget.trigger()
    assert choice.list.findText("My own") == -1
    assert session.form.now.steps == 99  # the form stays as it is
    assert choice.list.currentText() == NONE


def test_a_name_that_is_taken_is_refused_in_the_banner(
    window: MainWindow, choice: PresetChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.session.form.set(steps=99)
    for name in ("Balanced", "   ", "x" * 41):
        name_it(monkeypatch, name)
        choice.keep.trigger()
        assert window.session.errors.current is not None
        assert "name of its own" in window.session.errors.current.headline
        window.session.errors.dismiss()


def test_what_is_no_longer_sane_in_a_kept_preset_is_the_usual(window: MainWindow, settings: Settings) -> None:
    settings.set("presets", {"Old": {"steps": 10**9, "temperature": 0.5, "unknown": 1}})
    window.services.presets.choose("Old")
    assert window.session.form.now.steps == USUAL["steps"]
    assert window.session.form.now.temperature == 0.5


def test_presets_of_another_studio_stay_when_one_is_kept_or_removed(
    make_session: MakeSession, settings: Settings, qtbot: QtBot
) -> None:
    here = Presets(make_session(FakeEngine()).form, settings)
    there = Presets(make_session(FakeEngine()).form, Settings(settings.path))
    here.save("Of the first")
    there.save("Of the second")
    here.save("Another")
    there.remove("Of the first")
    assert set(Settings(settings.path)["presets"]) == {"Of the second", "Another"}
    assert there.names()[-2:] == ["Of the second", "Another"]


def test_names_that_no_preset_can_have_are_none(window: MainWindow, choice: PresetChoice) -> None:
    kept = {name: {"steps": 3} for name in ("Balanced", "", "a\tb", "\u202eturned", "<b>mine</b> & yours")}
    window.settings.set("presets", kept)
    window.services.presets.changed.emit()
    assert window.services.presets.names() == [*BUILT_IN, "<b>mine</b> & yours"]
    choose(choice, "<b>mine</b> & yours")
    assert window.session.form.now.steps == 3
    choose(choice, "Balanced")
    assert window.session.form.now.steps == SETTINGS["steps"].default
    with pytest.raises(UserError):
        window.services.presets.save("\u202eturned")
