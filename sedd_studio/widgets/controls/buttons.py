"""Buttons with an icon of ours, beside words or alone."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QAbstractButton, QPushButton, QToolButton

from sedd_studio.painting import icons
from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import plain

Do = Callable[[], object]
AFTER = 4
"""Pixels between an icon and the text of its button, beside those that the style has there."""


class Sign(QObject):
    """The icon on a button, in two colours of the look: while the button can be pressed, and while it cannot.

    Of buttons that are hidden while the look changes it is drawn anew when they are shown: there are a hundred.
    """

    def __init__(
        self, button: QAbstractButton, icon: str, look: Look, on: str = "text", off: str = "faint", after: int = 0
    ) -> None:
        super().__init__(button)
        self._button, self._icon, self._look, self._colours, self._after = button, icon, look, (on, off), after
        look.changed.connect(self._follow)
        self._draw()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The button is watched while the look has changed since the icon was drawn."""
        if event.type() == QEvent.Type.Show:
            self._button.removeEventFilter(self)
            self._draw()
        return super().eventFilter(watched, event)

    def show(self, icon: str) -> None:
        if icon != self._icon:
            self._icon = icon
            self._draw()

    def leave(self, after: int) -> None:
        """So many pixels are free after it."""
        if after != self._after:
            self._after = after
            self._draw()

    def tint(self, colour: str) -> None:
        """Another colour, of the look, while the button can be pressed."""
        self._colours = (colour, self._colours[1])
        self._draw()

    def _follow(self) -> None:
        if self._button.isVisible():
            self._draw()
        else:
            self._button.installEventFilter(self)

    def _draw(self) -> None:
        on, off = self._colours
        self._button.setIcon(icons.icon(self._icon, self._look.colour(on), self._look.colour(off), after=self._after))


class PushButton(QPushButton):
    """A button with an icon of ours that calls `do`; `primary` is the one that stands out."""

    def __init__(self, text: str, icon: str, look: Look, do: Do | None = None, primary: bool = False) -> None:
        super().__init__()
        self.setAccessibleName(text)
        if primary:
            self.setProperty("kind", "primary")
        self.sign = Sign(self, icon, look, *(("on_accent", "muted") if primary else ("text", "faint")))
        self.setText(text)
        if do is not None:
            self.clicked.connect(do)

    def setText(self, text: str) -> None:
        super().setText(text)
        after = AFTER if text else 0
        self.setIconSize(QSize(14 + after, 14))
        self.sign.leave(after)


class IconButton(QToolButton):
    """A button that calls `do`: only an icon, or an icon and quiet text; `name` says aloud what it does.

    A "toggle" or a "disclosure" is on or off.
    """

    def __init__(
        self, icon: str, name: str, look: Look, do: Do | None = None, text: str = "", kind: str = "quiet"
    ) -> None:
        super().__init__()
        self.setProperty("kind", kind)
        self.setCheckable(kind in ("toggle", "disclosure"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        size, after = 12 if kind == "disclosure" else 16, AFTER if text else 0
        self.setIconSize(QSize(size + after, size))
        self.set_name(name)
        if text:
            self.setText(text)
            self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.sign = Sign(self, icon, look, {"disclosure": "muted", "toggle": "accent"}.get(kind, "text"), after=after)
        if do is not None:
            self.clicked.connect(do)

    def set_name(self, name: str) -> None:
        """Say what the button does now, aloud and in the tooltip."""
        self.setAccessibleName(name)
        self.setToolTip(plain(name))

    def disclose(self, shown: bool, name: str) -> None:
        """Points to what is folded out, or folded in; `name` says what it does now."""
        self.sign.show("chevron-down" if shown else "chevron-right")
        self.set_name(name)
