"""Which run the page with the map shows, and against which; the maps of all its samples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.language.tokenizers import symbol_tokenizer
from engine.protocol import FREE
from engine.runs.fill_order import order_of
from engine.runs.map_modes import ORDERS, difference_codes
from engine.runs.run_map import State, difference, same_noise
from engine.runs.trajectory import Trajectory
from sedd_studio.painting.map_image import colour_of
from sedd_studio.painting.theme import LIGHT
from sedd_studio.session.hindsight import Answer
from sedd_studio.widgets.controls.map_grid import TITLE
from sedd_studio.widgets.panels.map_panel import MapPanel
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.maps import (
    LEFT,
    PLAIN,
    STEPS,
    against,
    map_of,
    panel_of,
    press,
    release,
    with_map,
)
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import read, window_of


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    return with_map(scene, qtbot)


def test_a_run_is_held_against_another_sample_and_another_run(scene: Scene, window: MainWindow) -> None:
    panel = panel_of(window)
    scene.run(STEPS // 2)
    scene.play(STEPS // 2)
    assert window.places.page == "map"
    titles = [panel.against.itemText(row) for row in range(panel.against.count())]
    assert len(titles) == 2
    assert f"{STEPS} steps" in titles[1]
    panel.against.setFocus()
    QTest.keyClick(panel.against, Qt.Key.Key_Down)
    assert "another token" in panel.legend.accessibleName()
    assert not panel.colour.isEnabled()
    assert against(window)
    read(window.session)
    codes, run = window.services.map.codes(), map_of(window).run
    other = window.services.map.other
    assert codes is not None
    assert other is not None
    np.testing.assert_array_equal(codes, difference_codes(difference(run, 0, other.run, other.sample)))
    place = int(np.flatnonzero(~np.asarray(run.locked))[4])
    there = other.run.at(same_noise(run, STEPS // 4, other.run), other.sample)[0][place]
    panel.map.pointed.emit((STEPS // 4, place))
    tokenizer = window.session.models.tokenizer
    assert tokenizer is not None
    word = "hidden" if there == run.mask else f"“{tokenizer.piece(int(there)).strip()}”"
    assert f"{word} in the other" in panel.facts.parts
    held = window.services.map.held_against(run)
    assert held is not None
    assert held[0].recorded == other.run.recorded
    assert window.services.map.held_against(other.run) is None
    window.session.reader.close()
    QTest.keyClick(panel.against, Qt.Key.Key_Up)
    assert not against(window)
    assert "settled" in panel.legend.accessibleName()


def test_a_run_is_held_against_one_of_another_model_with_the_same_tokens(scene: Scene, window: MainWindow) -> None:
    shown, own = window.services.map, map_of(window).run
    assert own.origin is not None
    info = replace(own.origin.info, name="another")
    one = Trajectory(replace(own.started, sampler="surest"), own.mask, replace(own.origin, info=info))
    signs = symbol_tokenizer("".join(map(chr, range(256, 256 + own.origin.tokenizer.vocabulary))))
    other = Trajectory(own.started, own.mask, replace(own.origin, tokenizer=signs))
    short = Trajectory(
        replace(own.started, tokens=own.started.tokens[:, 1:], locked=own.locked[1:]), own.mask, own.origin
    )
    shown._seen[:] = [one, other, short, own]
    titles = [found.title for found in shown.others()]
    assert titles == ["sample 2 of this run", f"another: Surest first, {STEPS} steps, seed {own.origin.request.seed}"]


def test_it_follows_a_run_that_goes_on(scene: Scene, qtbot: QtBot) -> None:
    window = window_of(scene.session, scene.settings, qtbot)
    window.places.show_beside("map")
    QApplication.processEvents()
    panel = panel_of(window)
    assert panel.filled.currentIndex() == 0
    scene.run(STEPS)
    scene.play(7)
    assert panel.filled.is_filled
    assert map_of(window).read == 7
    assert map_of(window).told(8, 0) is State.TO_COME
    scene.play(STEPS)
    scene.session.clock.tick()
    found = map_of(window)
    assert found.complete
    locked = np.asarray(found.run.locked)
    assert (found.state[STEPS][~locked] == State.SETTLED).all()


def test_what_is_edited_leaves_the_map_of_the_run_before(window: MainWindow) -> None:
    panel, session = panel_of(window), window.session
    before = window.services.map.map
    session.editor.clear_range(40, 44)
    assert session.view.run is None
    assert window.services.map.map is before
    press(panel.map, 3, 20)
    assert (session.view.canvas().tokens[40:44] == FREE).all()


def test_the_text_is_laid_out_again_when_it_comes_back_on_show(window: MainWindow) -> None:
    panel, run = panel_of(window), window.session.view.run
    assert run is not None
    position = int(np.flatnonzero(~run.locked)[3])
    settled = int(run.at(STEPS, 0)[1][position])
    press(panel.map, settled - 1, position)
    laid_out = window.canvas.picture.layout
    release(panel.map, settled - 1, position)
    assert window.canvas.picture.layout is laid_out
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.canvas.picture.text.state is window.session.view.canvas()
    assert window.canvas.picture.text.state.tokens[position] == FREE


def test_nothing_is_read_while_no_map_is_on_show(scene: Scene, qtbot: QtBot) -> None:
    window = window_of(scene.session, scene.settings, qtbot)
    scene.run(STEPS)
    scene.play(STEPS)
    assert window.services.map.map is None
    window.show_panel("map")
    QApplication.processEvents()
    scene.session.clock.tick()
    assert map_of(window).complete


def test_a_large_map_is_read_in_parts_and_drawn_as_one_picture(tmp_path: Path, qtbot: QtBot) -> None:
    scene = Scene(tmp_path, repeat=2)
    scene.run(400)
    scene.play(400)
    window = window_of(scene.session, scene.settings, qtbot)
    window.show_panel("map")
    QApplication.processEvents()
    while not map_of(window).complete:
        scene.session.clock.tick()
    view = panel_of(window).map
    press(view, 200, 100)
    assert not [child for child in view.viewport().children() if child.isWidgetType()]
    assert window.session.playhead.step == pytest.approx(200, abs=1)


@pytest.fixture
def grid(scene: Scene, qtbot: QtBot) -> MapPanel:
    """The panel of a window with a run of six samples, all of them on show."""
    scene.run(STEPS, samples=6)
    scene.play(STEPS)
    window = window_of(scene.session, scene.settings, qtbot)
    window.show_panel("map")
    QApplication.processEvents()
    panel = panel_of(window)
    QTest.mouseClick(panel.several, LEFT)
    while len(panel.grid._maps) < 6:
        scene.session.clock.tick()
    return panel


def test_all_samples_have_a_small_map_with_the_colours_of_the_record(scene: Scene, grid: MapPanel) -> None:
    assert grid.grid.isVisible()
    run = scene.session.view.run
    assert run is not None
    shot = grid.grid.viewport().grab().toImage()
    ratio = shot.devicePixelRatio()
    plot = grid.grid.tile(4).adjusted(0, TITLE, 0, 0)
    locked = np.flatnonzero(run.locked)
    middle = locked[len(locked) // 8]  # among others that are locked, too, so that nothing is blended in
    at = QPointF(plot.left() + (middle + 0.5) / run.length * plot.width(), plot.center().y())
    seen = shot.pixelColor(round(at.x() * ratio), round(at.y() * ratio))
    assert seen.name() == colour_of(State.LOCKED, LIGHT).name()


def test_a_click_or_enter_opens_a_sample(scene: Scene, grid: MapPanel) -> None:
    QTest.mouseClick(grid.grid.viewport(), LEFT, PLAIN, grid.grid.tile(3).center().toPoint())
    assert scene.session.playhead.sample == 3
    assert grid.map.isVisible()
    QTest.mouseClick(grid.several, LEFT)
    grid.grid.setFocus()
    assert grid.grid.accessibleDescription().startswith("sample 4 · ")
    QTest.keyClick(grid.grid, Qt.Key.Key_Right)
    assert grid.grid.accessibleDescription().startswith("sample 5 · ")
    QTest.keyClick(grid.grid, Qt.Key.Key_Return)
    assert scene.session.playhead.sample == 4
    assert grid.map.isVisible()


def test_samples_are_sorted_by_what_is_known_of_them(scene: Scene, grid: MapPanel) -> None:
    run = scene.session.view.run
    assert run is not None
    assert list(grid.grid._order) == list(range(6))
    grid.sort.setFocus()
    QTest.keyClick(grid.sort, Qt.Key.Key_Down)
    changes = [int(run.changes_curve(sample)[-1]) for sample in grid.grid._order]
    assert changes == sorted(changes)
    QTest.keyClick(grid.sort, Qt.Key.Key_Down)
    early = [float(np.nanmean(order_of(run, sample))) for sample in grid.grid._order]
    assert early == sorted(early)
    assert len(set(early)) > 1
    assert grid.sort.count() == len(ORDERS)


def test_what_stands_elsewhere_than_in_the_run_of_the_map_is_not_looked_for_in_it(window: MainWindow) -> None:
    """The caret may stand further in the text than a run is long, the pointer where another run had more steps."""
    panel, found = panel_of(window), map_of(window)
    panel.put(found.run.length + 20)
    panel.map.pointed.emit((found.run.steps + 9, 3))
    panel.map.pointed.emit((3, found.run.length + 9))
    panel.refresh()
    assert panel.facts.parts[0].endswith(f"position {found.run.length} of {found.run.length}")


def test_a_run_is_read_by_its_own_tokenizer_and_what_is_known_of_another_is_not_drawn(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, found = window.services.map, map_of(window)
    pieces = shown.pieces()
    other = SimpleNamespace(piece=lambda token: "of another model")
    monkeypatch.setattr(type(window.session.view), "tokenizer", property(lambda view: other))
    assert shown.pieces() == pieces
    answer = Answer(Trajectory(found.run.started, found.run.mask), 0)
    monkeypatch.setattr(window.services.hindsight, "answer", lambda: answer)
    monkeypatch.setattr(type(window.services.hindsight), "regret", property(lambda looked: np.zeros(1)))
    shown.choose("regret")
    codes = shown.codes()
    assert codes is not None
    assert codes.shape == found.state.shape
    assert shown.answer() is None


def test_a_run_of_too_many_cells_has_a_sentence_in_the_place_of_its_map(
    scene: Scene, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.runs.run_map.MOST_CELLS", 100)
    window = with_map(scene, qtbot)
    panel = panel_of(window)
    assert window.services.map.map is None
    assert panel.filled.currentIndex() == 0
    assert "too large for a map" in panel.filled.sentence.text()
    monkeypatch.undo()
    scene.run(STEPS)
    scene.play(STEPS)
    assert panel.filled.is_filled
    assert map_of(window).run is scene.session.view.run
