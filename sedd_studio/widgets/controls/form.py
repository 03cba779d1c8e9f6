"""A column of form fields: a title, the control, and a line that says what it does."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sedd_studio.widgets.controls.basic import label


class Field(QWidget):
    """A control with its title, whose shortcut it has, and its `help`; `row` is where others are put beside it."""

    def __init__(self, title: str, control: QWidget, help_text: str) -> None:
        super().__init__()
        inner = QVBoxLayout(self)
        inner.setContentsMargins(0, 0, 0, 20)
        inner.setSpacing(6)
        name = label(title, "strong")
        name.setBuddy(control)
        self.row = QHBoxLayout()
        self.row.setSpacing(12)
        self.row.addWidget(control, 1)
        self.help = label(help_text, "help")
        self.help.setWordWrap(True)
        inner.addWidget(name)
        inner.addLayout(self.row)
        inner.addWidget(self.help)


def column_of(parent: QWidget) -> QVBoxLayout:
    """The column that fills `parent`, without space between its fields or around them."""
    column = QVBoxLayout(parent)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    return column
