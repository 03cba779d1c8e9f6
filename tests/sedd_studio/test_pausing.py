"""Pause holds the engine too; what goes on afterwards is the run that would have been."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.protocol import FREE, Cancelled, Event, Finished, Frame, Generate, Insight, Inspect, LoadModel, Noise, Score
from engine.stopping import look
from sedd_studio.background.keeper import Keeper
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.patience import PATIENCE
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.test_pointing import gap, hover
from tests.sedd_studio.test_runner import ended, wait
from tests.sedd_studio.test_steering import STORY, TOKENIZER, model
from tests.sedd_studio.windows import listed_in, window_of

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
SECONDS = 0.3
"""How long something is held here."""


def prompt() -> np.ndarray:
    tokens = np.full(20, FREE)
    tokens[:4] = TOKENIZER.encode("Once upon a time")[:4]
    return tokens


def rest(runner: Runner) -> None:
    """Waits until what is held rests."""
    deadline = time.monotonic() + PATIENCE
    while not runner.rests:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def answered(runner: Runner, question: int) -> list[Event]:
    """Everything that comes until a question is answered."""
    return wait(runner, lambda events: any(event.run_id == question for event in events))


def frames(events: list[Event]) -> list[tuple[object, ...]]:
    """What each step did."""
    made = [event for event in events if isinstance(event, Frame)]
    return [(f.step, f.calls, f.sample.tolist(), f.position.tolist(), f.token.tolist()) for f in made]


# ---- the engine's thread


@pytest.mark.parametrize(("noise", "sampler"), [("absorb", "tweedie"), ("uniform", "euler"), ("none", "auto")])
def test_a_run_that_was_held_again_and_again_is_the_run_that_would_have_been(
    tmp_path: Path, noise: Noise, sampler: str
) -> None:
    """Held after every step and within network calls; questions are answered meanwhile, and the hold is no work."""
    runner, request = Runner(), Generate(prompt(), steps=6, samples=2, seed=3, sampler=sampler)
    runner.submit(LoadModel(str(model(tmp_path, noise)), "cpu", "fp32"))
    wait(runner, ended(1))
    runner.submit(request)
    plain = wait(runner, ended(1))
    text = np.array(TOKENIZER.encode(STORY)[:20])
    began, held, events = time.monotonic(), 0.0, list[Event]()
    runner.submit(request)
    runner.hold()
    while not any(isinstance(event, Finished) for event in events):
        events += answered(runner, runner.ask(Inspect(text, text < 0, 4, 1.0)))  # it rests
        time.sleep(SECONDS / 6)
        held += 0.0 if any(isinstance(event, Finished) for event in events) else SECONDS / 6
        runner.step()
    events += runner.take()
    runner.close()
    assert frames(events) == frames(plain)
    assert noise == "none" or sum(isinstance(event, Insight) for event in events) >= 6
    finished = next(event for event in events if isinstance(event, Finished))
    assert finished.seconds <= time.monotonic() - began - held


class Counting:
    """Works without an event, and only looks now and then whether it should go on."""

    def __init__(self) -> None:
        self.looks, self.begun = 0, Flag()

    def perform(self, run_id: int, request: object) -> Iterator[Event]:
        while isinstance(request, Generate):
            self.looks += 1
            self.begun.set()
            look()
        yield Finished(run_id, 0, 0.0)


@pytest.mark.parametrize("how", ["stopped", "superseded", "closed"])
def test_work_is_held_between_two_events_and_is_stopped_at_once(how: str) -> None:
    engine = Counting()
    runner = Runner(lambda: engine)
    run = runner.submit(Generate(prompt()))
    assert engine.begun.wait(PATIENCE)
    runner.hold()
    rest(runner)
    looks = engine.looks
    scored = runner.ask(Score(prompt(), np.zeros(20, bool), by_token=False))
    rest(runner)
    time.sleep(SECONDS)
    assert engine.looks == looks
    assert runner.take() == []
    if how == "closed":
        runner.close()
        return
    if how == "stopped":
        runner.cancel()
        assert wait(runner, ended(2)) == [Cancelled(run), Cancelled(scored)]
    else:
        following = runner.submit(LoadModel("another"))
        assert [event.run_id for event in wait(runner, ended(3))] == [run, scored, following]
    runner.close()


def test_long_questions_wait_for_the_run_that_is_held() -> None:
    engine = FakeEngine(hold_at=1)
    runner = Runner(lambda: engine)
    run = runner.submit(Generate(np.full(12, FREE), steps=4))
    wait(runner, lambda events: any(isinstance(event, Frame) for event in events))
    runner.hold()
    engine.go.set()
    rest(runner)
    scored = runner.ask(Score(prompt(), np.zeros(20, bool), by_token=False))
    queued = runner.ask(Generate(np.full(12, FREE), steps=2))
    rest(runner)
    assert not any(event.run_id in (scored, queued) for event in runner.take())
    runner.let_go()
    events = wait(runner, ended(3))
    runner.close()
    order = [event.run_id for event in events]
    assert order == sorted(order)
    assert set(order) == {run, scored, queued}


# ---- the window


@pytest.fixture
def window(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> Iterator[MainWindow]:
    """A run of six steps whose engine is at its third when Pause is pressed."""
    session, engine.hold_at = make_session(engine), 2
    session.form.set(steps=6, seed=1)
    window = window_of(session, settings, qtbot, keeper)
    QTest.mouseClick(window.top_bar.run_button, LEFT)
    qtbot.waitUntil(lambda: session.playhead.recorded == 2)
    QTest.mouseClick(window.top_bar.pause, LEFT)
    engine.go.set()
    qtbot.waitUntil(lambda: session.playhead.recorded == 3 and not session.clock._timer.isActive())
    yield window
    session.shutdown()


def test_pause_holds_the_engine_and_says_where_and_go_on_goes_on(window: MainWindow, qtbot: QtBot) -> None:
    session, bar = window.session, window.top_bar
    assert window.status_line.text.text() == "Paused: 3 of 6 steps are made"
    assert bar.pause.text() == "Go on"
    place = bar.pause.geometry()
    qtbot.wait(int(1000 * SECONDS))
    assert session.playhead.recorded == 3
    assert session.view.run is not None
    assert session.view.run.under_way
    QTest.mouseClick(bar.pause, LEFT)
    assert bar.pause.text() == "Pause"
    assert bar.pause.geometry() == place
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    assert session.playhead.recorded == session.playhead.step == 6  # followed, as before
    held = session.view.run.newest
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    np.testing.assert_array_equal(session.view.run.newest, held)


def test_what_was_paused_before_its_first_step_is_shown_when_it_goes_on(scene: Scene, qtbot: QtBot) -> None:
    window, session = window_of(scene.session, scene.settings, qtbot), scene.session
    scene.run(8)
    assert session.runs.running
    assert session.playhead.recorded == 0
    QTest.mouseClick(window.top_bar.pause, LEFT)
    assert not session.playhead.playing
    QTest.mouseClick(window.top_bar.pause, LEFT)
    scene.play(8)
    qtbot.waitUntil(lambda: session.playhead.step == session.playhead.recorded == 8)


def test_space_pauses_a_run_and_plays_what_is_recorded_where_none_goes_on(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    QTest.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    assert not window.top_bar.pause.isEnabled()
    assert window.top_bar.pause.text() == "Pause"
    session.playhead.seek(0)
    QTest.keyClick(window, Qt.Key.Key_Space)
    assert session.playhead.playing
    assert not session.runs.paused
    qtbot.waitUntil(lambda: not session.playhead.playing)


def test_playing_what_a_paused_run_has_comes_to_an_end(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    session.playhead.seek(0)
    QTest.mouseClick(window.timeline.play, LEFT)
    assert session.playhead.playing
    qtbot.waitUntil(lambda: session.playhead.step == 3 and not session.playhead.playing)
    assert session.runs.paused


def test_stop_ends_a_paused_run_and_what_it_made_stays(window: MainWindow, keeper: Keeper, qtbot: QtBot) -> None:
    QTest.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.session.runs.running)
    assert window.status_line.text.text() == "Stopped after step 3 of 6"
    assert not window.session.runs.paused
    assert not window.top_bar.pause.isEnabled()


def test_closing_ends_a_paused_run(window: MainWindow) -> None:
    window.close()
    window.session.shutdown()
    assert not window.session.runs.running


def test_step_makes_one_step_of_a_paused_run(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    QTest.mouseClick(window.top_bar.step, LEFT)
    qtbot.waitUntil(lambda: session.playhead.step == 4)
    qtbot.wait(int(1000 * SECONDS))
    assert session.playhead.recorded == 4
    assert window.status_line.text.text() == "Paused: 4 of 6 steps are made"


def test_words_can_be_asked_for_and_taken_while_a_run_is_paused(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    session, position = window.session, gap(window) + 5
    hover(window, position)
    qtbot.waitUntil(window.popover.isVisible)
    QTest.keyClick(window.canvas, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    assert not session.runs.paused
    branch = engine.requests[-1]
    assert isinstance(branch, Generate)
    assert branch.first_step == 4


def test_chapters_are_told_while_a_run_is_paused(window: MainWindow, qtbot: QtBot) -> None:
    QTest.keyClick(window, Qt.Key.Key_6, CTRL)
    qtbot.waitUntil(lambda: window.services.learning.shown is not None)
    assert window.session.runs.paused
    QTest.keyClick(window, Qt.Key.Key_1, CTRL)
    QTest.mouseClick(window.top_bar.pause, LEFT)
    qtbot.waitUntil(lambda: window.session.playhead.recorded == 6)


def test_what_waits_goes_on_when_the_paused_run_has_ended(window: MainWindow, keeper: Keeper, qtbot: QtBot) -> None:
    session, queue = window.session, window.services.queue
    window.actions_by_name["enqueue"].trigger()
    assert window.services.scorer.hindrance == "The run is paused; let it go on, or stop it."
    qtbot.wait(int(1000 * SECONDS))
    assert queue.making is None
    QTest.mouseClick(window.top_bar.pause, LEFT)
    qtbot.waitUntil(lambda: not queue.items)
    assert session.runs.state is RunState.DONE
    qtbot.waitUntil(lambda: len(listed_in(keeper)) >= 1)


def test_the_time_left_of_a_comparison_does_not_count_that_it_waited_for_a_paused_run(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    comparison = window.services.comparison
    comparison.start()
    comparison._began -= 1e9  # so long it has waited
    engine.go.clear()
    QTest.mouseClick(window.top_bar.pause, LEFT)
    qtbot.waitUntil(lambda: bool(comparison.share))
    left = comparison.seconds_left
    assert left is not None
    assert left < 1e8
    engine.go.set()
    qtbot.waitUntil(lambda: not comparison.busy)
