"""A chapter of Learn as it is presented: its figure, one sentence, and the formula if it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from sedd_studio.painting.lessons import picture
from sedd_studio.painting.theme import Look
from sedd_studio.record.chapters import CHAPTERS
from sedd_studio.widgets.controls.basic import keep_up, label
from sedd_studio.widgets.controls.figure_view import FigureView
from sedd_studio.widgets.controls.formula_view import FormulaView, Read
from sedd_studio.widgets.controls.layouts import column, row
from sedd_studio.widgets.dialogs.presenter import scale_of

if TYPE_CHECKING:
    from sedd_studio.session.learning import Learning
    from sedd_studio.session.presenting import Presenting

WAITING = "The numbers are on their way …"
TITLE, SENTENCE, CAPTION, FORMULA, MARGIN = 14, 22, 18, 20, 26
"""Pixels of types, and of the room round it, at a scale of 1; a caption has two sentences."""


class PresentedFigure(QWidget):
    """Shows the open chapter of `learning`, at the step that `presenting` has come to; `read` as in `FormulaView`."""

    def __init__(self, learning: Learning, presenting: Presenting, read: Read, look: Look, formula: bool) -> None:
        super().__init__()
        self._learning, self._presenting = learning, presenting
        self.title, self.caption = label("", "muted"), QLabel()
        self.caption.setTextFormat(Qt.TextFormat.PlainText)
        self.caption.setWordWrap(True)
        self.caption.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.figure, self.beside = FigureView(look, framed=False), FigureView(look, beside=True)
        self.formula = FormulaView(look, read)
        self._unfolded = formula
        self._side = QWidget()
        self._side_column = column((self.beside, 1), self.formula, of=self._side)
        self._middle = row((self.figure, 6), (self._side, 4))
        self._column = column(self.title, self.caption, (self._middle, 1), of=self)
        for view in (self.figure, self.beside):
            view.chosen.connect(learning.choose)
        self.figure.moved.connect(learning.move)
        self.figure.ended.connect(learning.end)
        keep_up(self._open, learning.opened)
        presenting.changed.connect(self.tell)
        learning.changed.connect(self.refresh)

    def setFocus(self, reason: Qt.FocusReason = Qt.FocusReason.OtherFocusReason) -> None:
        """To the figure, which has keys of its own."""
        self.figure.setFocus(reason)

    def unfold(self) -> None:
        """Shows the formula, or hides it."""
        self._unfolded = not self._unfolded
        self.refresh()

    def _open(self) -> None:
        learning = self._learning
        self._picture = picture(learning.name)
        self.title.setText(f"{[*CHAPTERS].index(learning.name) + 1}   {learning.title}")
        self.beside.setVisible(self._picture.share_beside > 0)
        self.refresh()

    def tell(self) -> None:
        """Another step is on show: its sentence is said aloud, too."""
        self.refresh()
        if self.isVisible():
            QAccessible.updateAccessibility(QAccessibleEvent(self.caption, QAccessible.Event.Alert))

    def refresh(self) -> None:
        """Shows what is chosen now."""
        learning, shown, step = self._learning, self._learning.shown, self._presenting.step
        says = learning.chapter.spoken(shown) if shown is not None else learning.refusal or WAITING
        for view in (self.figure, self.beside):
            view.show_figure(self._picture, shown, learning.title, says)
        if step is not None:
            self.caption.setText(step.says)
        elif shown is not None:
            self.caption.setText(learning.chapter.caption(shown))
        self._set(self.caption, CAPTION if step is None else SENTENCE)
        lines = learning.chapter.formula(shown) if shown is not None and self._unfolded else ()
        self.formula.show_lines(lines)
        self.formula.setVisible(bool(lines))

    def _set(self, part: QWidget, size: int) -> None:
        font = part.font()
        font.setPixelSize(round(size * scale_of(self)))
        part.setFont(font)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Everything is as large as the screen allows."""
        super().resizeEvent(event)
        scale = scale_of(self)
        for part, size in ((self.title, TITLE), (self.figure.waiting, TITLE), (self.caption, SENTENCE)):
            self._set(part, size)
        self.caption.setFixedHeight(2 * self.caption.fontMetrics().lineSpacing() + 2)
        self.refresh()
        self.formula.set_largest(FORMULA * scale)
        for view in (self.figure, self.beside):
            view.set_scale(scale)
        margin, gap = round(MARGIN * scale), round(8 * scale)
        self._column.setContentsMargins(margin, round(0.6 * margin), margin, round(0.6 * margin))
        self._column.setSpacing(gap)
        self._middle.setSpacing(2 * gap)
        self._side_column.setSpacing(gap)
        self._side_column.setContentsMargins(0, 0, 0, 0)
