"""The line above the text while something of a chapter is tried in the studio, with the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import Elided, keep_up
from sedd_studio.widgets.controls.buttons import IconButton, PushButton
from sedd_studio.widgets.controls.layouts import row

if TYPE_CHECKING:
    from sedd_studio.session.trying import Trying


class TryingBar(QFrame):
    """Says what a chapter has set up; `returned` is told when one wants back to it. It is gone once that is over."""

    returned = Signal()

    def __init__(self, trying: Trying, look: Look) -> None:
        super().__init__()
        self.setObjectName("offer")
        self._trying = trying
        self.says = Elided("small")
        self.back = PushButton("Back to the chapter", "chevron-left", look, self.returned.emit)
        self.close_button = IconButton("close", "Stay in the studio", look, trying.end)
        row((self.says, 1), self.back, self.close_button, gap=8, margins=(12, 4, 6, 4), of=self)
        keep_up(self.refresh, trying.changed)

    def refresh(self) -> None:
        trial = self._trying.trial
        self.setVisible(trial is not None)
        if trial is not None:
            self.says.show_text(f"{self._trying.title}: {trial.says}")
