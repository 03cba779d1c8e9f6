"""What the mouse does on the canvas: locking by click and drag, and gaps made longer or shorter by the handle at their
end. Points are in the text's own coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from sedd_studio.session.editor import Editor
from sedd_studio.session.view import View
from sedd_studio.widgets.canvas.canvas_text import Run
from sedd_studio.widgets.canvas.picture import Picture

TOKEN = 2.76
"""Width of a masked position with the room after it, in em, on average."""


@dataclass(frozen=True)
class Handle:
    """The handle at the end of the gap `run`, in the rectangle `place`; `length` is what the gap would have now."""

    run: Run
    place: QRectF
    length: int


class Gestures:
    """Follows one gesture at a time. `hover` is what is pointed at, `dragged` what a drag has crossed.

    `handle` is that of the gap pointed at, or of the one being dragged.
    """

    def __init__(self, view: View, editor: Editor, picture: Picture) -> None:
        self._view, self._editor, self._picture = view, editor, picture
        self.hover: Run | None = None
        self.dragged: Run | None = None
        self.handle: Handle | None = None
        self._locks_of_click: np.ndarray | None = None
        self._pressed: int | None = None
        self._handle_from: QPointF | None = None

    @property
    def pulls(self) -> bool:
        return self._handle_from is not None

    @property
    def lock_clicked(self) -> bool:
        """Whether the last gesture changed a lock, and nothing has changed any since."""
        return self._locks_of_click is self._view.document.locked

    def over_handle(self, point: QPointF) -> bool:
        return self.handle is not None and self.handle.place.adjusted(-5, -4, 5, 4).contains(point)

    def press(self, point: QPointF, position: int | None) -> bool:
        """Begins a gesture at a point; False where there is nothing to take hold of."""
        if self.over_handle(point):
            self._handle_from = point
        elif position is not None:
            self._pressed = position
            self._view.select(None)
        return self.pulls or position is not None

    def move(self, point: QPointF, position: int | None) -> None:
        if self._handle_from is not None:
            self._pull(point - self._handle_from)
        elif self._pressed is None:
            self.hover = None if position is None else self._view.word_at(position)
            if position is not None or not self.over_handle(point):
                self.handle = None if position is None else self._handle_of(position)
        else:
            self.hover = self.handle = None
            self._drag(self._pressed, position)

    def release(self) -> None:
        """Ends the gesture and does what it asks for."""
        self._locks_of_click = None
        if self.handle is not None and self._handle_from is not None:
            self._handle_from = None
            handle, self.handle = self.handle, None
            start, stop = handle.run
            still_there = start < len(self._view.document.locked) and gap_at(self._view, start) == handle.run
            if still_there and handle.length != stop - start:
                self._editor.set_gap(*handle.run, handle.length)
        elif self._pressed is not None:
            pressed, self._pressed = self._pressed, None
            run, self.dragged = self.dragged or self._view.word_at(pressed), None
            # The word where the gesture began decides: pulling from a locked word unlocks all that was crossed.
            before = self._view.document
            self._editor.set_locked(list(range(*run)), not before.locked[pressed])
            if self._view.document is not before:
                self._locks_of_click = self._view.document.locked

    def forget(self) -> None:
        """The text is another: nothing of it is pointed at."""
        self.hover = self.dragged = self.handle = self._pressed = self._handle_from = self._locks_of_click = None

    def _drag(self, pressed: int, position: int | None) -> None:
        if position is None:
            return
        start, stop = self._view.word_at(pressed)
        if start <= position < stop and self.dragged is None:
            return
        first, last = self._view.word_at(position)
        self.dragged = (min(start, first), max(stop, last))

    def _pull(self, by: QPointF) -> None:
        """A line further down is as far as a line's width in the direction of the text."""
        assert self.handle is not None
        picture = self._picture
        lines = round(by.y() / picture.layout.line_height)
        start, stop = self.handle.run
        along = -by.x() if picture.layout.boxes[stop - 1].rtl else by.x()
        length = stop - start + round((along + lines * picture.line_width) / (TOKEN * picture.em))
        most = self._editor.room(start, stop)
        self.handle = Handle(self.handle.run, self.handle.place, min(max(length, 1), most))

    def _handle_of(self, position: int) -> Handle | None:
        """The handle of the gap at a position: a short bar behind its last token."""
        run = gap_at(self._view, position)
        if run is None:
            return None
        layout, em = self._picture.layout, self._picture.em
        box = layout.boxes[run[1] - 1]
        top = (box.line + 0.5) * layout.line_height - 0.55 * em
        left = box.x - 0.22 * em if box.rtl else box.x + box.width + 0.02 * em
        return Handle(run, QRectF(left, top, 0.2 * em, 1.1 * em), run[1] - run[0])


def gap_at(view: View, position: int) -> Run | None:
    """The run of unlocked positions that a position belongs to; None where it is locked."""
    locked = view.document.locked
    if locked[position]:
        return None
    before, after = np.flatnonzero(locked[:position]), np.flatnonzero(locked[position:])
    start = int(before[-1]) + 1 if before.size else 0
    return start, position + int(after[0]) if after.size else len(locked)
