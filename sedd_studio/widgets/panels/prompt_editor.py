"""The prompt as text: an editor where words and gaps are typed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from sedd_studio.painting.theme import Look
from sedd_studio.painting.token_turning import runs_leftwards
from sedd_studio.session.editor import Editor
from sedd_studio.session.typed import without_end
from sedd_studio.session.view import View
from sedd_studio.widgets.controls.basic import IconButton, keep_up, label
from sedd_studio.widgets.controls.layouts import column, row

EDITOR_HEIGHT = 76
HINT = "Words you type are locked. [24] is a gap of 24 tokens, ____ one of 12."


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
    applied: by Ctrl+Enter, which runs it, by Apply, and by whatever uses the prompt. Esc takes it back."""

    submitted = Signal()

    def __init__(self, view: View, editor: Editor, look: Look) -> None:
        super().__init__()
        self._view, self._editor = view, editor
        self._shown = ""
        self._submitted: str | None = None
        self.setObjectName("card")
        self.toggle = IconButton("pen", "Edit the prompt as text", look, text="Edit as text", kind="toggle")
        self.editor = PromptText(editor)
        self.editor.setAccessibleName("Prompt text")
        self.editor.setTabChangesFocus(True)
        self.editor.setFixedHeight(EDITOR_HEIGHT)
        self.apply_button = IconButton("tick", "Apply", look, text="Apply")
        self.apply_button.setToolTip("Make it the prompt. Ctrl+Enter runs it, too.")
        self._arrange()
        self.toggle.toggled.connect(self._open)
        self.editor.submitted.connect(self._submit)
        self.editor.left.connect(lambda: self.editor.setPlainText(self._shown))
        self.editor.refused.connect(editor.set_prompt)  # which says why
        self.editor.textChanged.connect(self._mark_changed)
        self.apply_button.clicked.connect(editor.typed.apply)
        editor.typed.add(self._apply, lambda: self.waiting)
        self._open(False)
        keep_up(self.refresh, view.changed)

    def refresh(self) -> None:
        """Show the session's prompt if it is another one; an edit that is not applied yet is left alone."""
        text = self._view.prompt
        if text == self._shown:
            return
        untouched = without_end(self.editor.toPlainText()) in (self._said, without_end(text), self._submitted)
        self._shown, self._submitted = text, None
        if untouched:
            self._hold(text)
        self._mark_changed()

    def _hold(self, text: str) -> None:
        """Has the field hold a text; the cursor and what can be undone there stay where it does already, and blanks at
        the end, where one goes on."""
        if without_end(self.editor.toPlainText()) != without_end(text):
            self.editor.setPlainText(text)

    def toggle_editor(self) -> None:
        self.toggle.setChecked(not self.toggle.isChecked())

    @property
    def waiting(self) -> bool:
        """Whether the field holds another text than the prompt."""
        return without_end(self.editor.toPlainText()) != self._said

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
        applied = self._editor.set_prompt(self._submitted)
        self.refresh()
        if applied:  # it may have been the prompt already, written otherwise
            self._hold(self._shown)
        self._submitted = None
        self._mark_changed()
        return applied

    def _mark_changed(self) -> None:
        self.editor.lean()
        self.apply_button.setEnabled(self.waiting)
        self._editor.typed.changed.emit()

    def _open(self, opened: bool) -> None:
        self.setVisible(opened)
        self.toggle.set_name("Close the prompt editor" if opened else "Edit the prompt as text")
        if opened:
            self.editor.setFocus()

    def _arrange(self) -> None:
        foot = row((label(HINT, "help"), 1), self.apply_button)
        column(self.editor, foot, gap=4, margins=(8, 8, 8, 4), of=self)
