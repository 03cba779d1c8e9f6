"""What tests of the page of Learn do on it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.protocol import Lesson
from sedd_studio.record.chapters import CHAPTERS
from sedd_studio.widgets.controls.lesson_controls import PickControl, SlideControl
from sedd_studio.widgets.panels.learn_panel import LearnPanel
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.fake_engine import FakeEngine

Open = Callable[..., LearnPanel]


def open_chapter(window: MainWindow, qtbot: QtBot, name: str = "texts") -> LearnPanel:
    """Shows a chapter, by keys, with its figure."""
    QTest.keyClick(window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.findChild(LearnPanel) is not None and page(window).figure.shown is not None)
    made = page(window)
    place = [*CHAPTERS].index(name)
    made.chapters.setFocus()
    QTest.keyClick(made.chapters, Qt.Key.Key_Home)
    for _ in range(place):
        QTest.keyClick(made.chapters, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: window.services.learning.name == name and made.figure.shown is not None)
    made.figure.setFocus()
    return made


def page(window: MainWindow) -> LearnPanel:
    found = window.findChild(LearnPanel)
    assert found is not None
    return found


def lessons(engine: FakeEngine) -> list[Lesson]:
    return [request for request in engine.requests if isinstance(request, Lesson)]


def slide(panel: LearnPanel, name: str) -> SlideControl:
    control = panel.controls.controls[name]
    assert isinstance(control, SlideControl)
    return control


def pick(panel: LearnPanel, name: str) -> PickControl:
    control = panel.controls.controls[name]
    assert isinstance(control, PickControl)
    return control


def press(panel: LearnPanel, key: Qt.Key) -> None:
    QTest.keyClick(panel.figure, key)
    QApplication.processEvents()
