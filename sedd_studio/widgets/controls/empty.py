"""What stands in the place of something that is not there yet: a sentence of what one will get."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from sedd_studio.widgets.controls.basic import label
from sedd_studio.widgets.controls.layouts import column, row

WIDEST = 460
"""Pixels of a line of the sentence."""


class Filled(QStackedWidget):
    """Shows `content`, or a sentence in its place and size; what gets it stands at the head of the panel."""

    def __init__(self, content: QWidget, sentence: str) -> None:
        super().__init__()
        self.sentence = label(sentence, "muted")
        self.sentence.setWordWrap(True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sentence.setMaximumWidth(WIDEST)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        empty = QWidget()
        column(None, row((self.sentence, 1)), None, margins=(8, 8, 8, 8), of=empty)
        self.addWidget(empty)
        self.addWidget(content)

    def show_content(self, there: bool) -> None:
        self.setCurrentIndex(int(there))

    @property
    def is_filled(self) -> bool:
        return self.currentIndex() == 1

    def say(self, sentence: str) -> None:
        self.sentence.setText(sentence)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())
