"""The colours behind the tokens: what each mode means, and that the legend and the menus follow."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from sedd_studio.record.settings import SETTINGS, Settings
from sedd_studio.session.colour_modes import MODES
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import window_of


@pytest.fixture
def window(make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    session = make_session(FakeEngine())
    session.form.set(steps=6)
    return window_of(session, settings, qtbot)


def run(window: MainWindow, qtbot: QtBot) -> None:
    window.session.runs.start()
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE)


def choose(window: MainWindow, name: str) -> None:
    window.actions_by_name[f"colour_{name}"].trigger()


def strengths(window: MainWindow) -> list[float]:
    return [0.0 if colour is None else colour.alphaF() for colour in window.canvas.picture._content.tint]


def test_later_tokens_are_stronger_and_locked_ones_have_no_colour(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, "settled")
    assert "Run first" in window.legend.title.text()
    run(window, qtbot)
    free = np.flatnonzero(~window.session.view.document.locked)  # the fake engine reveals from left to right
    found = np.array(strengths(window))
    assert (np.diff(found[free]) >= 0).all()
    assert found[free[0]] < found[free[-1]]
    assert (found[window.session.view.document.locked] == 0).all()
    window.session.playhead.seek(1)
    assert strengths(window)[free[-1]] == 0
    assert window.legend.isVisible()
    assert (window.legend.low.text(), window.legend.high.text()) == ("first step", "last step")
    window.session.playhead.seek(6)
    settled = window.session.view.run.at(6, 0)[1] if window.session.view.run is not None else free
    notes = window.canvas.picture._content.notes
    assert [notes[place] for place in free.tolist()] == [str(step) for step in settled[free]]
    assert all(note == "" for place, note in enumerate(notes) if place not in free)


def test_how_often_a_token_changed_is_counted(window: MainWindow, qtbot: QtBot) -> None:
    run(window, qtbot)
    trajectory = window.session.view.run
    assert trajectory is not None
    locked = window.session.view.document.locked
    np.testing.assert_array_equal(trajectory.change_counts(6, 0), np.where(locked, 0, 1))
    assert trajectory.change_counts(0, 0).sum() == 0
    choose(window, "changed")
    assert all((strength > 0) != held for strength, held in zip(strengths(window), locked, strict=True))


def test_the_choice_is_remembered_and_shown_in_menu_legend_and_panel(window: MainWindow, settings: Settings) -> None:
    assert window.actions_by_name["colour_plain"].isChecked()
    assert not window.legend.isVisible()
    choose(window, "cost")
    assert settings["colour"] == "cost"
    assert "Likelihood panel" in window.legend.title.text()
    assert window.panel("likelihood").colour.isChecked()
    choose(window, "plain")
    assert not window.panel("likelihood").colour.isChecked()
    assert not window.legend.isVisible()


def test_every_mode_is_a_sane_setting() -> None:
    assert all(SETTINGS["colour"].accepts(name) for name in MODES)


@pytest.mark.parametrize("name", [name for name in MODES if name != "plain"])
def test_the_legend_has_a_scale_only_where_a_token_has_a_colour(window: MainWindow, qtbot: QtBot, name: str) -> None:
    run(window, qtbot)
    choose(window, name)
    session, legend = window.session, window.legend
    for step in (0, 3, 6):
        session.playhead.seek(step)
        if MODES[name].guesses:
            qtbot.waitUntil(lambda: window.services.guesser.current() is not None)
        coloured = any(colour is not None for colour in window.canvas.picture._content.tint)
        assert legend.bar.isVisible() is coloured
        assert coloured or legend.title.text().endswith(".")
    if MODES[name].guesses:
        assert "Nothing is left to guess" in legend.title.text()
