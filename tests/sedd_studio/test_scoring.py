"""The likelihood panel: what it shows follows from what the engine says, and equals what the command line prints."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import numpy as np
import pyqtgraph
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from engine.cli import app
from engine.performing.engine import Engine
from engine.protocol import (
    Attributed,
    Bounded,
    Event,
    Generate,
    Guess,
    Guessed,
    ModelLoaded,
    Score,
    Weigh,
    Weighed,
    frozen,
)
from engine.protocol import LoadModel as Load
from engine.protocol.units import in_units
from sedd_studio.record.settings import Settings
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine
from tests.sedd_studio.test_steering import TOKENIZER, model
from tests.sedd_studio.windows import TIME_LEFT, window_of

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(engine: FakeEngine, make_session: MakeSession, settings: Settings, qtbot: QtBot) -> MainWindow:
    """A window with a finished run and the likelihood panel open."""
    session = make_session(engine)
    session.form.set(steps=6)
    window = window_of(session, settings, qtbot)
    QTest.keyClick(window, Qt.Key.Key_K, CTRL)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    return window


def score(window: MainWindow, qtbot: QtBot) -> None:
    QTest.mouseClick(window.panel("likelihood").start, LEFT)
    qtbot.waitUntil(lambda: not window.services.scorer.scoring)


def asked(engine: FakeEngine) -> Score:
    return next(request for request in reversed(engine.requests) if isinstance(request, Score))


def test_the_bound_is_shown_in_every_unit_with_its_error(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    score(window, qtbot)
    values = {unit: value.text() for unit, value in window.panel("likelihood").values.items()}
    assert values["nats_per_token"] == "<= 2.000 ± 0.040"
    assert values["bits_per_token"] == "<= 2.885 ± 0.058"
    assert values["perplexity"] == "<= 7.389 ± 0.296"
    size = len(window.session.view.full_text().encode())
    tokens = len(window.session.view.canvas().tokens)
    assert values["bits_per_byte"].startswith(f"<= {2 / math.log(2) * tokens / size:.3f}")
    assert "40 network calls" in window.panel("likelihood").note.text()
    assert asked(engine).precision == 0.05
    assert not asked(engine).given.any()


def test_a_bound_without_error_is_reached_at_once(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.error, engine.hold_at = 0.0, 3
    QTest.mouseClick(window.panel("likelihood").start, LEFT)
    qtbot.waitUntil(lambda: len(window.services.scorer.points) == 2)
    assert window.services.scorer.share == 1.0
    assert window.services.scorer.seconds_left == 0.0
    engine.go.set()
    qtbot.waitUntil(lambda: not window.services.scorer.scoring)


def test_figures_of_a_text_that_is_no_longer_on_show_say_so(window: MainWindow, qtbot: QtBot) -> None:
    score(window, qtbot)
    assert not window.panel("likelihood").other.isVisible()
    window.session.editor.set_prompt("The end.")
    assert "not of the text on show" in window.panel("likelihood").other.text()
    window.session.editor.undo_stack.undo()
    assert not window.panel("likelihood").other.isVisible()


def test_what_was_filled_in_is_scored_given_the_locked_words(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    window.panel("likelihood").given.setChecked(True)
    score(window, qtbot)
    np.testing.assert_array_equal(asked(engine).given, window.session.view.document.locked)


def test_the_exact_value_of_the_autoregressive_model_stands_beside_the_bound_of_a_whole_text(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    window.services.scorer.writer = "writer"
    score(window, qtbot)
    qtbot.waitUntil(lambda: window.services.scorer.exact is not None)
    assert window.panel("likelihood").exact["nats_per_token"].text() == "1.500"
    assert window.panel("likelihood").exact["perplexity"].text() == f"{math.exp(1.5):.3f}"
    assert window.panel("likelihood").beside.text() == "exact"
    assert window.panel("likelihood").writer.toolTip() == "Exact: writer, from left to right."
    window.panel("likelihood").given.setChecked(True)  # of what stands to the right it knows nothing
    score(window, qtbot)
    assert window.panel("likelihood").exact["nats_per_token"].text() == ""
    assert sum(isinstance(request, Weigh) for request in engine.requests) == 1


def test_an_exact_value_of_the_whole_text_that_comes_late_does_not_stand_beside_the_bound_of_a_part(
    window: MainWindow, qtbot: QtBot
) -> None:
    answers: list[Event] = []
    window.session.engine.answered.connect(answers.append)
    window.services.scorer.writer = "writer"
    score(window, qtbot)
    qtbot.waitUntil(lambda: window.services.scorer.exact is not None)
    late = next(event for event in answers if isinstance(event, Weighed))
    window.panel("likelihood").given.setChecked(True)
    score(window, qtbot)
    window.session.engine.answered.emit(late)
    assert window.services.scorer.exact is None
    assert window.panel("likelihood").exact["nats_per_token"].text() == ""


def test_where_along_the_noise_the_bound_comes_from_is_drawn_as_bars(window: MainWindow, qtbot: QtBot) -> None:
    score(window, qtbot)
    plots = {plot.accessibleName(): plot for plot in window.panel("likelihood").findChildren(pyqtgraph.PlotWidget)}
    plot = plots["Where along the noise the bound comes from"]
    assert plot.isVisible()
    (bars,) = (item for item in plot.getPlotItem().items if isinstance(item, pyqtgraph.BarGraphItem))
    np.testing.assert_allclose(bars.opts["x"], [0.125, 0.375, 0.875])
    np.testing.assert_allclose(bars.opts["height"], [1, 2, 3])


def test_words_are_coloured_by_their_cost_as_long_as_they_are_on_show(window: MainWindow, qtbot: QtBot) -> None:
    window.panel("likelihood").colour.click()
    score(window, qtbot)
    tint = window.canvas.picture._content.tint
    assert tint[0] is None
    assert tint[-1] is not None
    assert tint[5] is not None
    assert tint[-1].alphaF() > tint[5].alphaF()
    window.session.playhead.seek(2)
    assert not window.canvas.picture._content.tint
    window.session.playhead.seek(6)
    assert window.canvas.picture._content.tint
    window.panel("likelihood").colour.click()
    assert not window.canvas.picture._content.tint


def test_a_masked_text_is_not_scored_and_the_panel_says_why(window: MainWindow) -> None:
    window.session.playhead.seek(1)
    assert not window.panel("likelihood").start.isEnabled()
    window.session.editor.set_prompt("Once [4]")
    assert not window.panel("likelihood").start.isEnabled()
    assert "masked" in window.panel("likelihood").note.text()


def test_stop_keeps_what_is_known_and_does_not_end_a_run(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.hold_at = 4
    QTest.mouseClick(window.panel("likelihood").start, LEFT)
    qtbot.waitUntil(lambda: len(window.services.scorer.points) == 3)
    assert window.panel("likelihood").stop.isEnabled()
    left = window.services.scorer.seconds_left  # the interval is 0.133 wide on each side and 0.05 is asked for
    assert left is not None
    factor = (0.4 / 3 / 0.05) ** 2 - 1
    assert 0 < left <= factor * (time.monotonic() - window.services.scorer._began)
    assert TIME_LEFT.search(window.panel("likelihood").note.text())
    assert window.panel("likelihood").progress.isVisible()
    assert window.panel("likelihood").progress.value() == round(1000 / (factor + 1))
    QTest.mouseClick(window.panel("likelihood").stop, LEFT)
    engine.go.set()
    qtbot.waitUntil(lambda: not window.services.scorer.scoring)
    assert window.services.scorer.seconds_left is None
    assert window.panel("likelihood").progress.isHidden()
    assert len(window.services.scorer.points) <= 4
    assert window.services.scorer.costs is not None
    assert window.panel("likelihood").values["nats_per_token"].text().startswith("<= 2.000")


def test_stop_ends_what_is_asked_of_the_autoregressive_model_too(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    window.services.scorer.writer, engine.hold_at = "writer", 4
    QTest.mouseClick(window.panel("likelihood").start, LEFT)
    qtbot.waitUntil(lambda: len(window.services.scorer.points) == 3)
    QTest.mouseClick(window.panel("likelihood").stop, LEFT)
    answers: list[Event] = []
    window.session.engine.answered.connect(answers.append)
    state = window.session.view.canvas()
    window.session.engine.ask(Guess(state.tokens, state.locked, 1.0))  # what was asked before is answered before it
    engine.go.set()
    qtbot.waitUntil(lambda: any(isinstance(answer, Guessed) for answer in answers))
    assert not any(isinstance(request, Weigh) for request in engine.requests)


def test_run_supersedes_a_score(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    session = window.session
    engine.hold_at = 4
    QTest.mouseClick(window.panel("likelihood").start, LEFT)
    qtbot.waitUntil(lambda: len(window.services.scorer.points) == 3)
    session.runs.start()
    engine.hold_at = None
    engine.go.set()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    assert not window.services.scorer.scoring
    assert isinstance(engine.requests[-1], Generate)


def test_the_engine_says_what_the_command_line_prints(tmp_path: Path) -> None:
    text = "Once upon a time there was a dragon."
    tokens = frozen(TOKENIZER.encode(text))
    folder, engine = model(tmp_path, "absorb"), Engine()
    (loaded,) = engine.perform(0, Load(str(folder), "cpu", "fp32"))
    assert isinstance(loaded, ModelLoaded)
    events = list(engine.perform(1, Score(tokens, np.zeros(len(tokens), bool), 0.05, seed=3)))
    last = next(event for event in reversed(events) if isinstance(event, Bounded))
    command = ["score", "--text", text, "--goal", "0.05", "--seed", "3", "--tokens", "--model", str(folder)]
    result = CliRunner().invoke(app, [*command, "--precision", "fp32", "--device", "cpu", "--json"])
    bound, costs = (json.loads(line) for line in result.stdout.splitlines())
    shown = in_units(last.nats, last.standard_error, last.tokens, len(text))
    assert shown["nats_per_token"][0] == pytest.approx(bound["nats_per_token"], rel=1e-12)
    assert shown["nats_per_token"][1] == pytest.approx(bound["nats_per_token_standard_error"], rel=1e-12)
    assert shown["bits_per_byte"][0] == pytest.approx(bound["bits_per_byte"], rel=1e-12)
    assert shown["perplexity"][0] == pytest.approx(bound["perplexity"], rel=1e-12)
    assert isinstance(events[-1], Attributed)
    assert events[-1].done
    np.testing.assert_allclose(events[-1].nats, costs["token_nats"], atol=1e-6)
