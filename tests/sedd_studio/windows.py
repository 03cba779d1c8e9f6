"""Windows and parts of them on screen, so that keys and clicks go where a user's would."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from sedd_studio.background.keeper import Keeper
from sedd_studio.painting import theme
from sedd_studio.record.history import Entry, History, LeftOver
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.widgets.controls.pane_card import PaneCard
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.services import Services

W = TypeVar("W", bound=QWidget)
TIME_LEFT = re.compile("about .* left|almost done", re.IGNORECASE)
"""What is said of how long something takes; which of them depends on the machine."""


def window_of(session: Session, settings: Settings, qtbot: QtBot, keeper: Keeper | None = None) -> MainWindow:
    """The window on a session; without a `keeper` its history lies beside the settings."""
    keeper = keeper or Keeper(settings.path.with_name("history.sqlite3"))
    window = MainWindow(Services(session, settings, keeper), theme.LIGHT)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    return window


def read(session: Session) -> None:
    """Waits until the files that were opened are read and taken."""
    for _ in range(2_000):
        if not session.reader.busy:
            return
        QTest.qWait(5)
    raise AssertionError("a file is read for more than ten seconds")


def cards_of(window: MainWindow) -> list[PaneCard]:
    """Those of the comparison on show, which come one after the other."""
    for _ in range(2_000):
        panel = window.panel("compare")
        cards: list[PaneCard] = panel.cards
        if [card.pane for card in cards] == window.services.comparison.panes:
            return cards
        QTest.qWait(5)
    raise AssertionError("cards are made for more than ten seconds")


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key goes to what has the focus."""
    control = QApplication.focusWidget()
    assert control is not None
    QTest.keyClick(control, key, modifiers)
    QApplication.processEvents()


def shown(qtbot: QtBot, widget: W) -> W:
    """A part alone, as tall as it asks to be."""
    qtbot.addWidget(widget)
    widget.resize(900, max(widget.sizeHint().height(), 40))
    widget.show()
    return widget


def listed_in(keeper: Keeper, favourites: bool = False) -> list[Entry]:
    """The runs in the history, as another connection sees them."""
    with closing(History(keeper.path)) as history:
        return history.search(favourites=favourites)


def left_in(keeper: Keeper) -> LeftOver | None:
    """What a session left there, whosever it is."""
    with closing(History(keeper.path)) as history:
        return left_over(history)


def left_over(history: History) -> LeftOver | None:
    """What a session left, whosever it is."""
    return next((left for number in history.sessions() if (left := history.left_by(number)) is not None), None)
