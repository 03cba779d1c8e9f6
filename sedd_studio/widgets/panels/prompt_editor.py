"""The prompt as text: an editor where words and gaps are typed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from engine.language.chat import DEFAULT_ANSWER
from sedd_studio.painting.theme import Look
from sedd_studio.painting.token_turning import runs_leftwards
from sedd_studio.session.editor import Editor
from sedd_studio.session.questions import Questions
from sedd_studio.session.typed import without_end
from sedd_studio.session.view import View
from sedd_studio.widgets.controls.basic import Number, keep_up, label
from sedd_studio.widgets.controls.buttons import IconButton
from sedd_studio.widgets.controls.layouts import column, row

EDITOR_HEIGHT = 76
HINT = "Words you type are locked. [24] is a gap of 24 tokens, ____ one of 12."
ASKING = "Asked as a turn of {way}. The answer is a gap of"
ASK = "Put a question, and have the answer filled in"
ANSWER_WIDTH = 76
"""Pixels of the field for the length of an answer."""


class PromptText(QPlainTextEdit):
    """The text field; Ctrl+Enter says `submitted`, Esc `left` where there is something to take back."""

    submitted = Signal()
    left = Signal()
    refused = Signal(str)
    """With a text that was pasted or dropped, and is longer than any prompt."""

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._editor = editor

    def lean(self) -> None:
        """Has its lines begin where those of its text do. A field of plain text has one side for all of them."""
        side = Qt.AlignmentFlag.AlignRight if runs_leftwards(self.toPlainText()) else Qt.AlignmentFlag.AlignLeft
        option = self.document().defaultTextOption()
        if option.alignment() != side:
            option.setAlignment(side)
            self.document().setDefaultTextOption(option)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if 0 < self._editor.longest_prompt < len(source.text()):
            self.refused.emit(source.text())
        else:
            super().insertFromMimeData(source)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._claims(event):
            event.accept()
            return True
        return super().event(event)

    def _claims(self, event: QKeyEvent) -> bool:
        """Whether a key means something here that it does not mean elsewhere in the window."""
        return _submits(event) or (event.key() == Qt.Key.Key_Escape and self._editor.typed.waiting)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _submits(event):
            self.submitted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            if event.key() == Qt.Key.Key_Backspace and not (event.modifiers() or self.textCursor().hasSelection()):
                self.moveCursor(QTextCursor.MoveOperation.PreviousCharacter, QTextCursor.MoveMode.KeepAnchor)
            super().keyPressEvent(event)


def _submits(event: QKeyEvent) -> bool:
    enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    return enter and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)


class PromptEditor(QFrame):
    """Edits `view.prompt`, while `toggle`, which stands elsewhere, is on. What is typed stays in the field until it is
    applied: by Ctrl+Enter, which runs it, by Apply, and by whatever uses the prompt. Esc takes it back.

    While `question` is on, which a model that chats has, it edits the question that the prompt is.
    """

    submitted = Signal()

    def __init__(self, view: View, editor: Editor, questions: Questions, look: Look) -> None:
        super().__init__()
        self._view, self._editor, self._questions = view, editor, questions
        self._shown, self._size = "", DEFAULT_ANSWER
        self._asking = False
        self._submitted: str | None = None
        self.setObjectName("card")
        self.toggle = IconButton("pen", "Edit the prompt as text", look, text="Edit as text", kind="toggle")
        self.editor = PromptText(editor)
        self.editor.setAccessibleName("Prompt text")
        self.editor.setTabChangesFocus(True)
        self.editor.setFixedHeight(EDITOR_HEIGHT)
        self.apply_button = IconButton("tick", "Apply", look, text="Apply")
        self.apply_button.setToolTip("Make it the prompt. Ctrl+Enter runs it, too.")
        self.question = IconButton("question", ASK, look, self._turn, "Question and answer", "toggle")
        self.answer = Number("Tokens of the answer", 1, DEFAULT_ANSWER, look)
        self.answer.setFixedWidth(ANSWER_WIDTH)
        self.answer.setValue(DEFAULT_ANSWER)
        self._hint, self._unit = label("", "help"), label("tokens.", "help")
        self._arrange()
        self.toggle.toggled.connect(self._open)
        self.editor.submitted.connect(self._submit)
        self.editor.left.connect(self._take_back)
        self.editor.refused.connect(editor.set_prompt)  # which says why
        self.editor.textChanged.connect(self._mark_changed)
        self.answer.valueChanged.connect(self._mark_changed)
        self.answer.lineEdit().textChanged.connect(self._mark_changed)
        self.apply_button.clicked.connect(editor.typed.apply)
        editor.typed.add(self._apply, lambda: self.waiting)
        self._open(False)
        keep_up(self._offer, questions.changed)
        keep_up(self.refresh, view.changed)

    def refresh(self) -> None:
        """Show the session's prompt if it is another one; an edit that is not applied yet is left alone."""
        text, size = self._told
        if (text, size) == (self._shown, self._size):
            return
        untouched = without_end(self.editor.toPlainText()) in (self._said, without_end(text), self._submitted)
        kept = int(self.answer.value()) in (self._size, size)
        self._shown, self._size, self._submitted = text, size, None
        if untouched:
            self._hold(text)
        if kept:
            self.answer.setValue(size)
        self._mark_changed()

    @property
    def _told(self) -> tuple[str, int]:
        """What the field holds where nothing is typed, and the tokens of an answer."""
        if not self._asking:
            return self._view.prompt, self._size
        return self._questions.now or ("", min(self._size, self._questions.longest))

    def ask(self) -> None:
        """Opens the field for a question."""
        self.toggle.setChecked(True)
        if not self._asking:
            self.question.click()
        self.editor.setFocus()

    def _turn(self) -> None:
        """Goes over to the question, or from it to the prompt; what is typed is applied first, and stays where it
        cannot be."""
        asking = self.question.isChecked()
        if self._editor.typed.apply():
            self._go_over(asking)
        self._offer()
        self.editor.setFocus()

    def _go_over(self, asking: bool) -> None:
        self._asking = asking
        self._shown, self._size = self._told
        self._take_back()

    def _offer(self) -> None:
        """Shows what a model that chats has, or why one with a template that is not known has not."""
        possible, refusal = self._questions.possible, self._questions.refusal
        if self._asking and not possible:
            self._go_over(False)
        asking = self._asking
        self.question.setVisible(possible or bool(refusal))
        self.question.setEnabled(possible)
        self.question.set_name(refusal or ASK)
        self.question.setChecked(asking)
        for part in (self.answer, self._unit):
            part.setVisible(asking)
        self._hint.setText(ASKING.format(way=self._questions.way) if asking else HINT)
        self.editor.setAccessibleName("Question" if asking else "Prompt text")
        self.editor.setPlaceholderText("Ask something" if asking else "")
        self.answer.setMaximum(self._questions.longest)

    def _take_back(self) -> None:
        """Has the fields hold what they would if nothing had been typed."""
        self.answer.setValue(self._size)
        self.editor.setPlainText(self._shown)

    def _hold(self, text: str) -> None:
        """Has the field hold a text; the cursor and what can be undone there stay where it does already, and blanks at
        the end, where one goes on."""
        if without_end(self.editor.toPlainText()) != without_end(text):
            self.editor.setPlainText(text)

    def toggle_editor(self) -> None:
        self.toggle.setChecked(not self.toggle.isChecked())

    @property
    def waiting(self) -> bool:
        """Whether the field holds another text than the prompt, or an answer of another length is asked for."""
        typed = without_end(self.editor.toPlainText())
        resized = self._asking and typed != "" and self.answer.text() != self.answer.textFromValue(self._size)
        return typed != self._said or resized

    @property
    def _said(self) -> str:
        """What is typed where the field holds the prompt."""
        return without_end(self._shown)

    def _submit(self) -> None:
        if self._editor.typed.apply():
            self.submitted.emit()

    def _apply(self) -> bool:
        if not self.waiting:
            return True
        self._submitted = without_end(self.editor.toPlainText())
        applied = self._asked() if self._asking else self._editor.set_prompt(self._submitted)
        self.refresh()
        if applied:  # it may have been the prompt already, written otherwise
            self._hold(self._shown)
        self._submitted = None
        self._mark_changed()
        return applied

    def _asked(self) -> bool:
        """Makes the question that is typed the prompt."""
        if not self.answer.take():
            return self._questions.refuse(self.answer.refusal)
        return self._questions.ask(self.editor.toPlainText(), int(self.answer.value()))

    def _mark_changed(self) -> None:
        self.editor.lean()
        self.apply_button.setEnabled(self.waiting)
        self._editor.typed.changed.emit()

    def _open(self, opened: bool) -> None:
        self.setVisible(opened)
        self.toggle.set_name("Close the prompt editor" if opened else "Edit the prompt as text")
        if opened:
            if not self.waiting and self._questions.now is not None:
                self._go_over(True)
                self._offer()
            self.editor.setFocus()

    def _arrange(self) -> None:
        foot = row(self._hint, self.answer, self._unit, None, self.question, self.apply_button)
        column(self.editor, foot, gap=4, margins=(8, 8, 8, 4), of=self)
