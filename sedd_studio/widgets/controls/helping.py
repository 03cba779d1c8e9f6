"""What a control says of itself: in its tooltip, and in the line of help at the foot of the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QStatusTipEvent
from PySide6.QtWidgets import QApplication, QWidget

from sedd_studio.widgets.controls.basic import Elided, plain


def explain(control: QWidget, text: str) -> None:
    """Gives a control, or a row of them, its help; that is told anew where it is being read."""
    if text != control.statusTip():
        control.setToolTip(plain(text))
        control.setStatusTip(text)
        focus = QApplication.focusWidget()
        if control.underMouse() or (focus is not None and (control is focus or control.isAncestorOf(focus))):
            QApplication.sendEvent(control, QStatusTipEvent(text))


class HelpLine(Elided):
    """The help of what is pointed at or, where nothing is that has some, of what has the focus; else a hint.

    Qt tells a window what is pointed at by `StatusTip` events, those of menus among them.
    """

    def __init__(self) -> None:
        super().__init__("help")
        self._hint = ""
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._follow)
        self._tell("")

    def give_hint(self, hint: str) -> None:
        self._hint = hint
        self._tell("")

    def listen(self, window: QWidget) -> None:
        """Takes what the window is told, which would show it in place of its status line."""
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QStatusTipEvent):
            self._tell(event.tip())
            return True
        return super().eventFilter(watched, event)

    def _follow(self, old: QWidget | None, now: QWidget | None) -> None:
        self._tell("")

    def _tell(self, tip: str) -> None:
        self.show_text(tip or _help_of(QApplication.focusWidget()) or self._hint)


def _help_of(control: QWidget | None) -> str:
    """That of a control, or of the row that it stands in."""
    while control is not None and not control.statusTip():
        control = control.parentWidget()
    return "" if control is None else control.statusTip()
