"""The line to type in that may be open over some words."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from sedd_studio.session.editor import Editor
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.canvas_text import Run
from sedd_studio.widgets.canvas.inline_editor import InlineEditor
from sedd_studio.widgets.canvas.picture import Picture


class Line:
    """Opens over the text in `viewport`: `editor` is None while it is closed."""

    def __init__(self, view: View, editor: Editor, picture: Picture, viewport: QWidget) -> None:
        self._view, self._editor, self._picture, self._viewport = view, editor, picture, viewport
        self.editor: InlineEditor | None = None
        self._edited = view.document.tokens

    def open(self, run: Run, typed: str = "") -> None:
        """Opens over positions `run` with their text, or with what was `typed` in its place."""
        written = "".join(self._view.piece(position) for position in range(*run)).strip()
        place, font = self._picture.first_line_of(run), self._picture.font
        self.editor = InlineEditor(place, typed or written, not typed, font, self._viewport)
        self.editor.committed.connect(lambda text: self._commit(run, text))
        self.editor.closed.connect(self._forget)
        self._edited = self._view.document.tokens

    def close(self) -> None:
        """Closes, if it is open; the text stays as it is."""
        editor = self.editor
        if editor is None:
            return
        if editor.hasFocus():
            self._viewport.setFocus()
        editor.close_editor()

    def close_over_another_text(self) -> None:
        """Closes, if what stands there now is not what was to be edited."""
        if self._view.document.tokens is not self._edited:
            self.close()

    def _commit(self, run: Run, text: str) -> None:
        if text.strip():
            self._editor.replace_range(*run, text)
        else:
            self._editor.clear_range(*run)
        self._viewport.setFocus()

    def _forget(self) -> None:
        self.editor = None
