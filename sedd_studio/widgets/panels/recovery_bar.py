"""The offer to bring back what a session left that did not end properly."""

from __future__ import annotations

from PySide6.QtCore import Signal

from sedd_studio.painting.theme import Look
from sedd_studio.record.history import LeftOver
from sedd_studio.widgets.controls.basic import label
from sedd_studio.widgets.controls.buttons import PushButton
from sedd_studio.widgets.controls.layouts import row
from sedd_studio.widgets.controls.overlay import Overlay

OFFER = "The studio did not close properly last time. Its text and its run can be brought back."


class RecoveryBar(Overlay):
    """Hidden until something is offered; Restore says `wanted`, Dismiss puts the offer aside."""

    wanted = Signal(object)
    """With the `LeftOver` that was offered."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._left: LeftOver | None = None
        self.setObjectName("offer")
        self.setAccessibleName(OFFER)
        self.text = label(OFFER)
        self.text.setWordWrap(True)
        self.restore_button = PushButton("Restore", "play", look, self._restore)
        self.dismiss_button = PushButton("Dismiss", "close", look, self.hide)
        row((self.text, 1), self.restore_button, self.dismiss_button, margins=(14, 8, 8, 8), of=self)
        self.hide()

    def offer(self, left: LeftOver) -> None:
        """Offers it, unless something else was offered before: the newest comes first."""
        if self._left is None:
            self._left = left
            self.show()
            self.place()

    def _restore(self) -> None:
        self.hide()
        self.wanted.emit(self._left)
