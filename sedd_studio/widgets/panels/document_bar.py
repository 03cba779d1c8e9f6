"""The line above the text: what the document is called, what its colours mean, and which they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QWidget

from engine.plain_text import plain_line
from sedd_studio.painting.theme import Look
from sedd_studio.session.colour_modes import MODES
from sedd_studio.widgets.controls.basic import Choice, Elided, keep_up
from sedd_studio.widgets.controls.layouts import row

if TYPE_CHECKING:
    from sedd_studio.session.colouring import Colouring
    from sedd_studio.session.pages import Pages
    from sedd_studio.session.vocabulary import Vocabulary


class DocumentBar(QWidget):
    """Names the document of `pages` and chooses its colours; the `legend` and the button that opens the prompt as text
    are made by the window."""

    def __init__(
        self, pages: Pages, colouring: Colouring, legend: QWidget, edit: QWidget, words: Vocabulary, look: Look
    ) -> None:
        super().__init__()
        self._pages, self._colouring, self._words = pages, colouring, words
        self.name = Elided("strong")
        self.colours = Choice("Colours of the words", look, dict.fromkeys(MODES, ""))
        self.colours.setToolTip("Colour the words by what is known of them.")
        row((self.name, 1), legend, edit, self.colours, gap=10, margins=(8, 0, 0, 0), of=self)
        self.colours.activated.connect(lambda: colouring.choose(self.colours.currentData()))
        keep_up(self.refresh, pages.named, colouring.changed, words.changed)

    def refresh(self) -> None:
        self.name.show_text(plain_line(self._pages.name) or "Untitled")
        with QSignalBlocker(self.colours):
            for row, mode in enumerate(MODES.values()):
                self.colours.setItemText(row, self._words.say(mode.title))
            self.colours.setCurrentIndex(self.colours.findData(self._colouring.name))
