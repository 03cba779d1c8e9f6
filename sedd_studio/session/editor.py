"""What a user does to the document: every edit can be undone, and one that cannot be made says why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoCommand, QUndoStack

from engine.language.prompts import longest_prompt, parse_prompt
from engine.protocol import FREE, UserError, frozen
from sedd_studio.record.document import Document
from sedd_studio.session.errors import Errors
from sedd_studio.session.models import Models
from sedd_studio.session.typed import Typed
from sedd_studio.session.view import View

if TYPE_CHECKING:
    from sedd_studio.background.keeper import Keeper

UNDO_LIMIT = 200
"""Edits that can be undone: each may hold a whole run. Runs stay in the history."""


class Editor(QObject):
    """Edits the document that the view shows, with its undo stack."""

    def __init__(self, models: Models, view: View, errors: Errors, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._models, self._view, self._errors = models, view, errors
        self.typed = Typed(self)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_LIMIT)

    # ---- the whole

    def clear(self) -> None:
        """Shows nothing, and nothing can be undone: the tokenizer changes."""
        self.undo_stack.clear()
        self._view.clear()

    def begin_with(self, text: str) -> None:
        """A prompt for another tokenizer; if it does not fit, one gap as long as the model."""
        assert self._models.tokenizer is not None
        length = self._models.length
        try:
            document = Document.from_text(text, self._models.tokenizer, length)
        except UserError as error:
            self._errors.show(f"The prompt does not fit the new model, so it was emptied. {error}")
            document = Document(frozen(np.full(length, FREE)), np.zeros(length, bool))
        self.undo_stack.clear()
        self._view.show(document)

    def open(self, document: Document) -> None:
        """Shows a saved run in the place of what is there."""
        self._push("opening of a run", document)

    @property
    def longest_prompt(self) -> int:
        """Characters of what can be a prompt, at most; 0 while that is not known."""
        tokenizer = self._models.tokenizer
        return 0 if tokenizer is None else longest_prompt(tokenizer, self._models.length)

    def set_prompt(self, text: str) -> bool:
        """Makes `text` the prompt; False, with the reason in the banner and nothing changed, if it does not fit."""
        if self._models.tokenizer is None:
            return False
        try:
            document = Document.from_text(text, self._models.tokenizer, self._models.length)
        except UserError as error:
            self._errors.show(str(error))
            return False
        self.set_document(document)
        return True

    def set_document(self, document: Document) -> None:
        """Makes a prompt that was cut into tokens before the prompt."""
        self.typed.apply()  # it can be had back
        self._errors.dismiss()
        self._push("change of the prompt", document)

    # ---- parts

    def set_locked(self, positions: list[int], locked: bool) -> None:
        """Locks positions to the tokens they show, or unlocks them. Masked positions cannot be locked."""
        view = self._view
        after = view.document.with_locks(np.array(positions, np.int64), locked, view.canvas().tokens)
        if (after.locked != view.document.locked).any():
            self._change("lock" if locked else "unlock", after, keeps_run=True)

    def unlock_all(self) -> None:
        self.set_locked(list(range(len(self._view.document.tokens))), False)

    def place(self, position: int, token: int) -> bool:
        return self._change("placing of a token", self._view.document.with_token(position, token), keeps_run=True)

    def replace_range(self, start: int, stop: int, text: str) -> bool:
        """Puts words and gaps in the place of positions start .. stop - 1; False, with the reason, if they do not fit.

        What else is on show stays, as words that the next run may replace. Words that follow others get their space.
        """
        if self._models.tokenizer is None:
            return False
        if start > 0 and text[:1].isalnum():
            text = f" {text}"
        try:
            tokens = parse_prompt(text, self._models.tokenizer, self.room(start, stop))
        except UserError as error:
            self._errors.show(str(error))
            return False
        self._errors.dismiss()
        return self._change("typing", self._shown().with_range(start, stop, tokens))

    def clear_range(self, start: int, stop: int) -> bool:
        """Takes out what is known of positions start .. stop - 1: they become a gap."""
        return self._change("taking out of words", self._shown().cleared(start, stop))

    def set_gap(self, start: int, stop: int, length: int) -> bool:
        """Replaces positions start .. stop - 1 by a gap of `length` tokens; False if it does not fit."""
        room = self.room(start, stop)
        if not 1 <= length <= room:
            self._errors.show(f"A gap here can have 1 to {room} tokens, not {length}; choose a number in between.")
            return False
        return self._change("change of a gap", self._view.document.with_gap(start, stop, length))

    def limit(self, start: int, stop: int, words: str) -> None:
        """Lets only `words`, with commas between them, stand at positions start .. stop - 1; any where there are none.

        A word of several tokens allows each of them. Nothing changes if the model cannot write one of them: the banner
        says so.
        """
        tokenizer, document = self._models.tokenizer, self._view.document
        if tokenizer is None:
            return
        forms = [form for word in words.split(",") if word.strip() for form in tokenizer.forms(word.strip())]
        try:
            tokens = tuple(sorted({token for ids in tokenizer.encode_all(forms) for token in ids}))
        except UserError as error:
            self._errors.show(str(error))
            return
        after = document.with_limit(start, stop, tokens)
        if after.limits != document.limits:
            self._change("soft lock", after, keeps_run=True)

    def _change(self, name: str, after: Document, keeps_run: bool = False) -> bool:
        """Makes an edit of some positions; False where what is typed elsewhere is not, or makes another text first."""
        before = self._view.document
        if not self.typed.apply() or self._view.document is not before:
            return False
        self._push(name, after, keeps_run)
        return True

    def _push(self, name: str, after: Document, keeps_run: bool = False) -> None:
        self.undo_stack.push(Edit(name, after, self._view, keeps_run))

    def _shown(self) -> Document:
        """The document with what is on show as words that are not locked."""
        return replace(self._view.document, tokens=self._view.canvas().tokens)

    def room(self, start: int, stop: int) -> int:
        """Tokens that fit in the place of positions start .. stop - 1."""
        return self._models.length - len(self._view.document.tokens) + stop - start


class Edit(QUndoCommand):
    """Goes from one document to another and back.

    Runs made between an edit and its undo belong to the documents: what is left is remembered as it is then. One that
    `keeps_run` leaves the positions as they are, and so the run on show.
    """

    def __init__(self, name: str, after: Document, view: View, keeps_run: bool = False) -> None:
        super().__init__(name)
        self._before, self._after, self._view, self._keeps_run = view.document, after, view, keeps_run

    def redo(self) -> None:
        self._before = self._view.document
        self._show(self._after)

    def undo(self) -> None:
        self._after = self._view.document
        self._show(self._before)

    def _show(self, document: Document) -> None:
        self._view.show(replace(document, trajectory=self._view.run) if self._keeps_run else document)


class RemoveRuns(QUndoCommand):
    """Runs were taken out of the history."""

    def __init__(self, numbers: list[int], keeper: Keeper) -> None:
        super().__init__("removal of a run" if len(numbers) == 1 else f"removal of {len(numbers)} runs")
        self._numbers, self._keeper = numbers, keeper

    def redo(self) -> None:
        self._keeper.do(lambda history: history.set_removed(self._numbers, True))

    def undo(self) -> None:
        self._keeper.do(lambda history: history.set_removed(self._numbers, False))
