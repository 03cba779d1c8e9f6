"""What tests of the compare page do on it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from sedd_studio.background.keeper import Keeper
from sedd_studio.record.settings import Settings
from sedd_studio.session.panes import PaneState
from sedd_studio.session.session import Session
from sedd_studio.widgets.controls.chips import Chips
from sedd_studio.widgets.controls.pane_card import PaneCard
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.windows import read, window_of

LEFT = Qt.MouseButton.LeftButton


def on_compare(session: Session, settings: Settings, qtbot: QtBot, keeper: Keeper) -> MainWindow:
    """A window with the compare page on show, opened by its keys; "judge" is its judge."""
    session.form.set(seed=5)
    window = window_of(session, settings, qtbot, keeper)
    window.services.comparison.choice.judge = "judge"
    QTest.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert window.panel("compare").isVisible()
    return window


def compare(window: MainWindow) -> None:
    QTest.mouseClick(window.panel("compare").start, LEFT)


def choose(window: MainWindow, kind: str) -> None:
    """One of the choices that are made at once, from the list."""
    box = window.panel("compare").kind
    box.showPopup()
    box.view().setCurrentIndex(box.model().index(box.findData(kind), 0))
    QTest.keyClick(box.view(), Qt.Key.Key_Return)
    read(window.session)


def add(chips: Chips, text: str) -> None:
    """Another one, from the menu of the chip with the plus."""
    chips.menu.aboutToShow.emit()
    next(action for action in chips.menu.actions() if action.text() == text).trigger()


def figures(card: PaneCard) -> dict[str, str]:
    return {name: shown.toolTip() for name, shown in card.figures.items()}


def done(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(window.services.comparison.panes) and not window.services.comparison.busy)
    judged = [pane for pane in window.services.comparison.panes if pane.state is PaneState.DONE]
    qtbot.waitUntil(lambda: all(pane.verdict is not None for pane in judged))
    qtbot.waitUntil(lambda: window.panel("compare").curve.drawn)
