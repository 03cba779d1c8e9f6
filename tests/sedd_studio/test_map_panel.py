"""The page with the map of a run, by keys and the mouse as a user has them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.protocol import FREE
from engine.runs.fill_order import order_of
from engine.runs.map_modes import MAP_MODES, ORDERS, RAMP, difference_codes
from engine.runs.run_map import Marked, RunMap, State, counted, difference
from engine.runs.trajectory import Trajectory
from sedd_studio.painting.map_image import colour_of
from sedd_studio.painting.map_paint import cell_of
from sedd_studio.painting.theme import DARK, LIGHT
from sedd_studio.record.settings import SETTINGS
from sedd_studio.session.hindsight import Answer
from sedd_studio.widgets.controls.map_grid import TITLE
from sedd_studio.widgets.controls.map_view import PAGE, MapView
from sedd_studio.widgets.panels.map_panel import MapPanel
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.page_names import STUDIO
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import read, window_of

LEFT = Qt.MouseButton.LeftButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
STEPS = 24


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    """A window with a run that is over, and its map on the page."""
    scene.run(STEPS, samples=2)
    scene.play(STEPS)
    window = window_of(scene.session, scene.settings, qtbot)
    QTest.keyClick(window, Qt.Key.Key_7, Qt.KeyboardModifier.ControlModifier)
    assert window.places.page == "map"
    return window


def panel_of(window: MainWindow) -> MapPanel:
    panel = window.findChild(MapPanel)
    assert panel is not None
    return panel


def marked_in(window: MainWindow) -> tuple[tuple[int, int], tuple[int, int]] | None:
    marked = window.services.map.marked
    return None if marked is None else (marked.steps, marked.positions)


def selected(window: MainWindow) -> tuple[int, int] | None:
    return window.session.view.selection


def map_of(window: MainWindow) -> RunMap:
    found = window.services.map.map
    assert found is not None
    return found


def against(window: MainWindow) -> str:
    other = window.services.map.other
    return "" if other is None else other.title


def point_of(view: MapView, step: int, position: int) -> QPoint:
    return cell_of(view.places, step, position).center().toPoint()


def press(view: MapView, step: int, position: int, keys: Qt.KeyboardModifier = PLAIN) -> None:
    QTest.mousePress(view.viewport(), LEFT, keys, point_of(view, step, position))


def release(view: MapView, step: int, position: int, keys: Qt.KeyboardModifier = PLAIN) -> None:
    QTest.mouseMove(view.viewport(), point_of(view, step, position))
    QTest.mouseRelease(view.viewport(), LEFT, keys, point_of(view, step, position))


def test_a_click_takes_the_playhead_and_the_caret_there(window: MainWindow) -> None:
    view = panel_of(window).map
    press(view, 9, 33)
    assert (window.session.playhead.step, window.canvas.caret.position) == (9, 33)
    release(view, 14, 40)
    assert (window.session.playhead.step, window.canvas.caret.position) == (14, 40)
    QTest.mouseDClick(view.viewport(), LEFT, PLAIN, point_of(view, 14, 40))
    assert window.places.page == STUDIO
    assert window.canvas.hasFocus()


def test_the_picture_on_screen_has_the_colours_of_the_record(window: MainWindow) -> None:
    panel = panel_of(window)
    run, theme = window.session.view.run, window.look.theme
    assert run is not None
    window.set_theme(DARK)
    window.session.playhead.seek(0)
    QTest.keyClick(panel.map, Qt.Key.Key_Home)
    theme = DARK
    shot = panel.map.viewport().grab().toImage()
    ratio = shot.devicePixelRatio()
    for step in (4, 11, STEPS):
        tokens, waits = run.at(step, 0)[0], run.unsettled(step, 0)
        for position in range(3, run.length, 7):
            if run.locked[position]:
                state = State.LOCKED
            elif tokens[position] == run.mask:
                state = State.HIDDEN
            else:
                state = State.UNSETTLED if waits[position] else State.SETTLED
            at = point_of(panel.map, step, position)
            seen = shot.pixelColor(round(at.x() * ratio), round(at.y() * ratio))
            assert seen.name() == colour_of(state, theme).name(), (step, position)


def test_pointing_tells_the_token_of_that_moment_and_place(window: MainWindow) -> None:
    panel, run = panel_of(window), window.session.view.run
    assert run is not None
    position = int(np.flatnonzero(~run.locked)[5])
    last = int(run.at(STEPS, 0)[1][position])
    tokenizer = window.session.models.tokenizer
    assert tokenizer is not None
    word = tokenizer.piece(int(run.newest[0, position])).strip()
    QTest.mouseMove(panel.map.viewport(), point_of(panel.map, last - 1, position))
    assert f"step {last - 1} of {STEPS} · position {position + 1} of {run.length}" in panel.facts.parts
    assert "hidden" in panel.facts.parts
    QTest.mouseMove(panel.map.viewport(), point_of(panel.map, last, position))
    assert f"“{word}” settled" in panel.facts.parts
    assert f"last changed in step {last}" in panel.facts.parts
    assert "1 change in all" in panel.facts.parts


def test_keys_go_everywhere_and_the_place_is_said(window: MainWindow) -> None:
    panel = panel_of(window)
    assert panel.map.hasFocus()
    window.session.playhead.seek(5)
    QTest.keyClick(panel.map, Qt.Key.Key_Home)
    for key, place in (
        (Qt.Key.Key_Right, (5, 1)),
        (Qt.Key.Key_Down, (6, 1)),
        (Qt.Key.Key_Up, (5, 1)),
        (Qt.Key.Key_Left, (5, 0)),
        (Qt.Key.Key_PageDown, (5 + PAGE, 0)),
        (Qt.Key.Key_End, (5 + PAGE, panel.map.places.columns - 1)),
        (Qt.Key.Key_PageUp, (5, panel.map.places.columns - 1)),
    ):
        QTest.keyClick(panel.map, key)
        assert (window.session.playhead.step, window.canvas.caret.position) == place, key
    said = panel.map.accessibleDescription()
    assert said.startswith(f"step 5 of {STEPS} · position {panel.map.places.columns} of {panel.map.places.columns}. ")
    assert "locked" in said
    QTest.keyClick(panel.map, Qt.Key.Key_Return)
    assert window.places.page == STUDIO


def test_a_part_is_marked_by_shift_and_selected_in_the_text(window: MainWindow) -> None:
    panel = panel_of(window)
    press(panel.map, 3, 20, SHIFT)
    release(panel.map, 12, 31, SHIFT)
    assert marked_in(window) == ((3, 13), (20, 32))
    assert selected(window) == (20, 32)
    run = map_of(window).run
    moved = sum(int(((s == 0) & (p >= 20) & (p < 32)).sum()) for s, p, _ in run.changes[2:12])
    assert counted(map_of(window), Marked((3, 13), (20, 32)))[0] == moved
    assert panel.part.parts[0].startswith(f"Marked: steps 3 to 12, positions 21 to 32: {moved} change")
    QTest.keyClick(panel.map, Qt.Key.Key_Escape)
    assert marked_in(window) is None
    assert selected(window) is None
    press(panel.map, 4, 10)
    release(panel.map, 4, 10)
    QTest.keyClick(panel.map, Qt.Key.Key_Right, SHIFT)
    QTest.keyClick(panel.map, Qt.Key.Key_Down, SHIFT)
    assert marked_in(window) == ((4, 6), (10, 12))
    QTest.mouseClick(panel.brush, LEFT)
    press(panel.map, 2, 2)
    release(panel.map, 3, 4)
    assert marked_in(window) == ((2, 4), (2, 5))


def test_the_order_is_drawn_over_the_map_and_said(window: MainWindow) -> None:
    panel = panel_of(window)
    assert panel.part.parts[0].startswith("Filled in no direction (")
    panel.line.setFocus()
    before = panel.map.viewport().grab().toImage()
    QTest.keyClick(panel.line, Qt.Key.Key_Down)
    of_sample = panel.map.viewport().grab().toImage()
    assert of_sample != before
    QTest.keyClick(panel.line, Qt.Key.Key_Down)
    assert panel.map.viewport().grab().toImage() not in (before, of_sample)
    for _ in range(2):
        QTest.keyClick(panel.line, Qt.Key.Key_Up)
    assert panel.map.viewport().grab().toImage() == before


def test_it_zooms_round_the_pointer_and_scrolls(window: MainWindow) -> None:
    view = panel_of(window).map
    assert max(view.places.furthest) == 0
    point = QPointF(point_of(view, 12, 60))
    for _ in range(6):
        event = QWheelEvent(
            point,
            QPointF(view.viewport().mapToGlobal(point.toPoint())),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ControlModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(view.viewport(), event)
    assert view.places.at(point) == (12, 60)
    assert min(view.places.furthest) > 0
    QTest.keyClick(view, Qt.Key.Key_End)
    assert cell_of(view.places, 0, view.places.columns - 1).right() <= view.places.plot.right() + 1
    QTest.keyClicks(view, "0")
    assert view.zoom == 1
    QTest.keyClicks(view, "+")
    assert view.zoom > 1


def test_colours_are_chosen_and_kept_and_their_legend_says_what_they_mean(window: MainWindow) -> None:
    panel, shown = panel_of(window), window.services.map
    assert "unsettled" in panel.legend.accessibleName()
    panel.colour.setFocus()
    for name, mode in list(MAP_MODES.items())[1:]:
        QTest.keyClick(panel.colour, Qt.Key.Key_Down)
        assert shown.mode_name == name == window.settings["map"]
        assert SETTINGS["map"].accepts(name)
        found = map_of(window)
        assert f"from {mode.low(found)} to {mode.high(found)}" in panel.legend.accessibleName()
        codes = shown.codes()
        assert codes is not None
        assert (codes.max() >= RAMP) == (not mode.column)  # what the model is asked for is not there yet


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
    window.session.reader.close()
    QTest.keyClick(panel.against, Qt.Key.Key_Up)
    assert not against(window)
    assert "settled" in panel.legend.accessibleName()


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
