"""The page that lists the keyboard shortcuts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

ON_THE_CANVAS = (
    ("Arrows", "Move the cursor from word to word"),
    ("Shift + arrows", "Extend the selection"),
    ("L or Enter", "Lock or unlock the selection, or the word at the cursor"),
    ("Double click or F2", "Edit the selection, or the word"),
    ("Typing", "Replace the selection"),
    ("Delete", "Make a gap of the selection, or of the word"),
    ("+ and -", "Make the gap at the cursor longer or shorter; the handle at its end does, too"),
    ("Ctrl + wheel", "Zoom"),
)


class Listed(Protocol):
    """What the page needs to know of a command."""

    @property
    def text(self) -> str:
        """What it is called in the menu."""

    @property
    def shortcut(self) -> str:
        """Its keys."""


def show_shortcuts(parent: QWidget, commands: Iterable[Listed]) -> QDialog:
    """Opens the page over `parent` and returns it; it closes by Esc."""
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("Keyboard shortcuts")
    native = QKeySequence.SequenceFormat.NativeText
    rows = [
        (QKeySequence(command.shortcut).toString(native), command.text.replace("&", "").removesuffix(" …"))
        for command in commands
        if command.shortcut
    ]
    column = QVBoxLayout(dialog)
    column.setContentsMargins(24, 20, 24, 16)
    column.setSpacing(10)
    for title, entries in (("Everywhere", rows), ("On the text", list(ON_THE_CANVAS))):
        column.addWidget(_heading(title))
        column.addLayout(_table(entries))
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    column.addWidget(buttons)
    dialog.open()
    return dialog


def _heading(text: str) -> QLabel:
    heading = QLabel(text)
    heading.setProperty("role", "strong")
    return heading


def _table(entries: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(28)
    half = (len(entries) + 1) // 2
    for number, (keys, what) in enumerate(entries):
        row, side = number % half, 2 * (number // half)
        grid.addWidget(QLabel(what), row, side)
        grid.addWidget(QLabel(keys), row, side + 1)
    return grid
