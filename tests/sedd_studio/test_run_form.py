"""The run form in two columns: what is usual is seen without scrolling, and all of it folds to one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.protocol import Noise
from sedd_studio.widgets.controls.basic import Choice
from sedd_studio.widgets.controls.layouts import Field
from sedd_studio.widgets.panels.run_form import RunForm
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

Left = Qt.MouseButton.LeftButton


@pytest.fixture
def window(scene: Scene, qtbot: QtBot) -> MainWindow:
    window = window_of(scene.session, scene.settings, qtbot)
    window.resize(1280, 720)
    QApplication.processEvents()
    return window


def wholly_seen(part: QWidget) -> bool:
    return part.visibleRegion().boundingRect().size() == part.size()


def test_what_is_usual_is_seen_without_scrolling(window: MainWindow) -> None:
    form = window.run_form
    assert form.sizeHint().height() <= 400
    of_classes = {"label", "guidance"}  # this model knows none
    for part in (form.presets, *(form.main.fields[name] for name in form.main.fields.keys() - of_classes), form.more):
        assert wholly_seen(part)


def test_titles_stand_at_the_left_of_their_controls(window: MainWindow) -> None:
    for field in window.run_form.main.findChildren(Field):
        if field.isHidden():
            continue
        texts = field.findChildren(QLabel)
        assert texts[0] is field.title
        assert len([text for text in texts if text.isVisible() and text.text()]) == 1  # no caption under it
        assert field.title.fontMetrics().horizontalAdvance(field.title.text()) <= field.title.width()
        for control in (field.title.buddy(), *field.findChildren(type(field.title.buddy()))):
            assert control.mapTo(field, QPoint(0, 0)).x() >= field.title.geometry().right()


def test_more_settings_fold_out_and_the_form_scrolls(window: MainWindow) -> None:
    form = window.run_form
    top = form.main.fields["top_p"].mapTo(form, QPoint(0, 0))
    QTest.mouseClick(form.more, Left)
    QApplication.processEvents()
    assert form.folded.isVisible()
    assert form.main.fields["top_p"].mapTo(form, QPoint(0, 0)) == top


def test_the_head_folds_all_of_it_to_one_line_that_says_what_it_holds(scene: Scene, window: MainWindow) -> None:
    form = window.run_form
    scene.session.form.set(steps=32, sampler="tweedie", temperature=0.9)
    tall = form.minimumSizeHint().height()
    form.head.setFocus()
    QTest.keyClick(form.head, Qt.Key.Key_Space)
    QApplication.processEvents()
    assert not form.main.isVisible()
    assert form.summary.isVisible()
    assert form.summary.toolTip() == "Tweedie · 32 steps · temp. 0.90"
    assert form.height() == form.minimumSizeHint().height() == form.sizeHint().height() < 50 < tall
    assert form.head.accessibleName() == "Show the run form"
    scene.session.form.set(steps=16)
    assert "16 steps" in form.summary.toolTip()
    form.set_folded(False)
    QApplication.processEvents()
    assert form.main.isVisible()
    assert not form.summary.isVisible()
    assert form.head.isChecked()


def test_a_form_that_must_be_short_still_shows_some_fields(scene: Scene, window: MainWindow) -> None:
    form: RunForm = window.run_form
    window.resize(window.minimumSize())
    QApplication.processEvents()
    form.head.click()
    QApplication.processEvents()
    assert wholly_seen(form.presets)
    assert wholly_seen(form.main.fields["steps"])


def test_sliders_and_numbers_of_temperature_and_top_p_go_together(scene: Scene, window: MainWindow) -> None:
    main = window.run_form.main
    for name, key, value in (("temperature", Qt.Key.Key_End, 2.0), ("top_p", Qt.Key.Key_Home, 0.05)):
        slider = main.sliders[name]
        slider.setFocus()
        QTest.keyClick(slider, key)
        assert scene.session.form.now.entries[name] == main.controls[name].property("value") == value
    scene.session.form.set(temperature=7.5, top_p=0.42)
    assert (main.sliders["temperature"].number(), main.sliders["top_p"].number()) == (2.0, 0.4)
    assert scene.session.form.now.temperature == 7.5


@pytest.mark.parametrize("noise", ["absorb", "uniform", "none"])
def test_what_is_chosen_is_read_whole(noise: Noise, qtbot: QtBot, tmp_path: Path) -> None:
    scene = Scene(tmp_path, noise=noise)
    window = window_of(scene.session, scene.settings, qtbot)
    form = window.run_form
    form.more.setChecked(True)
    QApplication.processEvents()
    choices = [choice for choice in form.findChildren(Choice) if choice.isVisible()]
    assert len(choices) > 2
    for choice in choices:
        room = choice.width() - 10 - 24  # what the style sheet leaves at its sides
        for row in range(choice.count()):
            text = choice.itemText(row)
            assert choice.fontMetrics().horizontalAdvance(text) <= room, text
