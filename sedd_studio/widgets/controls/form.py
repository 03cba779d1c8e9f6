"""A column of form fields: a title, the controls, and a line that says what they do."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sedd_studio.widgets.controls.basic import IconButton, label


def add_field(column: QVBoxLayout, title: str, controls: list[QWidget], help_text: str | QLabel) -> QWidget:
    """Adds a field to a column, and returns it; the first control that can be typed into has the title's shortcut."""
    field = QWidget()
    inner = QVBoxLayout(field)
    inner.setContentsMargins(0, 0, 0, 20)
    inner.setSpacing(6)
    name = label(title, "strong")
    name.setBuddy(controls[-1] if not isinstance(controls[-1], IconButton) else controls[0])
    row = QHBoxLayout()
    row.setSpacing(12)
    for control in controls:
        row.addWidget(control, 0 if isinstance(control, IconButton) else 1)
    help_label = label(help_text, "help") if isinstance(help_text, str) else help_text
    help_label.setWordWrap(True)
    inner.addWidget(name)
    inner.addLayout(row)
    inner.addWidget(help_label)
    column.addWidget(field)
    return field
