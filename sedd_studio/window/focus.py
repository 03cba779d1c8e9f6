"""Who has the keys: a focused control its own, and the canvas the focus when the control that had it is gone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QApplication, QComboBox, QMainWindow, QWidget
from shiboken6 import isValid


class KeyGuard(QObject):
    """Leaves a focused control the keys that work it, where a shortcut of the window has the same key."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        for kind in (QAbstractButton, QComboBox, QAbstractSlider):
            for control in window.findChildren(kind):
                control.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            if plain and event.key() in _own_keys(watched):
                event.accept()
                return True
        return super().eventFilter(watched, event)


class FocusKeeper(QObject):
    """Gives the focus to `home`, where that is on show, when the control that had it is hidden or disabled: Qt would
    give it to whatever comes next, and the next key would work that."""

    def __init__(self, window: QMainWindow, home: QWidget) -> None:
        super().__init__(window)
        self._window, self._home = window, home
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._follow)

    def _follow(self, old: QWidget | None, now: QWidget | None) -> None:
        if old is None or now is None or not isValid(old) or not self._window.isAncestorOf(now):
            return
        gone = self._window.isAncestorOf(old) and not (old.isVisible() and old.isEnabled())
        if gone and self._home.isVisible():
            self._home.setFocus()


def _own_keys(control: QObject) -> set[int]:
    if isinstance(control, QAbstractSlider):
        return {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End}
    return {Qt.Key.Key_Space}
