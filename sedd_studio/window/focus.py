"""Who has the keys: a focused control its own, and the canvas the focus when the control that had it is gone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QApplication, QComboBox, QMainWindow, QWidget
from shiboken6 import isValid

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class KeyGuard(QObject):
    """Leaves a focused control the keys that work it, where a shortcut of the window has the same key; Enter presses a
    button, as Space does."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        _application().focusChanged.connect(self._guard)

    def _guard(self, old: QWidget | None, now: QWidget | None) -> None:
        if isinstance(now, QAbstractButton | QComboBox | QAbstractSlider) and self._window.isAncestorOf(now):
            now.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if event.type() == QEvent.Type.ShortcutOverride and event.key() in _own_keys(watched):
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and event.key() in ENTER and isinstance(watched, QAbstractButton):
            if not event.isAutoRepeat():
                watched.click()
            return True
        return False


class FocusKeeper(QObject):
    """Takes care of the focus when the control that had it is hidden or disabled: Qt would give it to whatever comes
    next, and the next key would work that. It stays in one of `panels`, and goes `home` from elsewhere, if that is on
    show."""

    def __init__(self, window: QMainWindow, home: QWidget, panels: list[QWidget]) -> None:
        super().__init__(window)
        self._window, self._home, self._panels = window, home, panels
        _application().focusChanged.connect(self._follow)

    def _follow(self, old: QWidget | None, now: QWidget | None) -> None:
        if old is None or now is None or not isValid(old) or not self._window.isAncestorOf(now):
            return
        gone = self._window.isAncestorOf(old) and not (old.isVisible() and old.isEnabled())
        panel = next((panel for panel in self._panels if panel.isVisible() and panel.isAncestorOf(old)), None)
        if gone and not (panel is not None and focus_in(panel)) and self._home.isVisible():
            self._home.setFocus()


def focus_in(panel: QWidget, first: QWidget | None = None) -> bool:
    """Gives the focus to what is `first` in a panel; while that cannot have it, as in an empty one, to what can.
    False if nothing can."""
    tabs = (part for part in panel.findChildren(QWidget) if part.focusPolicy() & Qt.FocusPolicy.TabFocus)
    for part in (first, *tabs):
        if part is not None and part.isVisible() and part.isEnabled():
            part.setFocus()
            return True
    return False


def _application() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app


def _own_keys(control: QObject) -> set[int]:
    if isinstance(control, QAbstractSlider):
        return {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End}
    return {Qt.Key.Key_Space}
