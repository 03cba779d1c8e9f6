"""A window with the map of a run on its page, and how one points at it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.runs.run_map import RunMap
from sedd_studio.painting.map_paint import cell_of
from sedd_studio.widgets.controls.map_view import MapView
from sedd_studio.widgets.panels.map_panel import MapPanel
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

LEFT = Qt.MouseButton.LeftButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
STEPS = 24


def with_map(scene: Scene, qtbot: QtBot) -> MainWindow:
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
