"""The full screen in which something is presented: the keys of a clicker, a black screen, a large pointer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QMouseEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLayout, QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import label
from sedd_studio.widgets.controls.laser import Laser
from sedd_studio.widgets.controls.layouts import column

Key = Qt.Key
Do = Callable[[], object]
LEAVES, BLACKENS, POINTS = (Key.Key_Escape, Key.Key_F5), (Key.Key_B, Key.Key_Period), (Key.Key_L,)
WAYS = {Key.Key_Left: QPoint(-1, 0), Key.Key_Right: QPoint(1, 0), Key.Key_Up: QPoint(0, -1), Key.Key_Down: QPoint(0, 1)}
LOGICAL = (1066, 600)
"""The screen that a scale of 1 is for, in pixels."""
HINT = "Page Down: on    Page Up: back    B: black    L: pointer    {more}    Esc: end"


def scale_of(widget: QWidget) -> float:
    """How many times as large as usual type is on a screen of that size."""
    return max(0.6, min(widget.width() / LOGICAL[0], widget.height() / LOGICAL[1]))


class Presenter(QWidget):
    """Shows a `stage`; `keys` do what they do with it. It tells `left` when it is over, and is gone then."""

    left = Signal()

    def __init__(self, stage: QWidget, keys: Mapping[Qt.Key, Do], more: str, look: Look, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("presenter")
        self.setWindowTitle("Presenting - SEDD Studio")
        self.stage, self._keys, self._over = stage, keys, False
        column(stage, gap=0, of=self).setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # the screen's is it
        self.hint = label(HINT.format(more=more), "muted")
        self.hint.setParent(self)
        self.hint.setObjectName("hint")
        self.black = QWidget(self)
        self.black.setAutoFillBackground(True)
        self.black.setPalette(QPalette(Qt.GlobalColor.black))
        self.black.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.black.setAccessibleName("The screen is black; B brings it back")
        self.black.hide()
        self.laser = Laser(look, self)
        for part in (self, *self.findChildren(QWidget)):
            part.setMouseTracking(True)
            part.installEventFilter(self)

    def begin(self) -> None:
        """Fills the screen on which the window is."""
        parent = self.parentWidget()
        assert parent is not None
        self.setGeometry(parent.screen().geometry())
        self.showFullScreen()
        self.activateWindow()
        self.stage.setFocus()

    def set_black(self, black: bool) -> None:
        """Shows nothing at all, or what it shows."""
        self.black.setVisible(black)
        self.black.raise_()
        self._show_cursor()
        (self.black if black else self.stage).setFocus()

    def point(self, wanted: bool) -> None:
        """Shows the large pointer where the mouse is, or no more."""
        at = self.mapFromGlobal(self.cursor().pos())
        self.laser.put(at if self.rect().contains(at) else self.rect().center())
        self.laser.setVisible(wanted)
        self._show_cursor()

    def _show_cursor(self) -> None:
        if self.laser.isVisible() or self.black.isVisible():
            self.setCursor(Qt.CursorShape.BlankCursor)
        else:
            self.unsetCursor()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What the stage has no use for."""
        key, black = Key(event.key()), self.black.isVisible()
        self.hint.hide()
        if key == Key.Key_F1:
            self.hint.show()
        elif key in LEAVES and not event.isAutoRepeat():
            self.close()
        elif key in BLACKENS and not event.isAutoRepeat():
            self.set_black(not black)
        elif black and key in self._keys:
            self.set_black(False)  # a step that nobody sees would be lost
        elif key in POINTS and not event.isAutoRepeat():
            self.point(not self.laser.isVisible())
        elif key in self._keys:
            self._keys[key]()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The pointer follows the mouse over every part, and Shift with the arrows."""
        if not self.laser.isVisible():
            return False
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseMove:
            self.laser.put(self.mapFromGlobal(event.globalPosition()).toPoint())
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and _walks(event):
            self.laser.put(self.laser.middle + WAYS[Key(event.key())] * max(1, self.height() // 40))
            return True
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        scale = scale_of(self)
        font = self.hint.font()
        font.setPixelSize(round(12 * scale))
        self.hint.setFont(font)
        self.hint.adjustSize()
        self.hint.move((self.width() - self.hint.width()) // 2, self.height() - self.hint.height() - round(8 * scale))
        self.black.setGeometry(self.rect())

    def changeEvent(self, event: QEvent) -> None:
        """What it covers need not be painted, as long as nobody has turned to that."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange:
            self._cover(self.isActiveWindow())

    def _cover(self, covers: bool) -> None:
        parent = self.parentWidget()
        if parent is not None:
            parent.setUpdatesEnabled(not covers)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        if not self._over:
            self._over = True
            self._cover(False)
            self.left.emit()


def _walks(event: QKeyEvent) -> bool:
    """Whether it is an arrow with Shift."""
    return event.key() in WAYS and bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
