"""The compare panel: panes fill in one after another, share a playhead, and say what they cost."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.language.tokenizers import train_tokenizer
from engine.protocol import FREE, Generate, Judge, Noise
from engine.runs.trajectory import Trajectory
from sedd_studio.background.keeper import Keeper
from sedd_studio.painting.token_paint import FADE_STAGES
from sedd_studio.record.settings import Settings
from sedd_studio.session import model_folders
from sedd_studio.session.compare_kinds import BUDGETS
from sedd_studio.session.panes import PaneState
from sedd_studio.session.state import RunState
from sedd_studio.widgets.controls.pane_card import PaneCard
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.page_names import STUDIO
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import FakeEngine, save_tokenizer
from tests.sedd_studio.panes import choose, compare, done, figures, on_compare
from tests.sedd_studio.turns_counted import counted
from tests.sedd_studio.windows import TIME_LEFT, cards_of, listed_in, read

LEFT = Qt.MouseButton.LeftButton
DASH = "\N{EN DASH}"


@pytest.fixture
def window(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> MainWindow:
    return on_compare(make_session(engine), settings, qtbot, keeper)


def test_every_budget_runs_on_the_same_prompt_and_seed_and_says_what_it_cost(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    compare(window)
    done(window, qtbot)
    asked = [request for request in engine.requests if isinstance(request, Generate)]
    assert [request.steps for request in asked] == list(BUDGETS)
    assert {request.seed for request in asked} == {5}
    assert all(np.array_equal(request.tokens, window.session.view.document.request) for request in asked)
    first, *_, last = cards_of(window)
    told = figures(first)
    assert (told["calls"], told["time"], told["entropy"], told["same"]) == ("4", "0.0 s", "3.50", "100 %")
    assert float(told["perplexity"]) > 10
    assert figures(last)["same"] == DASH
    assert first.state.toolTip() == "✓ 1 text"
    assert sum(isinstance(request, Judge) for request in engine.requests) == len(BUDGETS)


def test_panes_get_their_cards_one_in_a_turn_of_the_event_loop(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All in one would take as long as five pictures of the window."""
    at: list[int] = []
    begin = PaneCard.__init__
    with counted() as turns:

        def begun(card: PaneCard, *given: Any) -> None:
            at.append(turns.ended)
            begin(card, *given)

        monkeypatch.setattr(PaneCard, "__init__", begun)
        compare(window)
        assert len(cards_of(window)) == len(BUDGETS)
    assert len(set(at)) == len(BUDGETS)
    qtbot.waitUntil(lambda: all(card.isVisible() and card.updatesEnabled() for card in cards_of(window)))
    done(window, qtbot)


def test_all_panes_follow_one_playhead(window: MainWindow, qtbot: QtBot) -> None:
    compare(window)
    done(window, qtbot)
    qtbot.waitUntil(lambda: window.services.comparison.playing)
    window.panel("compare").slider.setFocus()
    comparison = window.services.comparison
    QTest.keyClick(window.panel("compare").slider, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: not window.services.comparison.playing)
    assert [pane.step_at(comparison.position) for pane in comparison.panes] == [0, 0, 0, 0]
    window.panel("compare").slider.setValue(500)
    assert [pane.step_at(comparison.position) for pane in comparison.panes] == [2, 8, 32, 128]
    half = cards_of(window)[1].text.text()
    window.panel("compare").slider.setValue(1000)
    assert len(cards_of(window)[1].text.text()) > len(half)
    QTest.mouseClick(window.panel("compare").play, LEFT)
    qtbot.waitUntil(lambda: window.services.comparison.playing)
    window.services.comparison.seek(1.0)


def test_words_that_differ_from_the_last_panes_are_marked(window: MainWindow, qtbot: QtBot) -> None:
    compare(window)
    done(window, qtbot)
    first, last = window.services.comparison.panes[0], window.services.comparison.panes[-1]
    assert last.run is not None
    position = int((~last.run.locked).argmax())
    last.run._tokens[0, position] += 1  # as if the large budget had drawn another letter
    last.run._keyframes[-1][0][0, position] += 1
    window.services.comparison.show_runs(
        [pane.run for pane in window.services.comparison.panes if pane.run is not None]
    )
    first, last = window.services.comparison.panes[0], window.services.comparison.panes[-1]
    assert last.run is not None
    different = window.services.comparison.differences(first)
    assert different is not None
    assert np.flatnonzero(different).tolist() == [position]
    content = cards_of(window)[0].text._content
    assert content is not None
    assert [place for place, colour in enumerate(content.tint) if colour is not None] == [position]
    assert window.services.comparison.agreement(first) == pytest.approx(1 - 1 / int((~last.run.locked).sum()))


def test_a_move_of_the_playhead_reads_a_pane_once_and_only_if_it_shows_another_step(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.panel("compare").samples.setValue(64)
    compare(window)
    done(window, qtbot)
    runs = [pane.run for pane in window.services.comparison.panes]
    window.services.comparison.seek(0.5)
    read: list[int] = []
    at = Trajectory.at

    def counted(run: Trajectory, step: int, sample: int) -> tuple[np.ndarray, np.ndarray]:
        read.append(runs.index(run))
        return at(run, step, sample)

    monkeypatch.setattr(Trajectory, "at", counted)
    window.services.comparison.seek(1.0)
    assert sorted(read) == [0, 1, 2, 3]
    read.clear()
    window.services.comparison.seek(1.0)  # nothing is another
    assert not read
    window.services.comparison.seek(0.98)  # the pane of 4 steps still shows its last, and so does that of 16
    assert sorted(read) == [2, 3]
    read.clear()
    window.places.show_page(STUDIO)
    window.services.comparison.seek(0.5)
    assert not read
    window.show_panel("compare")
    assert sorted(read) == [0, 1, 2, 3]


def test_the_end_of_a_run_is_shown_plain_though_the_playhead_was_there_before(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.hold_at = 4
    compare(window)
    first = window.services.comparison.panes[0]
    qtbot.waitUntil(lambda: first.run is not None and first.run.recorded == 4)
    window.services.comparison.seek(1.0)
    content = cards_of(window)[0].text._content
    assert content is not None
    assert min(content.stage) < FADE_STAGES  # the newest words are still bright
    engine.go.set()
    done(window, qtbot)
    window.services.comparison.seek(1.0)
    content = cards_of(window)[0].text._content
    assert content is not None
    assert min(content.stage) == FADE_STAGES


def test_one_pane_is_cancelled_and_the_others_go_on(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.hold_at = 2
    compare(window)
    qtbot.waitUntil(lambda: window.services.comparison.panes[0].state is PaneState.RUNNING)
    QTest.mouseClick(cards_of(window)[2].cancel, LEFT)
    QTest.mouseClick(cards_of(window)[0].cancel, LEFT)
    engine.hold_at = None
    engine.go.set()
    done(window, qtbot)
    states = [pane.state for pane in window.services.comparison.panes]
    assert states == [PaneState.CANCELLED, PaneState.DONE, PaneState.CANCELLED, PaneState.DONE]
    assert cards_of(window)[2].state.toolTip() == "cancelled · 0 of 1 texts"


def test_how_far_it_is_and_how_long_it_takes_are_shown_until_it_is_over(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    assert window.panel("compare").progress.isHidden()
    engine.hold_at = 2
    compare(window)
    panes = window.services.comparison.panes
    qtbot.waitUntil(lambda: panes[0].run is not None and panes[0].run.recorded == 2)
    free = int((~window.session.view.document.locked).sum())
    calls = [min(steps, free) for steps in BUDGETS]  # a step that reveals nothing costs nothing
    assert window.services.comparison.share == pytest.approx(2 / BUDGETS[0] * calls[0] / sum(calls))
    qtbot.waitUntil(lambda: bool(TIME_LEFT.search(window.panel("compare").note.text())))
    assert window.panel("compare").progress.isVisible()
    QTest.mouseClick(window.panel("compare").stop, LEFT)
    engine.go.set()
    qtbot.waitUntil(lambda: not window.services.comparison.busy)
    assert window.services.comparison.seconds_left is None
    assert window.panel("compare").progress.isHidden()
    assert not TIME_LEFT.search(window.panel("compare").note.text())


def test_a_run_ends_the_comparison_and_samplers_can_be_compared(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.hold_at = 2
    compare(window)
    qtbot.waitUntil(lambda: window.services.comparison.panes[0].state is PaneState.RUNNING)
    engine.hold_at = None
    window.session.runs.start()
    engine.go.set()
    qtbot.waitUntil(lambda: window.session.runs.state is RunState.DONE)
    assert not window.services.comparison.busy
    assert all(pane.state is not PaneState.DONE for pane in window.services.comparison.panes)
    choose(window, "sampler")
    compare(window)
    done(window, qtbot)
    titles = [pane.title for pane in window.services.comparison.panes]
    assert titles[:2] == ["Surest first", "Fixed-size subsets"]
    assert len(titles) == 8
    assert all("Uniformization" not in title for title in titles)


def test_opening_a_pane_leaves_the_others_running_and_is_kept_in_the_history_once(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.hold_at = 8  # the first budget has fewer steps
    compare(window)
    qtbot.waitUntil(lambda: window.services.comparison.panes[0].state is PaneState.DONE)
    taken: list[Trajectory] = []
    window.services.comparison.taken_over.connect(taken.append)
    for _ in range(2):  # the history has it once
        QTest.mouseClick(cards_of(window)[0].open, LEFT)
        assert window.session.view.run is window.services.comparison.panes[0].run
        window.show_panel("compare")
    assert taken == [window.session.view.run]
    engine.go.set()
    qtbot.waitUntil(lambda: len(listed_in(window.services.keeper)) == 1)
    done(window, qtbot)
    assert all(pane.state is PaneState.DONE for pane in window.services.comparison.panes)


def test_noise_types_and_left_to_right_stand_beside_each_other(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"uniform": "tiny-uniform"}
    monkeypatch.setattr(model_folders, "counterpart", lambda path, noise, other: there.get(other))
    choose(window, "noise")
    window.session.form.set(temperature=0.75, top_p=0.8)
    compare(window)
    done(window, qtbot)
    titles = [pane.title for pane in window.services.comparison.panes]
    assert titles == ["Absorbing noise", "Uniform noise", "From left to right"]
    own, other, written = (request for request in engine.requests if isinstance(request, Generate))
    assert (own.model, other.model, written.model) == ("", "tiny-uniform", "judge")
    assert written.seed == own.seed == 5
    assert (written.temperature, written.top_p) == (own.temperature, own.top_p) == (0.75, 0.8)
    assert written.steps == (own.tokens == FREE).sum()  # each free position is one
    assert np.array_equal(written.tokens, own.tokens)
    runs = [pane.run for pane in window.services.comparison.panes]
    assert all(run is not None and run.recorded == run.steps for run in runs)
    assert all(view.open.isVisible() for view in cards_of(window))
    assert all(figures(card)["same"] == DASH for card in cards_of(window))
    opened = window.services.comparison.panes[1].run
    assert opened is not None
    assert opened.origin is not None
    assert (opened.origin.info.noise, opened.origin.request.model) == ("uniform", "")


def test_every_known_model_with_the_same_tokenizer_stands_beside_the_loaded_one(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, published, other, silent = (
        save_tokenizer(tmp_path / name) for name in ("own", "published", "other", "silent")
    )
    train_tokenizer(iter(["another"] * 3), 300).save(other)
    for folder, described in (
        (own, {"noise": "uniform"}),
        (published, {"graph": {"type": "absorb"}}),
        (other, {"noise": "absorb"}),
        (silent, {"graph": "none"}),
    ):
        (folder / "config.json").write_text(json.dumps(described), encoding="utf-8")
        window.settings.remember_model(str(folder))
    readers: set[str] = set()
    same = model_folders.with_same_tokenizer

    def noted(*given: Any) -> list[tuple[str, Noise]]:
        readers.add(threading.current_thread().name)
        return same(*given)

    monkeypatch.setattr(model_folders, "with_same_tokenizer", noted)
    choose(window, "model")
    compare(window)
    read(window.session)
    done(window, qtbot)
    assert readers == {"files"}
    asked = {Path(request.model).name: request for request in engine.requests if isinstance(request, Generate)}
    assert set(asked) == {"", "own", "published"}
    assert {pane.title for pane in window.services.comparison.panes} == {"tiny", "own", "published"}
    assert {request.seed for request in asked.values()} == {5}
