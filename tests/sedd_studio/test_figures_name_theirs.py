"""A figure on screen is of the record that it belongs to, and says so where that is not what one sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.performing.engine import Engine
from engine.protocol import Attributed, Bounded, Failed, Finished, LoadModel, ModelLoaded, Score, frozen
from sedd_studio.painting.theme import LIGHT, Look
from sedd_studio.record.settings import Settings
from sedd_studio.session.panes import Pane
from sedd_studio.session.state import RunState
from sedd_studio.widgets.panels.timeline import Timeline
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.scene import Scene, words_of
from tests.sedd_studio.test_steering import model
from tests.sedd_studio.windows import shown, window_of

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    """A finished run of 6 steps is on show, with the likelihood panel open."""
    window = window_of(make_session(engine), settings, qtbot)
    window.session.form.set(steps=6, seed=7)
    run(window)
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE and not window.session.playhead.playing)
    window.show_panel("likelihood")
    return window


def run(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_Return, CTRL)


def score(window: MainWindow) -> None:
    QTest.mouseClick(window.panel("likelihood").start, LEFT)


def test_a_bound_of_another_text_is_grey_and_names_its_run(window: MainWindow, qtbot: QtBot) -> None:
    score(window)
    qtbot.waitUntil(lambda: not window.services.scorer.scoring)
    panel = window.panel("likelihood")
    own = panel.values["nats_per_token"]
    colour = own.palette().color(own.foregroundRole())
    assert own.isEnabled()
    window.session.editor.set_prompt("The end. [5]")
    assert not own.isEnabled()
    assert own.text()
    assert "6 steps with seed 7" in panel.other.text()
    assert "Once upon a time" in panel.other.text()
    QApplication.processEvents()
    pixel = own.grab().toImage()
    assert not pixel.isNull()
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert own.isEnabled()
    assert not panel.other.isVisible()
    assert own.grab().toImage() != pixel
    assert own.palette().color(own.foregroundRole()) == colour


def test_the_interval_that_a_bound_stops_at_is_the_one_that_is_told(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.hold_at = 4
    assert "95 %" in window.panel("likelihood").precision.currentText()
    score(window)
    qtbot.waitUntil(lambda: len(window.services.scorer.points) == 3)
    last, panel = window.services.scorer.points[-1], window.panel("likelihood")
    assert panel.values["nats_per_token"].text() == f"<= {last.nats:.3f} ± {last.half_width:.3f}"
    assert "± is half of the 95 % interval." in panel.note.text()
    assert "It goes on until that is 0.05 nats a token." in panel.note.text()
    assert panel.note.text().count("±") == 1
    engine.go.set()
    qtbot.waitUntil(lambda: not window.services.scorer.scoring)


def test_what_is_known_of_each_token_stays_when_a_score_is_stopped(tmp_path: Path) -> None:
    folder, engine = model(tmp_path, "absorb"), Engine()
    (loaded,) = engine.perform(0, LoadModel(str(folder), "cpu", "fp32"))
    assert isinstance(loaded, ModelLoaded)
    tokens = frozen(loaded.tokenizer.encode("Once upon a time there was a dragon."))
    asked = Score(tokens, np.zeros(len(tokens), bool), 0.05, seed=3, early=True)
    events = engine.perform(1, asked)
    begun = [next(events) for _ in range(3)]
    assert [type(event) for event in begun] == [Bounded, Attributed, Bounded]
    assert isinstance(begun[1], Attributed)
    assert not begun[1].done
    assert (begun[1].nats > 0).all()
    events.close()  # type: ignore[attr-defined]


def test_a_score_that_is_stopped_leaves_the_colours_that_are_known(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.hold_at = 4
    window.panel("likelihood").colour.click()
    score(window)
    qtbot.waitUntil(lambda: len(window.services.scorer.points) == 3)
    QTest.mouseClick(window.panel("likelihood").stop, LEFT)
    engine.go.set()
    qtbot.waitUntil(lambda: not window.services.scorer.scoring)
    assert window.services.colouring.shares() is not None


def test_under_absorbing_noise_a_comparison_counts_calls_and_not_steps(window: MainWindow, engine: FakeEngine) -> None:
    session = window.session
    free = int((~session.view.document.locked).sum())
    asked = session.runs.asked()
    few, many = (Pane("", asked.__class__(asked.tokens, steps=steps), session.models.info) for steps in (4, 256))
    assert few.work == 4
    assert many.work == free


def uniform(scene: Scene, qtbot: QtBot) -> Timeline:
    return shown(qtbot, Timeline(scene.session.view, scene.session.runs, words_of(scene), Look(LIGHT)))


def test_under_uniform_noise_nothing_is_called_settled(qtbot: QtBot, tmp_path: Path) -> None:
    scene = Scene(tmp_path, noise="uniform")
    timeline = uniform(scene, qtbot)
    scene.run(16)
    made = scene.session.view.run
    assert made is not None
    for step in (8, 16):
        scene.play(step)
        count = sum(len(change[0]) for change in made.changes)
        assert f"{count} changes" in timeline.facts.toolTip()
        assert "settled" not in timeline.facts.toolTip() + timeline.track.accessibleDescription()
    scene.session.playhead.seek(8)
    assert f"{sum(len(change[0]) for change in made.changes[:8])} changes" in timeline.facts.toolTip()


def test_a_run_that_fails_before_its_first_step_leaves_the_one_on_show(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    before, stack = window.session.view.run, window.session.editor.undo_stack
    steps, told = len(stack.steps), window.timeline.facts.toolTip()
    engine.fail_at = 1
    run(window)
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.FAILED)
    assert window.session.view.run is before
    assert (window.timeline.step.text(), window.timeline.facts.toolTip()) == ("step 6 of 6", told)
    assert len(stack.steps) == steps
    assert window.banner.isVisible()


def test_a_branch_that_fails_at_once_leaves_the_run_that_it_left(scene: Scene) -> None:
    scene.run(8)
    scene.play(8)
    before = scene.session.view.run
    scene.session.playhead.seek(4)
    scene.session.runs.go_on()
    scene.start()
    assert scene.session.view.run is not before
    scene.session.engine.deliver([Failed(len(scene.runner.requests), "No.", "")])
    assert scene.session.view.run is before
    assert scene.session.playhead.step == 4
    scene.session.runs.go_on()
    scene.start()
    scene.session.engine.deliver([Finished(len(scene.runner.requests), 8, 0.1)])
    assert scene.session.view.run is not before
