"""Pages and the panel beside the text: what is wanted is on show, the text keeps its room, and nothing jumps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from sedd_studio.background.keeper import Keeper
from sedd_studio.painting import theme
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.panels import BESIDE
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton
LINES = 6


@pytest.fixture
def window(scene: Scene, keeper: Keeper, qtbot: QtBot, qapp: QApplication) -> MainWindow:
    theme.apply(qapp, theme.LIGHT)  # the sizes are those of the program
    made = window_of(scene.session, scene.settings, qtbot, keeper)
    made.resize(1280, 720)
    QApplication.processEvents()
    return made


def lines(window: MainWindow) -> float:
    """How many lines of text the canvas shows."""
    return window.canvas.viewport().height() / window.canvas.picture.layout.line_height


def place(window: MainWindow, part: QWidget) -> QRect:
    return QRect(part.mapTo(window, QPoint()), part.size())


def test_the_rail_and_the_keys_show_pages(window: MainWindow) -> None:
    for number, (name, button) in enumerate(window.rail.pages.items(), 1):
        QTest.mouseClick(button, LEFT)
        assert window.places.page == name
        assert window.canvas.isVisible() is (name == "studio")
        QTest.keyClick(window, Qt.Key.Key_1, CTRL)
        assert window.canvas.isVisible()
        QTest.keyClick(window, Qt.Key(Qt.Key.Key_0 + number), CTRL)
        assert window.places.page == name
        assert button.isChecked()


def test_a_panel_goes_where_it_is_wanted_and_comes_back(window: MainWindow) -> None:
    side, likelihood = window.places.widgets, window.panel("likelihood")
    QTest.keyClick(window, Qt.Key.Key_K, CTRL)
    assert likelihood.isVisible()
    assert window.canvas.isVisible()
    assert not side["position"].isVisible()
    QTest.mouseClick(window.side_panel.enlarge, LEFT)
    assert likelihood.isVisible()
    assert not window.canvas.isVisible()
    QTest.keyClick(window, Qt.Key.Key_1, CTRL)
    assert likelihood.isVisible()
    assert window.canvas.isVisible()
    QTest.mouseClick(window.side_panel.close_button, LEFT)
    assert not likelihood.isVisible()
    assert side["position"].isVisible()
    window.side_panel.panels.setFocus()
    QTest.keyClick(window.side_panel.panels, Qt.Key.Key_End)
    assert window.places.beside == BESIDE[-1]
    window.actions_by_name["reset_layout"].trigger()
    assert window.places.beside == "position"


def test_the_text_has_six_lines_whatever_is_open(window: MainWindow, scene: Scene) -> None:
    scene.run(64, samples=4)
    scene.play(64)
    window.actions_by_name["colour_settled"].trigger()
    for name in BESIDE:
        window.places.show_beside(name)
        QApplication.processEvents()
        assert lines(window) >= LINES, name
    window.prompt.toggle.click()
    QApplication.processEvents()
    assert window.prompt.editor.height() >= 3 * window.prompt.editor.fontMetrics().height()
    assert lines(window) >= LINES
    assert window.size().height() == 720


@pytest.mark.parametrize("panel", ["position", "likelihood"])
def test_nothing_jumps_while_one_points_locks_colours_and_scores(panel: str, window: MainWindow, scene: Scene) -> None:
    scene.run(64)
    scene.play(64)
    window.show_panel(panel)
    QApplication.processEvents()
    parts = (window.canvas, window.timeline, window.run_form, window.side_panel, window.top_bar.run_button)
    before = [place(window, part) for part in parts]
    doings: tuple[Callable[[], object], ...] = (
        lambda: QTest.mouseMove(window.canvas.viewport(), QPoint(200, 60)),
        lambda: window.services.pointer.point_at(3),
        lambda: QTest.mouseClick(window.canvas.viewport(), LEFT, pos=QPoint(200, 60)),
        lambda: QTest.keyClick(window.canvas, Qt.Key.Key_L),
        lambda: window.actions_by_name["colour_cost"].trigger(),
        lambda: window.actions_by_name["colour_settled"].trigger(),
        lambda: window.services.scorer.start(0.1, given_locked=False),
        lambda: scene.session.playhead.seek(30),
    )
    for do in doings:
        do()
        QApplication.processEvents()
        assert [place(window, part) for part in parts] == before


def test_keys_that_work_the_text_do_nothing_where_it_is_not_on_show(window: MainWindow, scene: Scene) -> None:
    scene.run(64)
    scene.play(64)
    locked, step = scene.session.view.document.locked.tolist(), scene.session.playhead.step
    window.show_panel("compare")
    for key in (Qt.Key.Key_L, Qt.Key.Key_R, Qt.Key.Key_Left, Qt.Key.Key_F):
        QTest.keyClick(window, key)
    assert scene.session.view.document.locked.tolist() == locked
    assert scene.session.playhead.step == step
    QTest.keyClick(window, Qt.Key.Key_1, CTRL)
    QTest.keyClick(window, Qt.Key.Key_Left)
    assert scene.session.playhead.step == step - 1


def test_all_menus_open_from_the_rail(window: MainWindow) -> None:
    menu = window.rail.menu.menu()
    titles = [action.text() for action in menu.actions()]
    assert titles == ["&File", "E&xport", "&Edit", "&Run", "&View", "&Help"]
    assert all(action.menu() is not None for action in menu.actions())


def test_an_error_is_seen_on_every_page(window: MainWindow, scene: Scene) -> None:
    scene.session.errors.show("The disk is full.")
    for name in window.rail.pages:
        window.places.show_page(name)
        assert window.banner.isVisible()


def test_the_form_folds_where_a_panel_needs_the_room_and_comes_back(window: MainWindow) -> None:
    assert window.run_form.sampler.isVisible()
    window.show_panel("likelihood")
    QApplication.processEvents()
    assert not window.run_form.sampler.isVisible()
    assert "64 steps" in window.run_form.summary.text()
    window.run_form.head.click()
    assert window.run_form.sampler.isVisible()
    window.resize(1600, 1000)
    QApplication.processEvents()
    assert window.run_form.sampler.isVisible()
    window.resize(1280, 720)
    QApplication.processEvents()
    assert not window.run_form.sampler.isVisible()
    window.places.reset()
    QApplication.processEvents()
    assert window.run_form.sampler.isVisible()
