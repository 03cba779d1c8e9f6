"""The line to type in that may be open over some words."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from sedd_studio.session.editor import Editor
from sedd_studio.session.typed import without_end
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.canvas_text import Run
from sedd_studio.widgets.canvas.caret import Caret
from sedd_studio.widgets.canvas.picture import Picture

HINT = "Words are locked, [12] is a gap. Enter puts them here, Esc leaves the text as it was."
SMALLEST = 180


class InlineEditor(QLineEdit):
    """Says `entered` at Enter and when the focus goes after something was typed; Esc closes it without a word."""

    entered = Signal()
    closed = Signal()

    def __init__(self, place: QRect, text: str, typed: bool, focused: bool, font: QFont, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setFont(font)
        self.setAccessibleName("Replace the words")
        self.setToolTip(HINT)
        self.setGeometry(place)
        self.setAcceptDrops(False)  # a file that falls here is for what is under it
        self.setModified(typed)
        if not typed:
            self.selectAll()
        self.show()
        if focused:
            self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.setModified(True)
            self.entered.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.close_editor()
        else:
            if event.key() == Qt.Key.Key_Backspace and not (event.modifiers() or self.hasSelectedText()):
                self.cursorBackward(True)  # a whole character: alone, the key takes one code point of it
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        kept = (
            Qt.FocusReason.PopupFocusReason,
            Qt.FocusReason.ActiveWindowFocusReason,
            Qt.FocusReason.MenuBarFocusReason,
        )
        if event.reason() in kept or self.isHidden():
            return
        if self.isModified():
            self.entered.emit()
        else:
            self.close_editor()

    def close_editor(self) -> None:
        """Goes away; the canvas has the focus again."""
        if not self.isHidden():  # hiding takes the focus, which closes it
            self.hide()
            self.deleteLater()
            self.closed.emit()


class Line:
    """Opens over the text in `viewport`: `editor` is None while it is closed."""

    def __init__(self, view: View, editor: Editor, picture: Picture, caret: Caret, viewport: QWidget) -> None:
        self._view, self._editor, self._picture, self._caret, self._viewport = view, editor, picture, caret, viewport
        self.editor: InlineEditor | None = None
        self._run: Run = (0, 0)
        self._edited = view.document.tokens
        editor.typed.add(self._apply, lambda: self.editor is not None and self.editor.isModified())

    def open(self, run: Run, typed: str = "", focused: bool = True) -> None:
        """Opens over positions `run` with their text, or with what was `typed` in its place; not where what is typed
        elsewhere makes another text first. It takes the focus unless an input method has begun on the canvas."""
        before = self._view.document
        if not self._editor.typed.apply() or self._view.document is not before:
            return
        written = self._view.words_in(*run).strip()
        place, font = self._place(run), self._picture.font
        self.editor = InlineEditor(place, typed or written, bool(typed), focused, font, self._viewport)
        self.editor.entered.connect(self._editor.typed.apply)
        self.editor.textEdited.connect(self._editor.typed.changed)
        self.editor.closed.connect(self._forget)
        self._run, self._edited = run, self._view.document.tokens

    def _place(self, run: Run) -> QRect:
        """Over the words, with room for more of them in the direction in which they run."""
        place = self._picture.first_line_of(run)
        rtl = self._picture.layout.boxes[run[0]].rtl
        room = place.right() if rtl else self._viewport.width() - place.left()
        wide = max(SMALLEST, min(place.width() + 40, room))
        left = max(place.right() + 10 - wide, 0) if rtl else place.left() - 10
        return QRect(left, place.top(), wide, place.height())

    def close(self) -> None:
        """Closes, if it is open; the text stays as it is."""
        editor = self.editor
        if editor is None:
            return
        focused = editor.hasFocus()
        editor.close_editor()
        if focused:
            self._viewport.setFocus()

    def close_over_another_text(self) -> None:
        """Closes, if what stands there now is not what was to be edited."""
        if self._view.document.tokens is not self._edited:
            self.close()

    def _apply(self) -> bool:
        """Puts what was typed where it belongs; it stays open where that cannot be."""
        QGuiApplication.inputMethod().commit()
        editor = self.editor
        if editor is None or not editor.isModified():
            return True
        if typed := without_end(editor.text()):
            end = self._editor.replace_range(*self._run, typed)
            applied = end > 0
            if applied:
                self._caret.go_on_from(end)
        else:
            applied = self._editor.clear_range(*self._run)
        if applied:
            self.close()
        return applied

    def _forget(self) -> None:
        self.editor = None
