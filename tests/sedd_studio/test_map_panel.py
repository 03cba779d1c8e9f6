"""The page with the map of a run, by keys and the mouse as a user has them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.runs.map_drawing import _pieces
from engine.runs.map_modes import MAP_MODES, RAMP
from engine.runs.run_map import Marked, State, counted
from sedd_studio.painting.film_with_map import FilmWithMap
from sedd_studio.painting.map_image import colour_of
from sedd_studio.painting.map_paint import cell_of
from sedd_studio.painting.theme import DARK
from sedd_studio.record.settings import SETTINGS
from sedd_studio.widgets.controls.map_view import PAGE
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.page_names import STUDIO
from tests.sedd_studio.maps import (
    LEFT,
    PLAIN,
    SHIFT,
    STEPS,
    map_of,
    marked_in,
    panel_of,
    point_of,
    press,
    release,
    selected,
    with_map,
)
from tests.sedd_studio.scene import Scene


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    return with_map(scene, qtbot)


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


def test_a_character_of_several_tokens_is_told_whole(scene: Scene, qtbot: QtBot) -> None:
    assert scene.session.editor.set_prompt("\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4} [3] \u4f60\u597d")
    window = with_map(scene, qtbot)
    shown = panel_of(window)._shown
    pieces = shown.pieces()
    assert "\\x" not in "".join(pieces)
    assert pieces[0] == shown.piece(0, 1) == "\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}"
    assert pieces[1] == ""
    assert "\u597d" in pieces
    run = map_of(window).run
    assert FilmWithMap(run, 0, DARK, 1.0, MAP_MODES["state"])._pieces == pieces
    assert "\\x" not in "".join(_pieces(map_of(window)))
