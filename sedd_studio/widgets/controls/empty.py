"""What stands in the place of something that is not there yet: what one will get, and the button that gets it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStackedWidget, QWidget

from sedd_studio.widgets.controls.basic import label
from sedd_studio.widgets.controls.layouts import column, row

WIDEST = 460
"""Pixels of a line of the sentence."""


class Filled(QStackedWidget):
    """Shows `content`, or a sentence in its place and size, with what gets it."""

    def __init__(self, content: QWidget, sentence: str, button: QPushButton | None = None) -> None:
        super().__init__()
        self.sentence = label(sentence, "muted")
        self.sentence.setWordWrap(True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sentence.setMaximumWidth(WIDEST)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = button
        empty = QWidget()
        below = () if button is None else (row(None, button, None),)
        column(None, row((self.sentence, 1)), *below, None, gap=12, margins=(8, 8, 8, 8), of=empty)
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
