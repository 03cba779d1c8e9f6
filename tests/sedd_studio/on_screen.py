"""A chapter or the text on the whole screen, and the keys of a clicker."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from sedd_studio.widgets.dialogs.presenter import Presenter
from sedd_studio.widgets.panels.presented_figure import PresentedFigure
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.windows import press

Key = Qt.Key
Open = Callable[..., Presenter]


def by_f5(window: MainWindow, qtbot: QtBot, name: str = "") -> Presenter:
    """Presents a chapter, or the text, by F5."""
    if name:
        learning = window.services.learning
        learning.open(name)
        QTest.keyClick(window, Key.Key_6, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: learning.shown is not None)
    QTest.keyClick(window, Key.Key_F5)
    presenter = window.findChild(Presenter)
    assert presenter is not None
    qtbot.waitUntil(presenter.isActiveWindow)
    return presenter


def left(window: MainWindow, qtbot: QtBot, key: Qt.Key = Key.Key_Escape) -> None:
    """Ends it by a key."""
    press(key)
    qtbot.waitUntil(lambda: window.findChild(Presenter) is None)


def figure(presenter: Presenter) -> PresentedFigure:
    assert isinstance(presenter.stage, PresentedFigure)
    return presenter.stage
