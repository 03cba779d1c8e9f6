"""The error banner: what happened in one sentence, the details one click away, and a way to put it aside."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QSizePolicy, QWidget

from sedd_studio.painting import icons
from sedd_studio.painting.theme import Look
from sedd_studio.session.errors import Errors
from sedd_studio.widgets.controls.basic import keep_up, label
from sedd_studio.widgets.controls.buttons import IconButton
from sedd_studio.widgets.controls.layouts import column, row
from sedd_studio.widgets.controls.overlay import Overlay

DETAIL_HEIGHT = 104


class ErrorBanner(Overlay):
    """Shows `errors.current`; hidden while there is none. It lies over what it is told to and moves nothing."""

    def __init__(self, errors: Errors, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._errors = errors
        self._look = look
        self.setObjectName("banner")
        self._sign = QLabel()
        self.headline = label()
        self.headline.setWordWrap(True)
        self.headline.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.headline.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.details = IconButton("chevron-right", "Show the details", look, text="Details", kind="disclosure")
        self.close_button = IconButton("close", "Dismiss", look, errors.dismiss)
        self.detail_text = QPlainTextEdit(readOnly=True)
        self.detail_text.setAccessibleName("Error details")
        self.detail_text.setFixedHeight(DETAIL_HEIGHT)
        head = row(self._sign, (self.headline, 1), self.details, self.close_button, gap=10)
        column(head, self.detail_text, margins=(14, 8, 8, 8), of=self)
        self.details.toggled.connect(self._disclose)
        look.changed.connect(self._draw_sign)
        self._draw_sign()
        keep_up(self.refresh, errors.changed)

    def _draw_sign(self) -> None:
        colour = self._look.colour("error")
        self._sign.setPixmap(icons.icon("warning", colour, colour, 18).pixmap(QSize(18, 18), self.devicePixelRatioF()))

    def refresh(self) -> None:
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
        self.details.disclose(shown, "Hide the details" if shown else "Show the details")
        self.place()
