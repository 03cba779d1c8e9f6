"""What is compared is chosen, and what the panes say together is read and exported."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyqtgraph
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QInputDialog
from pytestqt.qtbot import QtBot

from engine.language.tokenizers import train_tokenizer
from engine.protocol import Frame, Generate, Judged
from engine.runs.trajectory import Trajectory
from sedd_studio.background.keeper import Keeper
from sedd_studio.painting.compared_film import PANE
from sedd_studio.record.settings import Settings
from sedd_studio.session import compare_kinds
from sedd_studio.session.compare_kinds import BUDGETS
from sedd_studio.session.compare_reading import reading
from sedd_studio.session.panes import Pane, PaneState
from sedd_studio.widgets.controls.quality_curve import label_of
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio import fake_engine
from tests.sedd_studio.conftest import MakeSession
from tests.sedd_studio.fake_engine import INFO, MASK, FakeEngine, save_tokenizer
from tests.sedd_studio.panes import add, compare, done, figures, on_compare
from tests.sedd_studio.windows import cards_of, listed_in

DASH = "\N{EN DASH}"
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(
    engine: FakeEngine, make_session: MakeSession, settings: Settings, keeper: Keeper, qtbot: QtBot
) -> MainWindow:
    return on_compare(make_session(engine), settings, qtbot, keeper)


def test_chips_own_what_is_compared_and_titles_say_what_differs(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    chips, summary = window.panel("compare").chips, window.panel("compare").summary
    assert [chip.text() for chip in chips["steps"].chips] == ["4", "16", "64", "256"]
    QTest.mouseClick(chips["steps"].chips[3], LEFT)
    chips["steps"].chips[0].setFocus()
    QTest.keyClick(chips["steps"].chips[0], Qt.Key.Key_Delete)
    assert [chip.text() for chip in chips["steps"].chips] == ["16", "64"]
    assert chips["steps"].chips[0].hasFocus()
    add(chips["samplers"], "Tweedie")
    add(chips["samplers"], "Surest first")
    assert summary.toolTip().startswith("4 panes of 1 text: ")
    compare(window)
    done(window, qtbot)
    titles = ["16 steps · Tweedie", "64 steps · Tweedie", "16 steps · Surest first", "64 steps · Surest first"]
    assert [card.title.toolTip() for card in cards_of(window)] == titles
    asked = [request for request in engine.requests if isinstance(request, Generate)]
    assert [(request.steps, request.sampler) for request in asked] == [
        (16, "tweedie"),
        (64, "tweedie"),
        (16, "surest"),
        (64, "surest"),
    ]
    first, second, *_ = window.services.comparison.panes
    assert window.services.comparison.reference_of(first) is second  # and not the other sampler


def test_seeds_are_chosen_by_number(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    chips = window.panel("compare").chips
    for _ in BUDGETS:
        QTest.mouseClick(chips["steps"].chips[0], LEFT)
    assert chips["steps"].usual.text() == str(window.session.form.now.steps)
    given = iter((1730, 1729))
    monkeypatch.setattr(QInputDialog, "getInt", lambda *_: (next(given), True))
    add(chips["seeds"], "Another …")
    assert "nothing beside it" in window.panel("compare").summary.toolTip()
    compare(window)
    assert window.session.errors.current is not None
    assert "nothing beside it" in window.session.errors.current.headline
    assert not window.services.comparison.panes
    add(chips["seeds"], "Another …")
    compare(window)
    done(window, qtbot)
    assert [card.title.toolTip() for card in cards_of(window)] == ["seed 1729", "seed 1730"]
    assert {request.seed for request in engine.requests if isinstance(request, Generate)} == {1729, 1730}


def test_too_many_panes_are_refused_in_a_sentence(window: MainWindow, engine: FakeEngine) -> None:
    for name in ("Tweedie", "Remasking", "Tau-leaping"):
        add(window.panel("compare").chips["samplers"], name)
    assert window.panel("compare").summary.toolTip().startswith("These are more than 8 panes, too many to look at")
    compare(window)
    assert not [request for request in engine.requests if isinstance(request, Generate)]


def test_what_is_too_much_is_not_made_to_be_counted(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(*given: Any, **named: Any) -> Pane:
        made.append("")
        return Pane(*given, **named)

    monkeypatch.setattr(compare_kinds, "Pane", counted)
    window.services.comparison.choice.choose(steps=tuple(range(1, 65)), seeds=tuple(range(64)))
    assert "too many" in window.panel("compare").summary.toolTip()
    assert len(made) < 20
    assert (
        not window.panel("compare").chips["steps"].add.isVisible()
    )  # no more can be added of what are too many already
    assert window.panel("compare").chips["samplers"].add.isVisible()


def test_texts_are_made_in_parts_and_an_unfinished_pane_says_of_how_many_its_figures_are(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    window.panel("compare").samples.setValue(16)
    engine.hold_at = 3
    compare(window)
    panes = window.services.comparison.panes
    qtbot.waitUntil(lambda: panes[0].part is not None and panes[0].part.recorded == 3)
    qtbot.waitUntil(lambda: cards_of(window)[0].state.toolTip() == "0 of 16 texts")
    engine.answers.clear()
    engine.hold_at = None
    engine.go.set()
    qtbot.waitUntil(lambda: all(pane.texts == 4 for pane in panes))
    QTest.mouseClick(window.panel("compare").stop, LEFT)
    engine.answers.set()
    qtbot.waitUntil(lambda: panes[0].judged == 4 and not window.services.comparison.busy)
    assert label_of(panes[0], window.services.words.say).endswith("n = 4 so far")
    assert cards_of(window)[0].open.isVisible()
    qtbot.waitUntil(lambda: cards_of(window)[0].state.toolTip() == "cancelled · 4 of 16 texts")
    compare(window)
    done(window, qtbot)
    panes = window.services.comparison.panes
    asked = [(r.first_sample, r.samples) for r in engine.requests[-200:] if isinstance(r, Generate) and r.steps == 256]
    assert asked[-3:] == [(0, 4), (4, 4), (8, 8)]
    qtbot.waitUntil(lambda: all(pane.judged == 16 for pane in panes))
    assert label_of(panes[0], window.services.words.say).endswith("n = 16")
    whole = panes[1].run
    assert whole is not None
    assert whole.origin is not None
    assert (whole.samples, whole.origin.request.samples, whole.origin.request.first_sample) == (16, 16, 0)
    alone = [event for event in engine.perform(1, whole.origin.request) if isinstance(event, Frame)]
    for frame, (samples, positions, tokens) in zip(alone, whole.changes, strict=True):
        made = dict(zip(zip(samples.tolist(), positions.tolist(), strict=True), tokens.tolist(), strict=True))
        asked_at_once = zip(frame.sample.tolist(), frame.position.tolist(), strict=True)
        assert made == dict(zip(asked_at_once, frame.token.tolist(), strict=True))


def test_lines_are_drawn_through_points_of_enough_texts_alone(window: MainWindow, qtbot: QtBot) -> None:
    compare(window)
    done(window, qtbot)
    plots = window.panel("compare").curve.findChildren(pyqtgraph.PlotWidget)
    assert len(plots) == 2

    def drawn(plot: pyqtgraph.PlotWidget, kind: type) -> list[Any]:
        return [item for item in plot.getPlotItem().items if isinstance(item, kind)]

    assert not any(drawn(plot, pyqtgraph.PlotCurveItem) for plot in plots)
    assert all(len(drawn(plot, pyqtgraph.ScatterPlotItem)) == 1 for plot in plots)
    assert "points stand alone" in window.panel("compare").says.text()
    window.panel("compare").samples.setValue(4)
    compare(window)
    done(window, qtbot)
    assert all(len(drawn(plot, pyqtgraph.PlotCurveItem)) == 3 for plot in plots)


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((17.4, 1.2, 4.55, 0.03), "From 16 to 64 steps perplexity falls by 21%"),
        ((10.9, 1.2, 4.46, 0.02), "entropy by 0.10 ± 0.02 nats: part of the gain may be repetition."),
        ((10.9, 1.2, 4.55, 0.02), "entropy stays within its error (\N{MINUS SIGN}0.01 ± 0.02 nats)."),
        ((21.5, 1.2, 4.55, 0.02), "perplexity changes by \N{MINUS SIGN}0.5 ± 1.3, which is within its error."),
    ],
)
def test_one_sentence_reads_perplexity_and_entropy(
    window: MainWindow, ends: tuple[float, float, float, float], said: str
) -> None:
    perplexity, error, entropy, entropy_error = ends
    asked = window.session.runs.asked()
    one = Pane("16 steps", asked, verdict=Judged(0, 22.0, 4.56, 0.4, 0.01), judged=32)
    two = Pane("64 steps", asked, verdict=Judged(0, perplexity, entropy, error, entropy_error), judged=32)
    say = window.services.words.say
    assert said in reading([one, two], say)
    two.judged = 3
    assert "Fewer than 4 texts" in reading([one, two], say)
    assert reading([one], say) == ""


def test_panes_of_another_prompt_say_so(window: MainWindow, qtbot: QtBot) -> None:
    compare(window)
    done(window, qtbot)
    assert "another prompt" not in window.panel("compare").note.text()
    window.session.editor.set_prompt("Another [4] altogether")
    qtbot.waitUntil(lambda: "another prompt" in window.panel("compare").note.text())
    assert not window.panel("compare").says.isEnabled()


@pytest.mark.parametrize("ending", [".html", ".gif", ".webp", ".mp4"])
def test_panes_are_exported_as_a_page_and_as_a_film(
    ending: str, window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not window.panel("compare").page.isEnabled()
    compare(window)
    done(window, qtbot)
    path = tmp_path / f"panes{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    QTest.mouseClick(window.panel("compare").page if ending == ".html" else window.panel("compare").film, LEFT)
    qtbot.waitUntil(lambda: path.exists() and window.services.jobs.current is None)
    assert window.status_line.text.text() == f"Saved {path.name}"
    assert window.status_line.folder.isVisible()
    if ending == ".html":
        page = path.read_text(encoding="utf-8")
        data = json.loads(page.split('id="data">')[1].split("</script>")[0])
        assert [pane["title"] for pane in data["panes"]] == ["4 steps", "16 steps", "64 steps", "256 steps"]
        assert all("perplexity" in pane["figures"] for pane in data["panes"])
        assert max(len(pane["frames"]) for pane in data["panes"]) <= 240
        assert "http:" not in page
        assert "https:" not in page
    elif ending != ".mp4":
        with Image.open(path) as film:
            assert film.n_frames > 100  # type: ignore[attr-defined]
            assert film.width == 4 * PANE


def test_other_models_are_looked_for_when_their_menu_is_opened(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = save_tokenizer(tmp_path / "fox & owl")
    (folder / "config.json").write_text(json.dumps({"noise": "absorb"}), encoding="utf-8")
    window.settings.remember_model(str(folder))
    assert not window.session.reader.busy
    menu = window.panel("compare").chips["models"].menu
    menu.popup(window.panel("compare").mapToGlobal(window.panel("compare").rect().center()))
    assert [action.text() for action in menu.actions()] == ["Looking …"]
    qtbot.waitUntil(lambda: [action.text() for action in menu.actions()] == ["fox && owl"])
    menu.actions()[0].trigger()
    menu.close()
    for _ in range(3):
        QTest.mouseClick(window.panel("compare").chips["steps"].chips[0], LEFT)
    compare(window)
    done(window, qtbot)
    assert [pane.title for pane in window.services.comparison.panes] == ["tiny", "fox & owl"]
    assert [Path(r.model).name for r in engine.requests if isinstance(r, Generate)] == ["", "fox & owl"]


def asked_of(engine: FakeEngine) -> list[int]:
    """The numbers of texts that the engine was asked for, in turn."""
    return [request.samples for request in engine.requests if isinstance(request, Generate)]


def parts_that_wait_to_be_taken(window: MainWindow, engine: FakeEngine, qtbot: QtBot) -> None:
    """A comparison of 16 texts a pane, of which each pane's first part is made and none is taken."""
    engine.hold_at = 3
    window.panel("compare").samples.setValue(16)
    compare(window)
    qtbot.waitUntil(lambda: window.services.comparison.panes[0].state is PaneState.RUNNING)
    window.session.clock.stop()
    engine.hold_at = None
    engine.go.set()
    while len(asked_of(engine)) < len(BUDGETS) or window.session.engine._runner._begun:
        time.sleep(0.005)


def test_no_more_is_made_of_what_is_cancelled_when_a_part_of_it_is_through(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    parts_that_wait_to_be_taken(window, engine, qtbot)
    QTest.mouseClick(window.panel("compare").stop, LEFT)
    assert not window.panel("compare").stop.isEnabled()
    window.session.clock.start()
    qtbot.wait(200)
    assert asked_of(engine) == [4] * len(BUDGETS)
    assert {pane.state for pane in window.services.comparison.panes} == {PaneState.CANCELLED}
    assert not window.services.comparison.busy


def test_no_model_makes_texts_of_a_comparison_that_another_began(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts_that_wait_to_be_taken(window, engine, qtbot)
    monkeypatch.setattr(fake_engine, "INFO", replace(INFO, name="other", path="other", weights="other"))
    window.session.models.open("other")
    qtbot.waitUntil(lambda: window.session.models.ready)
    qtbot.waitUntil(lambda: not window.services.comparison.busy)
    assert asked_of(engine) == [4] * len(BUDGETS)
    assert {(pane.state, pane.texts) for pane in window.services.comparison.panes} == {(PaneState.CANCELLED, 4)}


def test_a_name_that_is_too_long_is_refused_in_a_sentence(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(window)
    done(window, qtbot)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / ("n" * 300)), ""))
    for button in (window.panel("compare").page, window.panel("compare").film, window.panel("compare").export):
        window.session.errors.dismiss()
        QTest.mouseClick(button, LEFT)
        qtbot.waitUntil(lambda: "File name too long" in window.banner.headline.text())


def test_texts_are_taken_out_of_their_runs_beside_the_window(
    window: MainWindow, keeper: Keeper, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(window)
    done(window, qtbot)
    only, threads = Trajectory.only, set[str]()

    def noted(run: Trajectory, sample: int) -> Trajectory:
        threads.add(threading.current_thread().name)
        return only(run, sample)

    monkeypatch.setattr(Trajectory, "only", noted)
    for button, name in ((window.panel("compare").page, "panes.html"), (window.panel("compare").film, "panes.gif")):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, name=name: (str(tmp_path / name), ""))
        QTest.mouseClick(button, LEFT)
        qtbot.waitUntil(lambda name=name: (tmp_path / name).exists() and window.services.jobs.current is None)  # type: ignore[misc]
    assert threads == {"job"}
    threads.clear()
    window.services.comparison.open(window.services.comparison.panes[0])
    window.services.favourites.keep(0)
    qtbot.waitUntil(lambda: len(listed_in(keeper, favourites=True)) == 1)
    assert threads == {"keeper"}


def test_tokens_of_other_tokenizers_are_not_held_against_each_other(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    compare(window)
    done(window, qtbot)
    one, two, *_ = (pane.run for pane in window.services.comparison.panes)
    assert one is not None
    assert two is not None
    assert two.origin is not None
    window.services.comparison.show_runs([one, two])
    assert all(figures(card)["same"] != DASH for card in cards_of(window)[:1])
    other = train_tokenizer(iter(["another text"] * 5), MASK)
    two.origin = replace(two.origin, tokenizer=other)
    window.services.comparison.show_runs([one, two])
    assert [figures(card)["same"] for card in cards_of(window)] == [DASH, DASH]
    assert window.services.comparison.differences(window.services.comparison.panes[0]) is None
