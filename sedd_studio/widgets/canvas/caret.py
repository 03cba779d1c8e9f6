"""The keyboard's place on the canvas: a word that the arrow keys move from, and the selection that Shift extends."""

from __future__ import annotations

from PySide6.QtCore import Qt

from sedd_studio.painting.token_layout import Layout
from sedd_studio.session.session import Session

MOVES = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End}


class Caret:
    """Stands at `position`; what it extends is the selection of the session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.position = 0
        self._anchor: int | None = None

    @property
    def run(self) -> tuple[int, int]:
        """The positions that a key works on: the selection, or the word where the caret stands."""
        return self._session.selection or self._session.word_at(self.position)

    def put(self, position: int) -> None:
        """Stands at another position; the next extension starts from there."""
        self.position, self._anchor = position, None

    def deselect(self) -> None:
        """Selects nothing; the next extension starts from here."""
        self._anchor = None
        self._session.set_selection(None)

    def extend_to(self, position: int) -> None:
        """Goes to a position and selects the words from where the extension began."""
        if self._anchor is None:
            self._anchor = self.position
        self.position = position
        one, other = self._session.word_at(self._anchor), self._session.word_at(position)
        self._session.set_selection((min(one[0], other[0]), max(one[1], other[1])))

    def move(self, key: Qt.Key, layout: Layout, extend: bool) -> None:
        """Goes where one of `MOVES` leads: a word, a line, or to an end of the line."""
        target = self._target(key, layout)
        if extend:
            self.extend_to(target)
        else:
            self.position = target
            self.deselect()

    def _target(self, key: Qt.Key, layout: Layout) -> int:
        start, stop = self._session.word_at(self.position)
        box = layout.boxes[self.position]
        if key == Qt.Key.Key_Left:
            return max(start - 1, 0)
        if key == Qt.Key.Key_Right:
            return stop if stop < len(layout.boxes) else self.position
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            line = box.line + (1 if key == Qt.Key.Key_Down else -1)
            found = layout.nearest(line, box.x + box.width / 2)
            return self.position if found is None else found
        span = layout.lines[box.line]
        return span.start if key == Qt.Key.Key_Home else max(span.stop - 1, span.start)
