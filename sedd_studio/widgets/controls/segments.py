"""Buttons beside each other of which one is down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QButtonGroup, QFrame, QSizePolicy, QToolButton

from sedd_studio.widgets.controls.basic import literal
from sedd_studio.widgets.controls.layouts import row

AROUND = 28
"""Pixels of a button beside its words."""


class Segments(QFrame):
    """One of some `options`, titles by value, is chosen: `take` is told which. `title` is for screen readers."""

    def __init__(self, title: str, options: Mapping[Any, str], take: Callable[[Any], object]) -> None:
        super().__init__()
        self.setObjectName("segments")
        self.setAccessibleName(title)
        self.buttons: dict[Any, QToolButton] = {}
        self._group = QButtonGroup(self)
        for value, name in options.items():
            self.buttons[value] = button = QToolButton()
            button.setProperty("kind", "segment")
            button.setText(literal(name))
            bold = button.font()
            bold.setBold(True)
            button.setMinimumWidth(QFontMetrics(bold).horizontalAdvance(name) + AROUND)  # when it is down
            button.setCheckable(True)
            button.setAccessibleName(f"{title}: {name}")
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(lambda _=False, value=value: take(value))
            self._group.addButton(button)
        row(*self.buttons.values(), gap=2, margins=(3, 3, 3, 3), of=self)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def choose(self, value: Any) -> None:
        """Shows which one is chosen; none is down if it is none of them."""
        self._group.setExclusive(value in self.buttons)
        for each, button in self.buttons.items():
            button.setChecked(each == value)
        focus = Qt.FocusPolicy
        for each, button in self.buttons.items():  # Tab leads to the one that is down, and arrows to the others
            button.setFocusPolicy(focus.StrongFocus if each == value or value not in self.buttons else focus.ClickFocus)
