"""The line of help at the foot says what is pointed at or has the focus, and moves nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.protocol.options import ENTRIES
from engine.protocol.sampler_table import SAMPLERS
from sedd_studio.background.keeper import Keeper
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

HINT = "Select words to lock, redraw or replace them"
SUMMARIES = {row.name: row.summary for row in SAMPLERS}


@pytest.fixture
def window(scene: Scene, qtbot: QtBot, keeper: Keeper) -> MainWindow:
    window = window_of(scene.session, scene.settings, qtbot, keeper)
    text = window.canvas.viewport()
    QTest.mouseClick(text, Qt.MouseButton.LeftButton)  # no button is down, whatever was before
    for place in (QPoint(9, 9), text.rect().center()):  # and the pointer is here, wherever it was
        QTest.mouseMove(text, place)
    window.canvas.setFocus()
    return window


def told(window: MainWindow) -> str:
    """The whole text, which is the tooltip, too."""
    return window.status_line.help.toolTip()


def point_at(window: MainWindow, part: QWidget) -> None:
    QTest.mouseMove(window, part.mapTo(window, part.rect().center()))
    QApplication.processEvents()


def test_the_help_of_what_is_pointed_at_is_told_until_the_pointer_leaves(window: MainWindow) -> None:
    field = window.run_form.main.fields["temperature"]
    assert told(window) == HINT
    point_at(window, field.title)
    assert told(window) == ENTRIES["temperature"].help
    point_at(window, window.run_form.main.controls["temperature"])
    assert told(window) == ENTRIES["temperature"].help
    point_at(window, window.top_bar.samples.number)
    assert told(window) == ENTRIES["samples"].help
    point_at(window, window.canvas)
    assert told(window) == HINT


def test_the_hint_on_words_stands_where_there_are_words(window: MainWindow) -> None:
    for page in ("history", "compare", "likelihood"):
        window.places.show_page(page)
        assert HINT not in told(window)
        window.places.show_page("studio")
        window.canvas.setFocus()
        assert told(window) == HINT


def test_the_help_of_what_has_the_focus_is_told(scene: Scene, window: MainWindow) -> None:
    window.run_form.main.controls["top_p"].setFocus()
    assert told(window) == ENTRIES["top_p"].help
    window.run_form.sampler.setFocus()
    assert told(window) == SUMMARIES[window.run_form.sampler.currentData()]
    QTest.keyClick(window.run_form.sampler, Qt.Key.Key_Down)
    assert told(window) == SUMMARIES[scene.session.form.now.sampler]
    window.canvas.setFocus()
    assert told(window) == HINT


def test_each_sampler_is_told_while_the_list_is_open(window: MainWindow) -> None:
    sampler = window.run_form.sampler
    sampler.setFocus()
    sampler.showPopup()
    QTest.keyClick(sampler.view(), Qt.Key.Key_Down)
    assert told(window) == SUMMARIES[sampler.itemData(1)]
    sampler.hidePopup()


def test_help_stands_beside_what_works_and_moves_nothing(scene: Scene, window: MainWindow) -> None:
    window.resize(window.minimumSize())
    QApplication.processEvents()
    window.run_form.head.click()
    scene.session.form.set(sampler="gibbs")
    QApplication.processEvents()
    line = window.status_line
    before = [(part, part.geometry()) for part in (window.canvas, window.run_form, line, line.text, line.help)]
    point_at(window, window.run_form.main.fields["sampler"].title)
    assert told(window) == SUMMARIES["gibbs"]
    assert line.text.isVisible()
    assert line.text.text() == "Ready"
    assert window.statusBar().currentMessage() == ""
    for part, place in before:
        assert part.geometry() == place
    assert line.help.fontMetrics().horizontalAdvance(line.help.text()) <= line.help.width()


def test_a_help_that_changes_while_it_is_read_is_told_anew(scene: Scene, window: MainWindow) -> None:
    point_at(window, window.run_form.main.fields["sampler"].title)
    scene.session.form.set(sampler="subset")
    assert told(window) == SUMMARIES["subset"]
    scene.session.form.set(steps=5)
    assert told(window) == SUMMARIES["subset"]


def test_where_one_points_counts_more_than_the_focus_until_that_moves(window: MainWindow) -> None:
    window.run_form.main.controls["top_p"].setFocus()
    point_at(window, window.run_form.main.fields["steps"].title)
    assert told(window) == ENTRIES["steps"].help
    QTest.mouseMove(window, window.canvas.mapTo(window, QPoint(20, 20)))
    QApplication.processEvents()
    assert told(window) == ENTRIES["top_p"].help


def test_at_a_model_of_blocks_the_hint_says_that_later_locks_are_not_seen(window: MainWindow, scene: Scene) -> None:
    scene.load(replace(scene.info, facts={"writes": "blocks of 4 tokens, each given those before"}))
    assert told(window).startswith("This model writes block by block: words that are locked behind the block of a gap")
    window.places.show_page("history")
    assert "block" not in told(window)
    window.places.show_page("studio")
    scene.load(replace(scene.info, facts={}))
    assert told(window) == HINT
