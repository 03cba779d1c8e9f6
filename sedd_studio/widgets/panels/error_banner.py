"""The error banner: what happened in one sentence, the details one click away, and a way to put it aside."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QSizePolicy, QWidget

from sedd_studio.painting import icons
from sedd_studio.painting.theme import Look
from sedd_studio.session.errors import Errors
from sedd_studio.widgets.controls.basic import IconButton, keep_up, label
from sedd_studio.widgets.controls.layouts import column, row

DETAIL_HEIGHT = 104
SIDE, WIDEST = 16, 900
"""Pixels beside and under it, and how wide it is at most, where it lies on a page."""
PLACES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)


class ErrorBanner(QFrame):
    """Shows `errors.current`; hidden while there is none. It lies over what it is told to and moves nothing."""

    def __init__(self, errors: Errors, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._errors = errors
        self._look = look
        self._over: tuple[QWidget, QWidget] | None = None
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

    def lie_over(self, pages: QWidget, floor: QWidget, after: QWidget) -> None:
        """Lies at the foot of the `pages`, or above `floor` while that is in sight; Tab comes to it `after` a part."""
        self._over = pages, floor
        self.setParent(pages.parentWidget())
        for part in self._over:
            part.installEventFilter(self)
        for one, other in pairwise((after, self.details, self.close_button, self.detail_text)):
            self.setTabOrder(one, other)
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in PLACES:
            self._place()
        return False

    def _place(self) -> None:
        home = self.parentWidget()
        if self._over is None or home is None or self.isHidden():
            return
        pages, floor = self._over
        if floor.isVisible():
            wide, corner = floor.width(), floor.mapTo(home, QPoint(0, -SIDE // 2))
        else:
            wide = min(pages.width() - 2 * SIDE, WIDEST)
            corner = pages.mapTo(home, QPoint((pages.width() - wide) // 2, pages.height() - SIDE))
        layout = self.layout()
        assert layout is not None
        high = layout.totalHeightForWidth(wide)
        self.setGeometry(corner.x(), corner.y() - high, wide, high)
        self.raise_()

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
        self._place()
