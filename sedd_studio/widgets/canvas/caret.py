"""The keyboard's place on the canvas: a word that the arrow keys move from, the selection that Shift extends, and what
is done to either."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication

from engine.protocol import FREE
from sedd_studio.painting.token_places import Layout
from sedd_studio.session.editor import Editor
from sedd_studio.session.typed import without_end
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.canvas_text import Run

WORDS_AND_GAPS = "application/x-sedd-words-and-gaps"
"""What a canvas copies, as one would write it in a prompt."""
MOVES = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End}


class Caret(QObject):
    """Stands at `position`; what it extends is the selection."""

    moved = Signal(int)
    """A key, or a selection that is drawn, has led it to a position."""

    def __init__(self, view: View, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view, self._editor = view, editor
        self.position = 0
        self._anchor: int | None = None

    @property
    def run(self) -> Run:
        """The positions that a key works on: the selection, or the word where the caret stands."""
        return self._view.selection or self._view.word_at(self.position)

    @property
    def writes(self) -> bool:
        """Whether what is typed is text at once, and no key of a command: over a selection, and in a gap of a text of
        which there is no run."""
        view = self._view
        return view.selection is not None or (view.run is None and self._in_gap(self.position))

    # ---- where it stands

    def put(self, position: int) -> None:
        """Stands at another position; the next extension starts from there."""
        self.position, self._anchor = position, None

    def go_on_from(self, end: int) -> None:
        """Something was written up to a position: stands there, if the gap goes on there."""
        if self._in_gap(end):
            self.put(end)
            self.deselect()

    def _in_gap(self, position: int) -> bool:
        tokens = self._view.canvas().tokens
        return position < len(tokens) and bool(tokens[position] == FREE)

    def deselect(self) -> None:
        self._anchor = None
        self._view.select(None)

    def extend_to(self, position: int) -> None:
        """Goes to a position and selects the words from where the extension began."""
        if self._anchor is None or self._view.selection is None:  # one that another text ended is over
            self._anchor = self.position
        self.position = position
        one, other = self._view.word_at(self._anchor), self._view.word_at(position)
        self._view.select((min(one[0], other[0]), max(one[1], other[1])))
        self.moved.emit(position)

    def select_all(self) -> None:
        if self._view.canvas().length:
            self.position, self._anchor = self._view.canvas().length - 1, 0
            self._view.select((0, self._view.canvas().length))

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
        self._editor.set_locked(list(range(*self.run)), not self.holds(self.run))

    def holds(self, run: Run) -> bool:
        """Whether all that is known of the positions start .. stop - 1 is locked."""
        state = self._view.canvas()
        held = state.locked[slice(*run)][state.tokens[slice(*run)] != FREE]
        return held.size > 0 and bool(held.all())

    def take_out(self) -> None:
        if self._view.canvas().length:
            self._editor.clear_range(*self.run)

    def copy(self) -> None:
        """Copies the selection, or everything: as it reads, and as words and gaps for another canvas."""
        view = self._view
        run = view.selection or (0, view.canvas().length)
        copied = QMimeData()
        copied.setText(view.text_in(*run))
        copied.setData(WORDS_AND_GAPS, view.prompt_in(*run).encode())
        QGuiApplication.clipboard().setMimeData(copied)

    def cut(self) -> None:
        self.copy()
        self.take_out()

    def paste(self) -> None:
        """Puts the clipboard's words and gaps in the place of the selection, or before the caret."""
        copied = QGuiApplication.clipboard().mimeData() or QMimeData()  # type: ignore[truthy-bool]  # there may be none
        ours = copied.hasFormat(WORDS_AND_GAPS)
        text = bytes(copied.data(WORDS_AND_GAPS).data()).decode() if ours else without_end(copied.text())
        if text.strip():
            start, stop = self._view.selection or (self._view.word_at(self.position)[0],) * 2
            if end := self._editor.replace_range(start, stop, text):
                self.position = min(end, self._view.canvas().length - 1)
                self.deselect()
