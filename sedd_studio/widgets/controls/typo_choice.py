"""Which word of the text is spoilt, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import Choice, label
from sedd_studio.widgets.controls.layouts import row

if TYPE_CHECKING:
    from sedd_studio.session.choosing import Choosing

KINDS = {"word": "another word", "letter": "a wrong letter", "swap": "two letters swapped"}
WIDTH = 150
"""Pixels of a field."""


class TypoChoice(QWidget):
    """Chooses them of `choice`."""

    def __init__(self, choice: Choosing, look: Look) -> None:
        super().__init__()
        self._choice = choice
        self.word = QLineEdit()
        self.word.setAccessibleName("Word to spoil")
        self.word.setPlaceholderText("any word")
        self.word.setToolTip("As it stands in the text; without one it is a longer word, by the seed.")
        self.kind = Choice("Kind of typo", look, dict(KINDS))
        for field in (self.word, self.kind):
            field.setFixedWidth(WIDTH)
        self.kind.setFixedWidth(WIDTH + 20)
        row(label("Spoil", "muted"), self.word, label("by", "muted"), self.kind, gap=6, of=self)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.word.editingFinished.connect(lambda: choice.choose(word=self.word.text().strip()))
        self.kind.activated.connect(lambda: choice.choose(typo=self.kind.currentData()))

    def refresh(self) -> None:
        chosen = self._choice.chosen
        if not self.word.hasFocus():
            with QSignalBlocker(self.word):
                self.word.setText(chosen.word)
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(self.kind.findData(chosen.typo))
