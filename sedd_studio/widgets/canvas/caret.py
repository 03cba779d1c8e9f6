"""The keyboard's place on the canvas: a word that the arrow keys move from, the selection that Shift extends, and what
is done to either."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication

from engine.protocol import FREE
from sedd_studio.painting.token_places import Layout
from sedd_studio.session.editor import Editor
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.canvas_text import Run
from sedd_studio.widgets.canvas.gestures import gap_at

MOVES = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End}


class Caret(QObject):
    """Stands at `position`; what it extends is the selection. It is drawn `by_keyboard` only, not while one points."""

    moved = Signal(int)
    """A key has led it to a position."""

    def __init__(self, view: View, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view, self._editor = view, editor
        self.position = 0
        self.by_keyboard = False
        self._anchor: int | None = None

    @property
    def run(self) -> Run:
        """The positions that a key works on: the selection, or the word where the caret stands."""
        return self._view.selection or self._view.word_at(self.position)

    # ---- where it stands

    def put(self, position: int) -> None:
        """Stands at another position; the next extension starts from there."""
        self.position, self._anchor = position, None

    def deselect(self) -> None:
        self._anchor = None
        self._view.select(None)

    def extend_to(self, position: int) -> None:
        """Goes to a position and selects the words from where the extension began."""
        if self._anchor is None:
            self._anchor = self.position
        self.position = position
        one, other = self._view.word_at(self._anchor), self._view.word_at(position)
        self._view.select((min(one[0], other[0]), max(one[1], other[1])))

    def move(self, key: Qt.Key, layout: Layout, extend: bool) -> None:
        """Goes where one of `MOVES` leads: a word, a line, or to an end of the line."""
        target = self._target(key, layout)
        if extend:
            self.extend_to(target)
        else:
            self.position = target
            self.deselect()
        self.moved.emit(target)

    def _target(self, key: Qt.Key, layout: Layout) -> int:
        box = layout.boxes[self.position]
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            word = self._view.word_at(self.position)
            return layout.beside(self.position, word, 1 if key == Qt.Key.Key_Right else -1)
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            line = box.line + (1 if key == Qt.Key.Key_Down else -1)
            found = layout.nearest(line, box.x + box.width / 2)
            return self.position if found is None else found
        span = layout.lines[box.line]
        return span.start if key == Qt.Key.Key_Home else max(span.stop - 1, span.start)

    # ---- what is done there

    def toggle_lock(self) -> None:
        """Locks what it works on; unlocks it where all of it is locked already."""
        start, stop = self.run
        state = self._view.canvas()
        held = state.locked[start:stop][state.tokens[start:stop] != FREE]
        self._editor.set_locked(list(range(start, stop)), not (held.size > 0 and bool(held.all())))

    def take_out(self) -> None:
        if self._view.canvas().length:
            self._editor.clear_range(*self.run)

    def stretch_gap(self, by: int) -> None:
        """Makes the gap where it stands longer, or shorter where negative."""
        run = gap_at(self._view, self.position)
        if run is not None and self._editor.set_gap(*run, run[1] - run[0] + by):
            self.position = run[0]

    def paste(self) -> None:
        """Puts the clipboard's text in the place of the selection, or of everything."""
        text, run = QGuiApplication.clipboard().text(), self._view.selection
        if not text.strip():
            return
        if run is None:
            self._editor.set_prompt(text)
        else:
            self._editor.replace_range(*run, text)
