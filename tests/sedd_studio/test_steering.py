"""Going on from a step and drawing a selection again, in the real window on a real engine and a small model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from engine.causal.causal_model import build_causal, save_causal
from engine.language.tokenizers import train_tokenizer
from engine.models.own_layout import save
from engine.protocol import FREE, Noise
from engine.runs.runfile import decode, encode
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from sedd_studio.widgets.controls.track import Track
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.windows import window_of

STORY = "Once upon a time there was a dragon. The dragon lived on a hill."
TOKENIZER = train_tokenizer(iter([STORY] * 4), 280)
LENGTH, STEPS = 24, 8
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def model(folder: Path, noise: Noise) -> Path:
    torch.manual_seed(0)
    if noise == "none":
        save_causal(folder / noise, build_causal(TOKENIZER, LENGTH, 16, 1, 2), TOKENIZER, "# Tiny")
        return folder / noise
    sizes = NetworkConfig(TOKENIZER.vocabulary + (noise == "absorb"), LENGTH, hidden=16, blocks=1, heads=2, cond_dim=8)
    form = "posterior" if noise == "absorb" else "leave_one_out"
    diffusion = Diffusion(DiffusionConfig(sizes, noise, parametrisation=form))  # type: ignore[arg-type]
    torch.nn.init.normal_(diffusion.network.get_parameter("output_layer.linear.weight"), std=0.5)
    save(folder / noise, diffusion, TOKENIZER, "# Tiny", {})
    return folder / noise


@pytest.fixture(params=["absorb", "uniform", "none"])
def window(request: pytest.FixtureRequest, qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """A finished run of two samples on a small model, the second on show."""
    settings = Settings(tmp_path / "settings.json")
    settings.set("follow", True)
    session = Session(Runner(), Reader(), settings)
    window = window_of(session, settings, qtbot)
    session.models.open(model(tmp_path, request.param))
    qtbot.waitUntil(lambda: session.models.ready)
    session.editor.set_prompt("Once [9] the dragon [5].")
    session.form.set(steps=STEPS, samples=2, seed=4, sampler="tweedie")
    QTest.keyClick(window, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    session.playhead.set_sample(1)
    yield window
    session.shutdown()


def finish(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    session.playhead.seek(session.playhead.recorded)


def frames(session: Session) -> list[np.ndarray]:
    """What every step of the sample on show holds."""
    run = session.view.run
    assert run is not None
    return [run.at(step, session.playhead.sample)[0] for step in range(run.recorded + 1)]


def test_a_branch_without_an_edit_ends_as_the_run_did_and_has_its_past(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    before = frames(session)
    assert not window.actions_by_name["go_on"].isEnabled()
    session.playhead.seek(3)
    assert window.timeline.go_on.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Return, CTRL | SHIFT)
    finish(window, qtbot)
    after = frames(session)
    assert session.playhead.samples == 1
    assert len(after) == len(before)
    for step in range(4):
        np.testing.assert_array_equal(after[step], before[step])
    run = session.view.run
    assert run is not None
    if run.mask is not None:  # under uniform noise a frame does not hold how long each clock has run
        np.testing.assert_array_equal(after[-1], before[-1])


def test_a_branch_keeps_what_was_locked_at_its_step(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    session.playhead.seek(4)
    run = session.view.run
    assert run is not None
    shown = session.view.canvas().tokens
    position = next(p for p in range(LENGTH) if shown[p] != FREE and not session.view.document.locked[p])
    session.editor.set_locked([position], True)
    QTest.mouseClick(window.timeline.go_on, Qt.MouseButton.LeftButton)
    finish(window, qtbot)
    assert session.view.canvas().tokens[position] == shown[position]
    branch = session.view.run
    assert branch is not None
    assert branch is not run
    assert branch.locked[position]
    again = decode(encode(branch))
    for step in range(branch.steps + 1):
        np.testing.assert_array_equal(again.at(step, 0), branch.at(step, 0))


def test_the_timeline_says_where_a_branch_parts_and_what_was_changed(window: MainWindow, qtbot: QtBot) -> None:
    session, track = window.session, window.timeline.track
    session.playhead.seek(session.playhead.recorded)
    at, accent = round(track.x_of(3)), window.look.colour("accent").name()
    assert accent not in foot(track, at)
    session.playhead.seek(3)
    shown = session.view.canvas().tokens
    places = [p for p in range(len(shown)) if shown[p] != FREE and not session.view.document.locked[p]][:1]
    session.editor.set_locked(places, True)
    QTest.mouseClick(window.timeline.go_on, Qt.MouseButton.LeftButton)
    finish(window, qtbot)
    assert track.accessibleDescription().endswith(", after step 3: 1 lock added")
    assert accent in foot(track, at)
    wait_at(track, at)
    assert QToolTip.text() == "1 lock added"
    wait_at(track, at + 30)
    qtbot.waitUntil(lambda: not QToolTip.isVisible())
    branch = session.view.run
    assert branch is not None
    assert decode(encode(branch)).came == branch.came  # and so it does of a file
    assert branch.came is not None
    assert branch.came.way == "from step 3, 1 lock added"


def foot(track: Track, x: int) -> set[str]:
    """The colours under the curve, where the sign of a change stands."""
    image = track.grab().toImage()
    return {image.pixelColor(x, image.height() - up).name() for up in range(4, 16)}


def wait_at(track: Track, x: int) -> None:
    """Points there and waits for what is said."""
    at = QPoint(x, track.height() // 2)
    QApplication.sendEvent(track, QHelpEvent(QEvent.Type.ToolTip, at, track.mapToGlobal(at)))


def test_drawing_again_changes_the_selection_alone_and_leaves_locks(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    session.playhead.seek(session.playhead.recorded)
    before = session.view.canvas().tokens.copy()
    locked = session.view.document.locked
    first = int(np.flatnonzero(~locked)[0])
    session.view.select((first - 1, first + 5))
    assert locked[first - 1]
    changed = False
    for _ in range(3):  # a new seed each time: some draw differs
        QTest.keyClick(window, Qt.Key.Key_R, CTRL)
        finish(window, qtbot)
        now = session.view.canvas().tokens
        chosen = np.zeros(len(now), bool)
        chosen[first : first + 5] = True
        np.testing.assert_array_equal(now[~chosen], before[~chosen])
        changed |= bool((now[chosen] != before[chosen]).any())
    assert changed
    np.testing.assert_array_equal(session.view.document.locked, locked)
    assert session.form.now.seed == 4


def test_what_was_drawn_again_is_opened_with_the_locks_of_the_user(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    locked = session.view.document.locked.tolist()
    free = locked.index(False)
    session.view.select((free, free + 2))
    window.actions_by_name["draw_again"].trigger()
    qtbot.waitUntil(lambda: not session.runs.running)
    assert session.view.run is not None
    tokens = session.view.canvas().tokens.tolist()
    kept = encode(session.view.run)
    opened = decode(kept)
    session.show_run(opened)
    assert session.view.document.locked.tolist() == locked
    session.playhead.seek(session.playhead.recorded)
    assert session.view.canvas().tokens.tolist() == tokens
    assert encode(opened) == kept


def test_a_selection_of_locked_words_cannot_be_drawn_again(window: MainWindow) -> None:
    session = window.session
    session.view.select((0, 1))
    assert session.view.document.locked[0]
    assert not window.actions_by_name["draw_again"].isEnabled()
