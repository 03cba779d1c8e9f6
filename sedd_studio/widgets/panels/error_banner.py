"""The error banner: what happened in one sentence, the details one click away, and a way to put it aside."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from sedd_studio.painting import icons
from sedd_studio.painting.theme import Theme
from sedd_studio.session.errors import Errors
from sedd_studio.widgets.controls.basic import IconButton, label

DETAIL_HEIGHT = 104


class ErrorBanner(QFrame):
    """Shows `errors.current`; hidden while there is none."""

    def __init__(self, errors: Errors, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._errors = errors
        self._theme = theme
        self.setObjectName("banner")
        self._sign = QLabel()
        self.headline = label()
        self.headline.setWordWrap(True)
        self.headline.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.headline.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.details = IconButton("chevron-right", "Show the details", theme, "Details", "disclosure")
        self.details.setCheckable(True)
        self.close_button = IconButton("close", "Dismiss", theme)
        self.detail_text = QPlainTextEdit(readOnly=True)
        self.detail_text.setAccessibleName("Error details")
        self.detail_text.setFixedHeight(DETAIL_HEIGHT)
        self._arrange()
        self.details.toggled.connect(self._disclose)
        self.close_button.clicked.connect(errors.dismiss)
        errors.changed.connect(self.refresh)
        self.set_theme(theme)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Draw icons in the colours of `theme`."""
        self._theme = theme
        colour = theme.colour("error")
        self._sign.setPixmap(icons.icon("warning", colour, colour, 18).pixmap(QSize(18, 18), self.devicePixelRatioF()))

    def refresh(self) -> None:
        """Show the session's error, or hide."""
        error = self._errors.current
        self.setVisible(error is not None)
        if error is None:
            return
        self.headline.setText(error.headline)
        self.setAccessibleName(f"Error: {error.headline}")
        self.detail_text.setPlainText(error.detail)
        self.details.setVisible(bool(error.detail))
        self.details.setChecked(False)
        self._disclose(False)

    def _disclose(self, shown: bool) -> None:
        self.detail_text.setVisible(shown)
        self.details.set_icon("chevron-down" if shown else "chevron-right", self._theme)
        self.details.set_name("Hide the details" if shown else "Show the details")

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._sign)
        row.addWidget(self.headline, 1)
        row.addWidget(self.details)
        row.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 8, 8)
        column.addLayout(row)
        column.addWidget(self.detail_text)
