"""What a user does to the document: every edit can be undone, and one that cannot be made says why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from engine.language.prompts import parse_prompt
from engine.protocol import ModelInfo, UserError
from sedd_studio.record.document import Document
from sedd_studio.record.settings import Settings
from sedd_studio.session.edits import ReplaceText, SetGap, SetLimit, SetLocks, SetPrompt
from sedd_studio.session.state import ErrorNote
from sedd_studio.session.view import View

BUNDLED_LENGTH = 256
UNDO_LIMIT = 200
"""Edits that can be undone: each may hold a whole run. Runs stay in the history."""
PROMPT = (
    "Once upon a time, there was a little fox named Max. [28] One day, [20] the smallest star fell into the river. "
    "[32] And the sky was never dark again."
)


class Editing(View):
    """The view, with its prompt, its selection, its undo stack and its banner. The session is one of these."""

    run_changed = Signal()
    error_changed = Signal()
    selection_changed = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(settings, parent)
        self.info: ModelInfo | None = None
        self.error: ErrorNote | None = None
        self.selection: tuple[int, int] | None = None
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self.prompt_text = PROMPT

    # ---- edits

    def set_selection(self, selection: tuple[int, int] | None) -> None:
        """Selects positions start .. stop - 1, or nothing."""
        if selection != self.selection:
            self.selection = selection
            self.selection_changed.emit()

    def set_prompt(self, text: str) -> bool:
        """Makes `text` the prompt; False, with the reason in the banner and nothing changed, if it does not fit."""
        if self.tokenizer is None:
            return False
        try:
            document = Document.from_text(text, self.tokenizer, self.length)
        except UserError as error:
            self.show_error(str(error))
            return False
        self.set_document(document)
        return True

    def set_document(self, document: Document) -> None:
        """Makes a prompt that was cut into tokens before the prompt."""
        self.dismiss_error()
        self.undo_stack.push(SetPrompt(document, lambda: self.document, self._show))

    def adopt(self, document: Document) -> None:
        """Makes a document the current one without a trace in the undo stack."""
        self._show(document)

    def set_locked(self, positions: list[int], locked: bool) -> None:
        """Locks positions to the tokens they show, or unlocks them. Masked positions cannot be locked."""
        chosen = np.array(positions, np.int64)
        after = self.document.with_locks(chosen, locked, self.canvas().tokens)
        if (after.locked != self.document.locked).any():
            self.undo_stack.push(SetLocks("lock" if locked else "unlock", after, lambda: self.document, self._show))

    def replace_range(self, start: int, stop: int, text: str) -> bool:
        """Puts words and gaps in the place of positions start .. stop - 1; False, with the reason, if they do not fit.

        What else is on show stays, as words that the next run may replace. Words that follow others get their space.
        """
        if self.tokenizer is None:
            return False
        if start > 0 and text[:1].isalnum():
            text = f" {text}"
        try:
            tokens = parse_prompt(text, self.tokenizer, self.length - len(self.document.tokens) + stop - start).tokens
        except UserError as error:
            self.show_error(str(error))
            return False
        self.dismiss_error()
        shown = replace(self.document, tokens=self.canvas().tokens)
        after = shown.with_range(start, stop, tokens)
        self.undo_stack.push(ReplaceText("typing", after, lambda: self.document, self._show))
        return True

    def clear_range(self, start: int, stop: int) -> None:
        """Takes out what is known of positions start .. stop - 1: they become a gap."""
        shown = replace(self.document, tokens=self.canvas().tokens)
        after = shown.cleared(start, stop)
        self.undo_stack.push(ReplaceText("taking out of words", after, lambda: self.document, self._show))

    def limit(self, start: int, stop: int, words: str) -> None:
        """Lets only `words`, with commas between them, stand at positions start .. stop - 1; any where there are none.

        A word of several tokens allows each of them. Nothing changes if the model cannot write one of them: the banner
        says so.
        """
        if self.tokenizer is None:
            return
        forms = [form for word in words.split(",") if word.strip() for form in self.tokenizer.forms(word.strip())]
        try:
            tokens = tuple(sorted({token for form in forms for token in self.tokenizer.encode(form)}))
        except UserError as error:
            self.show_error(str(error))
            return
        after = self.document.with_limit(start, stop, tokens)
        if after.limits != self.document.limits:
            self.undo_stack.push(SetLimit(after, lambda: self.document, self._show))

    def limit_at(self, position: int) -> tuple[str, ...]:
        """The pieces that alone may stand at a position; none where any may."""
        found = [tokens for start, stop, tokens in self.document.limits if start <= position < stop]
        if not found or self.tokenizer is None:
            return ()
        return tuple(self.tokenizer.piece(token) for token in found[0])

    def unlock_all(self) -> None:
        """Unlocks every position."""
        self.set_locked(list(range(len(self.document.tokens))), False)

    def set_gap(self, start: int, stop: int, length: int) -> bool:
        """Replaces positions start .. stop - 1 by a gap of `length` tokens; False if it does not fit."""
        room = self.length - (len(self.document.tokens) - (stop - start))
        if not 1 <= length <= room:
            self.show_error(f"A gap here can have 1 to {room} tokens, not {length}; choose a number in between.")
            return False
        self.undo_stack.push(SetGap(self.document.with_gap(start, stop, length), lambda: self.document, self._show))
        return True

    @property
    def length(self) -> int:
        """The longest text of the model, in tokens."""
        return self.info.length if self.info is not None else BUNDLED_LENGTH

    def _show(self, document: Document) -> None:
        """Makes a document the current one."""
        resized = len(document.tokens) != len(self.document.tokens)
        other_run = document.trajectory is not self.document.trajectory
        self.document = document
        self._forget_canvas()
        self.prompt_text = document.text(self.tokenizer) if self.tokenizer is not None else ""
        if resized:
            self.set_selection(None)
        if other_run:
            self.sample = 0
            self._playback.seek(self.recorded_steps)
            self.playhead_changed.emit()
            self.run_changed.emit()
        self.canvas_changed.emit()

    # ---- errors

    def show_error(self, headline: str, detail: str = "") -> None:
        """Puts an error into the banner."""
        self.error = ErrorNote(headline, detail)
        self.error_changed.emit()

    def dismiss_error(self) -> None:
        """Clears the banner."""
        if self.error is not None:
            self.error = None
            self.error_changed.emit()
