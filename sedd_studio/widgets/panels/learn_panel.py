"""The page of Learn: the chapters at the left; of the open one a figure, a caption, and three controls at most."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QScrollArea, QSizePolicy, QWidget

from sedd_studio.painting.lessons import picture
from sedd_studio.painting.theme import Look
from sedd_studio.record.chapters import CHAPTERS
from sedd_studio.widgets.controls.basic import ProgressLine, keep_up, label
from sedd_studio.widgets.controls.buttons import IconButton, PushButton
from sedd_studio.widgets.controls.chapter_list import ChapterList
from sedd_studio.widgets.controls.figure_view import FigureView
from sedd_studio.widgets.controls.formula_view import FormulaView, Read
from sedd_studio.widgets.controls.helping import explain
from sedd_studio.widgets.controls.layouts import column, row
from sedd_studio.widgets.controls.lesson_controls import LessonControls

if TYPE_CHECKING:
    from sedd_studio.session.learning import Learning

CHAPTER_COLUMN, NUMBERS, NARROW = 232, 64, 900
"""Pixels of the column of chapters, and where it has their numbers alone: on a page that is less wide than the last."""
CAPTION, LINE = 42, 18
"""Pixels of the two lines of a caption, and of the third that it has on a narrow page."""
WAITING = "The numbers are on their way …"
KEYS = "Page Up and Page Down turn to other chapters."


class Caption(QLabel):
    """Two lines, or three, whatever is said: another sentence moves nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "caption")
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.setFixedHeight(CAPTION)

    def hasHeightForWidth(self) -> bool:
        """Not: else what scrolls round it would be as tall as all its parts would like."""
        return False


class LearnPanel(QWidget):
    """Shows the chapter of `learning`; `tried` is told when what is on show is to be tried in the studio, `presented`
    when it is to fill the screen. `read` as in `FormulaView`."""

    tried = Signal()
    presented = Signal()

    def __init__(self, learning: Learning, read: Read, look: Look) -> None:
        super().__init__()
        self._learning = learning
        self.about, self.about_says = LessonControls(look, framed=False), label("", "muted")
        self.chapters = ChapterList(CHAPTERS, look)
        self.progress_says, self.progress = label("", "help"), ProgressLine("Chapters seen")
        self.title = label("", "title")
        self.caption = Caption()
        self.figure, self.beside = FigureView(look), FigureView(look, beside=True)
        self.formula_button = IconButton(
            "chevron-right", "Show the formula", look, text="Show the formula", kind="disclosure"
        )
        self.formula = FormulaView(look, read)
        self.formula_card = QFrame()
        self.formula_card.setObjectName("card")
        column(self.formula, margins=(16, 12, 16, 12), of=self.formula_card)
        self.formula_card.hide()
        self.controls = LessonControls(look)
        self.back, self.on = PushButton("", "chevron-left", look), PushButton("", "chevron-right", look)
        self.on.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the sign behind the title
        self.try_button = PushButton("Try it in the studio", "page", look, self.tried.emit, primary=True)
        self.present_button = IconButton(
            "enlarge", "Present on the whole screen (F5)", look, self.presented.emit, text="Present"
        )
        self.export_button = PushButton("Export", "download", look)
        self.exports = QMenu(self.export_button)
        self.export_button.setMenu(self.exports)
        self._arrange()
        self._connect()

    def offer_exports(self, actions: Sequence[QAction]) -> None:
        """What can be exported of a chapter."""
        self.exports.addActions(actions)

    def setFocus(self, reason: Qt.FocusReason = Qt.FocusReason.OtherFocusReason) -> None:
        """To the figure: its keys are those that one wants first."""
        self.figure.setFocus(reason)

    def _arrange(self) -> None:
        self.left = left = QFrame()
        bar, lesson = QFrame(), QWidget()
        left.setObjectName("chapters")
        lesson.setObjectName("lesson")
        bar.setObjectName("topBar")
        bar.setFixedHeight(50)
        self.bar = row((self.about, 1), self.about_says, self.present_button, gap=14, margins=(28, 0, 28, 0), of=bar)
        self.head, self.foot = head, foot = label("CHAPTERS", "section"), QWidget()
        column(self.progress_says, self.progress, gap=6, margins=(8, 0, 8, 0), of=foot)
        column(head, (self.chapters, 1), foot, gap=10, margins=(12, 16, 12, 14), of=left)
        self.side = QWidget()
        self.side.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        column((self.beside, 1), self.formula_button, self.formula_card, gap=4, of=self.side)
        self._middle = row((self.figure, 6), (self.side, 4), gap=20)
        turn = row(self.back, None, self.export_button, self.try_button, self.on, gap=10)
        parts = (self.title, self.caption, 4, (self._middle, 1), self.controls, turn)
        column(*parts, gap=8, margins=(28, 14, 28, 12), of=lesson)
        self.open_chapter = QWidget()
        column(bar, (lesson, 1), gap=0, of=self.open_chapter)
        area = QScrollArea()  # where the window is too small for a chapter
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidgetResizable(True)
        area.setWidget(self.open_chapter)
        row(left, (area, 1), gap=0, of=self)
        for button in (self.back, self.on):
            button.setAutoDefault(False)

    def _connect(self) -> None:
        learning = self._learning
        self.chapters.chosen.connect(learning.open)
        for view in (self.figure, self.beside):
            view.chosen.connect(learning.choose)
        self.figure.moved.connect(learning.move)
        self.figure.ended.connect(learning.end)
        for controls in (self.about, self.controls):
            controls.chosen.connect(learning.choose)
            controls.played.connect(learning.play)
            controls.made.connect(self._order)
            controls.written.connect(self.setFocus)
        self.formula_button.toggled.connect(self._unfold)
        self.back.clicked.connect(lambda: learning.turn(-1))
        self.on.clicked.connect(lambda: learning.turn(1))
        for keys, step in ((Qt.Key.Key_PageDown, 1), (Qt.Key.Key_PageUp, -1)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda step=step: learning.turn(step))
        keep_up(self._open, learning.opened)
        keep_up(self.refresh, learning.changed)

    def _open(self) -> None:
        """Another chapter is open."""
        learning = self._learning
        self._picture = picture(learning.name)
        self.chapters.show_chapter(learning.name, learning.seen)
        self.title.setText(learning.title)
        for button, step in ((self.back, -1), (self.on, 1)):
            name = learning.beside(step)
            button.setVisible(bool(name))
            title = CHAPTERS.get(name, "")
            button.setText(title)
            button.setAccessibleName(f"{'Back to' if step < 0 else 'On to'} {title}")
        self.beside.setVisible(self._picture.share_beside > 0)
        explain(self.figure, f"{learning.chapter.help} {KEYS}")
        self.refresh()

    def _order(self) -> None:
        """Tab goes through the page as it is read."""
        head = (self.chapters, *self.about.in_order(), self.present_button, self.figure, self.formula_button)
        parts = (*head, *self.controls.in_order(), self.back, self.export_button, self.try_button, self.on)
        for one, other in pairwise(parts):
            self.setTabOrder(one, other)

    def refresh(self) -> None:
        """Shows what is chosen, and the figure of it."""
        learning = self._learning
        chapter, choices, shown = learning.chapter, learning.choices, learning.shown
        says = chapter.spoken(shown) if shown is not None else learning.refusal or WAITING
        for view in (self.figure, self.beside):
            view.show_figure(self._picture, shown, learning.title, says)
        if shown is not None:
            self.caption.setText(chapter.caption(shown))
        controls = chapter.controls(choices, None if shown is None else shown.figure)
        self.controls.show_controls(controls, choices, learning.playing, learning.calm)
        about = chapter.about(choices)
        self.about.show_controls(about, choices, learning.playing, learning.calm)
        self.about.setVisible(bool(about))
        self.about_says.setText(chapter.about_says(choices))
        self.try_button.setVisible(shown is None or chapter.trial(shown) is not None)
        for button in (self.try_button, self.export_button):
            button.setEnabled(shown is not None)
        seen = len(learning.seen)
        self.progress_says.setText(f"{seen} of {len(CHAPTERS)} seen")
        self.progress.show_share(seen / len(CHAPTERS))
        self._show_formula()

    def _unfold(self, shown: bool) -> None:
        said = "Hide the formula" if shown else "Show the formula"
        self.formula_button.setText(said)
        self.formula_button.disclose(shown, said)
        self._show_formula()

    def _show_formula(self) -> None:
        shown = self._learning.shown
        lines = () if shown is None else self._learning.chapter.formula(shown)
        self.formula_button.setVisible(bool(lines))
        if self.formula_button.isChecked():
            self.formula.show_lines(lines)  # before there is room for it, which is as tall as they are
        self.formula_card.setVisible(bool(lines) and self.formula_button.isChecked())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Titles of chapters give way where the page is narrow; their numbers stay."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        self.left.setFixedWidth(NUMBERS if narrow else CHAPTER_COLUMN)
        for part in (self.head, self.foot):
            part.setVisible(not narrow)
        self.caption.setFixedHeight(CAPTION + LINE * narrow)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._learning.want(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._learning.want(False)
