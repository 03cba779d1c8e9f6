"""Looking back on a run: what is asked, what is shown of it, and the worst tokens sent back to noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, Frame, Generate, Review, Started, frozen
from engine.protocol.model_info import NOT_YET
from engine.runs.looking_back import review_of, reviewable, worst
from engine.runs.map_modes import MOST_ENTROPY, ramp
from engine.runs.trajectory import Origin, Trajectory
from sedd_studio.record.settings import Settings
from sedd_studio.session.hindsight import OTHER_MODEL
from sedd_studio.session.state import RunState
from sedd_studio.widgets.panels.map_panel import MapPanel
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio import fake_engine
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.windows import window_of

MASK = 9


def test_each_token_is_asked_about_in_the_state_and_at_the_noise_before_its_last_change() -> None:
    begun = np.full((1, 5), MASK)
    begun[0, 0] = 1
    run = Trajectory(Started(1, frozen(begun), np.arange(5) == 0, 4, 2.0), MASK)
    changes = [[(1, 3)], [(2, 4), (1, 5)], [(3, 6)], [(3, MASK)]]
    for step, changed in enumerate(changes, start=1):
        position, token = (frozen([change[k] for change in changed]) for k in range(2))
        where = frozen(np.zeros(len(changed))), position, token
        run.append(Frame(1, step, 1 - step / 4, 2.0 - step / 2, *where, step, 0.1))
    assert reviewable(run, 0).tolist() == [1, 2]
    asked = review_of(run, 0)
    assert asked.tokens.tolist() == [1, 5, 4, FREE, FREE]
    assert asked.sigma == 0.0
    assert [asked.states[row].tolist() for row in asked.chosen] == [[1, 3, FREE, FREE, FREE]] * 2
    assert asked.levels == (1.5,)
    assert review_of(run, 0, np.array([2])).positions.tolist() == [2]
    assert (asked.label, asked.guidance) == (-1, 1.0)
    made = Generate(frozen(np.arange(5)), label=1, guidance=2.5)
    run.origin = Origin(made, fake_engine.INFO, fake_engine.TOKENIZER, "2026-01-01")
    assert (review_of(run, 0).label, review_of(run, 0).guidance) == (1, 2.5)


def test_the_worst_are_the_lowest_below_zero() -> None:
    regret = np.array([0.5, -1.0, np.nan, -3.0, -0.1])
    assert np.flatnonzero(worst(regret, 2)).tolist() == [1, 3]
    assert np.flatnonzero(worst(regret, 9)).tolist() == [1, 3, 4]
    assert not worst(np.array([np.nan, 0.0]), 5).any()


@pytest.fixture
def window(engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    session = make_session(engine)
    session.form.set(steps=6)
    return window_of(session, settings, qtbot)


def run(window: MainWindow, qtbot: QtBot) -> Trajectory:
    window.session.runs.start()
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE)
    made = window.session.view.run
    assert made is not None
    return made


def known(window: MainWindow) -> np.ndarray:
    """Where the regret of the run on show is known."""
    regret = window.services.hindsight.regret
    return np.zeros(0, bool) if regret is None else ~np.isnan(regret)


def reviews(engine: FakeEngine) -> int:
    return sum(isinstance(request, Review) for request in engine.requests)


def test_a_run_from_before_the_hash_was_known_can_be_looked_back_on_and_one_of_other_weights_cannot(
    window: MainWindow, qtbot: QtBot
) -> None:
    made = run(window, qtbot)
    assert made.origin is not None
    of, hindsight = made.origin, window.services.hindsight
    assert not hindsight.hindrance
    made.origin = replace(of, info=replace(of.info, weights=f"{NOT_YET}1"))
    assert not hindsight.hindrance
    made.origin = replace(of, info=replace(of.info, weights=f"{NOT_YET}1", path="elsewhere"))
    assert hindsight.hindrance == OTHER_MODEL
    made.origin = replace(of, info=replace(of.info, weights="other"))
    assert hindsight.hindrance == OTHER_MODEL


def test_nothing_is_asked_before_it_is_wanted_and_the_run_is_over(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    made = run(window, qtbot)
    assert not reviews(engine)
    window.actions_by_name["colour_regret"].trigger()
    free = ~np.asarray(made.locked)
    qtbot.waitUntil(lambda: known(window).sum() == free.sum())
    assert reviews(engine) == 1
    assert (known(window) == free).all()
    window.session.playhead.seek(2)
    window.session.playhead.seek(made.recorded)
    assert reviews(engine) == 1
    regret = window.services.hindsight.regret
    assert regret is not None
    shares = window.services.colouring.shares()
    assert shares is not None
    np.testing.assert_allclose(shares[free], np.clip(-regret[free] / 4, 0, 1))
    assert np.isnan(shares[~free]).all()
    notes = window.services.colouring.notes()
    assert [notes[place] for place in np.flatnonzero(free & (regret < -0.5)).tolist()] == [
        f"{nats:.1f}" for nats in regret[free & (regret < -0.5)]
    ]


def test_colours_are_there_only_where_the_tokens_of_the_end_stand(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_name["colour_regret"].trigger()
    made = run(window, qtbot)
    qtbot.waitUntil(lambda: known(window).sum() == made.free)
    window.session.playhead.seek(2)
    shares = window.services.colouring.shares()
    assert shares is not None
    tokens = made.at(2, 0)[0]
    assert (np.isnan(shares) == ((tokens != made.newest[0]) | made.locked)).all()


def test_the_worst_are_previewed_and_go_back_to_noise_as_a_branch(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    made = run(window, qtbot)
    window.session.playhead.seek(1)
    window.show_panel("map")
    window.services.map.choose("regret")
    qtbot.waitUntil(lambda: known(window).sum() == made.free)
    panel = window.findChild(MapPanel)
    assert panel is not None
    qtbot.waitUntil(lambda: panel.worst.isVisible())
    panel.worst.count.setFocus()
    panel.worst.count.selectAll()
    QTest.keyClicks(panel.worst.count, "3")
    QTest.keyClick(panel.worst.count, Qt.Key.Key_Return)
    free = np.flatnonzero(~np.asarray(made.locked))
    assert np.flatnonzero(window.services.hindsight.worst()).tolist() == free[-3:].tolist()
    assert panel.worst.preview.parts[0].startswith("3 tokens, log ratio in nats: “")
    QTest.mouseClick(panel.worst.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE and window.session.view.run is not made)
    asked = engine.requests[-1] if isinstance(engine.requests[-1], Generate) else engine.requests[-2]
    assert isinstance(asked, Generate)
    assert asked.start is not None
    assert np.flatnonzero(asked.start[0] == FREE).tolist() == free[-3:].tolist()
    branch = window.session.view.run
    assert branch is not None
    assert branch.came is not None
    assert branch.came.change == "3 tokens sent back to noise"


def test_plain_words_say_the_same_without_terms(window: MainWindow, qtbot: QtBot) -> None:
    made = run(window, qtbot)
    window.services.words.choose("plain")
    window.show_panel("map")
    window.services.map.choose("regret")
    qtbot.waitUntil(lambda: known(window).sum() == made.free)
    panel = window.findChild(MapPanel)
    assert panel is not None
    assert ", the worst first: “" in panel.worst.preview.parts[0]
    assert "much less likely" in panel.legend.accessibleName()
    assert panel.colour.currentText() == "Second thoughts"


@pytest.mark.parametrize(("mode", "share"), [("entropy", 0.75 / MOST_ENTROPY), ("confidence", float(np.exp(-0.5)))])
def test_the_map_shows_what_the_law_was_when_each_token_was_chosen(
    mode: str, share: float, window: MainWindow, qtbot: QtBot
) -> None:
    made = run(window, qtbot)
    window.settings.set("map", mode)
    window.show_panel("map")
    free = np.flatnonzero(~np.asarray(made.locked))
    qtbot.waitUntil(lambda: known(window).sum() == len(free))
    codes = window.services.map.codes()
    assert codes is not None
    assert (codes[-1, free] == ramp(np.array([share]))).all()
    panel = window.findChild(MapPanel)
    assert panel is not None
    panel.map.went.emit(made.steps, int(free[2]))
    assert "entropy 0.75 nats" in panel.facts.parts
    assert "entropy 0.75 nats" in panel.map.accessibleDescription()


def test_it_can_be_stopped_and_is_asked_on_only_when_it_is_wanted_anew(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    made = run(window, qtbot)
    engine.answers.clear()
    window.actions_by_name["colour_regret"].trigger()
    found = window.services.hindsight
    qtbot.waitUntil(lambda: found.share is not None)
    assert "Looking back" in window.session.notices.work
    found.stop()
    engine.answers.set()
    qtbot.waitUntil(lambda: found.share is None)
    assert known(window).sum() < made.free
    asked = reviews(engine)
    window.session.view.changed.emit()
    assert reviews(engine) == asked
    window.actions_by_name["colour_plain"].trigger()
    window.actions_by_name["colour_regret"].trigger()
    qtbot.waitUntil(lambda: known(window).sum() == made.free)


def test_a_run_that_is_made_meanwhile_is_looked_back_on_in_its_place(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_name["colour_regret"].trigger()
    first = run(window, qtbot)
    second = run(window, qtbot)
    assert first is not second
    qtbot.waitUntil(lambda: known(window).sum() == second.free)
    answer = window.services.hindsight.answer()
    assert answer is not None
    assert answer.run is second
