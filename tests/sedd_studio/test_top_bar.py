"""The top bar holds the one seed, the one number of samples and the device, at every width of the window."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.protocol import Generate
from sedd_studio.painting import theme
from sedd_studio.widgets.controls.basic import Number
from sedd_studio.widgets.dialogs.preferences import PreferencesDialog
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

Left = Qt.MouseButton.LeftButton


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    return window_of(scene.session, scene.settings, qtbot)


def asked(scene: Scene) -> Generate:
    scene.session.runs.start()
    request = scene.runner.requests[-1]
    assert isinstance(request, Generate)
    return request


def place(window: MainWindow, part: QWidget) -> QRect:
    return QRect(part.mapTo(window, QPoint(0, 0)), part.size())


def test_the_dice_draw_another_seed_which_the_field_shows(scene: Scene, window: MainWindow) -> None:
    seed = window.top_bar.seed
    before = seed.number.value()
    QTest.mouseClick(seed.dice, Left)
    assert seed.number.value() == scene.session.form.now.seed == asked(scene).seed != before


def test_a_seed_that_is_typed_is_that_of_the_next_run(scene: Scene, window: MainWindow) -> None:
    number = window.top_bar.seed.number
    number.setFocus()
    number.selectAll()
    QTest.keyClicks(number, "9007199254740991")
    window.actions_by_name["run"].trigger()
    request = scene.runner.requests[-1]
    assert isinstance(request, Generate)
    assert request.seed == 2**53 - 1


def test_samples_are_counted_up_and_down_and_typed(scene: Scene, window: MainWindow) -> None:
    samples = window.top_bar.samples
    assert samples.number.text() == "1 sample"
    assert not samples.fewer.isEnabled()
    for _ in range(2):
        QTest.mouseClick(samples.more, Left)
    assert (samples.number.text(), scene.session.form.now.samples) == ("3 samples", 3)
    QTest.mouseClick(samples.fewer, Left)
    assert asked(scene).samples == 2
    samples.number.setFocus()
    samples.number.selectAll()
    QTest.keyClicks(samples.number, "12")
    QTest.keyClick(samples.number, Qt.Key.Key_Return)
    QTest.keyClick(samples.number, Qt.Key.Key_Up)
    assert asked(scene).samples == 13


def test_seed_and_samples_are_once_in_the_window(window: MainWindow) -> None:
    names = [number.accessibleName() for number in window.findChildren(Number)]
    assert [names.count(name) for name in ("Seed", "Samples")] == [1, 1]


@pytest.mark.parametrize("width", [900, 1000, 1280, 1600])
@pytest.mark.parametrize("running", [False, True])
def test_nothing_in_the_bar_is_cut_off_or_lies_over_another(
    running: bool, width: int, scene: Scene, window: MainWindow
) -> None:
    scene.session.form.set(samples=4096)
    window.resize(width, 700)
    if running:
        scene.run(64, samples=4096)
    QApplication.processEvents()
    bar = window.top_bar
    parts: list[QWidget] = [bar.picker, bar.noise, bar.run_button, bar.pause, bar.step, bar.stop]
    parts += [bar.seed.number, bar.seed.dice, bar.samples.fewer, bar.samples.number, bar.samples.more, bar.device]
    places = [place(window, part) for part in parts]
    assert all(part.isVisible() for part in parts)
    assert place(window, bar).contains(places[-1])
    for one, other in pairwise(places):
        assert one.right() < other.left()
    for part in parts[1:]:
        assert part.width() >= part.minimumSizeHint().width() or isinstance(part, Number)


def test_names_are_said_where_there_is_room_for_them(window: MainWindow) -> None:
    bar = window.top_bar
    window.resize(1600, 700)
    QApplication.processEvents()
    assert (bar.step.text(), bar.noise.text(), bar.device.text()) == ("Step", "Absorbing noise", "CPU · bf16")
    assert "12 M" in bar.picker.text()
    window.resize(900, 700)
    QApplication.processEvents()
    assert (bar.step.text(), bar.step.accessibleName()) == ("", "Step")
    window.resize(1600, 700)
    QApplication.processEvents()
    assert bar.step.text() == "Step"


@pytest.mark.parametrize("by_key", [False, True])
def test_the_device_opens_its_settings(by_key: bool, window: MainWindow, qtbot: QtBot) -> None:
    device = window.top_bar.device
    assert device.accessibleName() == "Device: CPU · bf16"
    if by_key:
        device.setFocus()
        QTest.keyClick(device, Qt.Key.Key_Space)
    else:
        QTest.mouseClick(device, Left)
    page = window.findChild(PreferencesDialog)
    assert isinstance(page, PreferencesDialog)
    qtbot.waitUntil(page.isVisible)
    row = page.rows["device"]
    qtbot.waitUntil(page.controls["device"].hasFocus)
    assert row.visibleRegion().boundingRect().height() == row.height()


def test_the_run_button_is_the_runs_progress_bar_in_its_own_place(scene: Scene, window: MainWindow) -> None:
    button = window.top_bar.run_button
    before = button.geometry()

    def at(share: float) -> QColor:
        return button.grab().toImage().pixelColor(round(share * before.width()), before.height() - 5)

    assert at(0.4) == at(0.6)
    scene.run(10)
    scene.play(5)
    QApplication.processEvents()
    assert at(0.4) == window.look.colour("on_accent") != at(0.6)
    assert button.geometry() == before
    scene.play(10)
    assert at(0.4) == at(0.6)


def test_the_status_line_keeps_its_height_whatever_it_says(scene: Scene, window: MainWindow) -> None:
    QApplication.processEvents()
    line, canvas = window.status_line.geometry(), window.canvas.geometry()
    scene.session.models.open("another")
    QApplication.processEvents()
    assert window.status_line.bar.isVisible()
    window.status_line.folder.setVisible(True)
    QApplication.processEvents()
    assert (window.status_line.height(), window.canvas.geometry()) == (line.height(), canvas)


def test_how_wide_it_was_before_says_nothing_of_how_it_is(window: MainWindow, qapp: QApplication) -> None:
    theme.apply(qapp, theme.LIGHT)
    bar, found = window.top_bar, []
    for before in (900, 1280, 1600):
        for width in (before, 1366):
            window.resize(width, 720)
            QApplication.processEvents()
        parts = (
            bar.picker,
            bar.noise,
            bar.run_button,
            bar.pause,
            bar.step,
            bar.stop,
            bar.seed,
            bar.samples,
            bar.device,
        )
        found.append([place(window, part) for part in parts])
        assert all(one.right() < other.left() for one, other in pairwise(found[-1]))
    assert found[0] == found[1] == found[2]


def test_buttons_say_what_they_do_beside_a_long_name_on_a_small_display(tmp_path: Path, qtbot: QtBot) -> None:
    scene = Scene(tmp_path, domain="molecules")
    window = window_of(scene.session, scene.settings, qtbot)
    window.resize(1280, 720)
    QApplication.processEvents()
    bar = window.top_bar
    for running in (False, True):
        if running:
            scene.run(64)
            QApplication.processEvents()
        assert [button.text() for button in (bar.pause, bar.step, bar.stop)] == ["Pause", "Step", "Stop"]
        assert bar.run_button.text() == f"{'Filling' if running else 'Fill'} 24 tokens"
