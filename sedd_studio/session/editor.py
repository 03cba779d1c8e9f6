"""What a user does to the document: every edit can be undone, and one that cannot be made says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

import numpy as np
from PySide6.QtCore import QObject

from engine.language.prompts import longest_prompt, parse_prompt
from engine.language.word_runs import stretches
from engine.language.word_tokens import as_tokens
from engine.protocol import FREE, Generate, Limit, UserError
from engine.protocol.options import OPTIONS
from sedd_studio.record.document import Document
from sedd_studio.record.previews import token_name
from sedd_studio.session.errors import Errors
from sedd_studio.session.models import Models
from sedd_studio.session.pages import Pages
from sedd_studio.session.typed import Typed
from sedd_studio.session.view import View

SHORT_LIST = 400
"""Characters of words that are checked within a tenth of a second."""


class Editor(QObject):
    """Edits the document that the view shows; `undo_stack` undoes it."""

    def __init__(self, models: Models, view: View, pages: Pages, errors: Errors, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._models, self._view, self._pages, self._errors = models, view, pages, errors
        self.typed = Typed(self)
        self.undo_stack = pages.undo_stack

    # ---- the whole

    @property
    def longest_prompt(self) -> int:
        """Characters of what can be a prompt, at most; 0 while that is not known."""
        tokenizer = self._models.tokenizer
        return 0 if tokenizer is None else longest_prompt(tokenizer, self._models.length)

    def set_prompt(self, text: str, file: str | None = None) -> bool:
        """Makes `text` the prompt; False, with the reason in the banner and nothing changed, if it does not fit."""
        if self._models.tokenizer is None:
            return False
        try:
            document = Document.from_text(text, self._models.tokenizer, self._models.length)
        except UserError as error:
            self._errors.show(str(error))
            return False
        self.set_document(document, file)
        return True

    def set_document(self, document: Document, file: str | None = None) -> None:
        """Makes a prompt that was cut into tokens before the prompt; of a `file` if one is named."""
        self.typed.apply()  # it can be had back
        self._errors.dismiss()
        self._pages.show("Prompt", document, file)

    # ---- parts

    def set_locked(self, positions: list[int], locked: bool) -> None:
        """Locks positions to the tokens they show, or unlocks them. Masked positions cannot be locked."""
        view = self._view
        after = view.document.with_locks(np.array(positions, np.int64), locked, view.canvas().tokens)
        changed = after.locked != view.document.locked
        touched = [limit for limit in after.limits if locked and changed[limit[0] : limit[1]].any()]
        if changed.any() and self._can_be_filled(after, touched):
            self._change("Lock" if locked else "Unlock", after)

    def unlock_all(self) -> None:
        self.set_locked(list(range(len(self._view.document.tokens))), False)

    def place(self, position: int, token: int) -> bool:
        """Puts a token at a position and locks it there."""
        piece = "" if self._models.tokenizer is None else token_name(self._models.tokenizer.piece(token)).strip()
        return self._change(f"Put “{piece}” here", self._view.document.with_token(position, token))

    def replace_range(self, start: int, stop: int, text: str) -> int:
        """Puts words and gaps in the place of positions start .. stop - 1, and says where they end; 0, with the reason
        in the banner, if they do not fit.

        What else is on show stays, as words that the next run may replace. Words that follow others get their space;
        where there is no other room, they take up the gap that they stand before.
        """
        if self._models.tokenizer is None:
            return 0
        if start > 0 and text[:1].isalnum():
            text = f" {text}"
        try:
            tokens = parse_prompt(text, self._models.tokenizer, self.room(start, self._gap_after(stop)))
        except UserError as error:
            self._errors.show(str(error))
            return 0
        self._errors.dismiss()
        stop += max(0, len(tokens) - self.room(start, stop))
        typed = self._change("Typing", self._shown().with_range(start, stop, tokens))
        return start + len(tokens) if typed else 0

    def clear_range(self, start: int, stop: int) -> bool:
        """Takes out what is known of positions start .. stop - 1: they become a gap."""
        return self._change("Delete", self._shown().cleared(start, stop))

    def set_gap(self, start: int, stop: int, length: int) -> bool:
        """Replaces positions start .. stop - 1 by a gap of `length` tokens; False if it does not fit."""
        room = self.room(start, stop)
        if not 1 <= length <= room:
            self._errors.show(f"A gap here can have 1 to {room} tokens, not {length}; choose a number in between.")
            return False
        return self._change("Gap", self._shown().with_gap(start, stop, length))

    def limit(self, start: int, stop: int, words: str) -> None:
        """Lets only `words`, with commas between them, stand at positions start .. stop - 1; any where there are none.

        Nothing changes if the model cannot write one of them: the banner says so.
        """
        tokenizer, document = self._models.tokenizer, self._view.document
        if tokenizer is None:
            return
        listed = tuple(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))
        try:
            tokenizer.encode_all(listed)
        except UserError as error:
            self._errors.show(str(error))
            return
        after = document.with_limit(start, stop, listed)
        named = [limit for limit in after.limits if limit == (start, stop, listed)]
        if after.limits != document.limits and self._can_be_filled(after, named):
            self._errors.dismiss()
            self._change("Only these words", after)

    def _can_be_filled(self, document: Document, limits: Sequence[Limit]) -> bool:
        """Whether words of soft locks fit, with what is locked there; False, with the reason in the banner, if not.

        It takes long for long lists: they are checked where something is locked, and else only when a run begins.
        """
        tokenizer, info = self._models.tokenizer, self._models.info
        for start, stop, named in limits:
            short = sum(len(str(word)) for word in named) <= SHORT_LIST
            if tokenizer is None or not (short or document.locked[start:stop].any()):
                continue
            asked = Generate(document.request, limits=((start, stop, named),))
            try:
                if info is None or OPTIONS["pattern"].fits(info.noise):  # a list of words is a pattern, too
                    stretches(asked, tokenizer)
                else:
                    as_tokens(asked, tokenizer)
            except UserError as error:
                self._errors.show(str(error))
                return False
        return True

    def _change(self, name: str, after: Document) -> bool:
        """Makes an edit of some positions; False where what is typed elsewhere is not, or makes another text first."""
        before = self._view.document
        if not self.typed.apply() or self._view.document is not before:
            return False
        self._pages.show(name, after)
        return True

    def _shown(self) -> Document:
        """The document with what is on show as words that are not locked."""
        view, document = self._view, self._view.document
        edited = document.edited if view.run is None else (view.run, view.playhead.sample)
        return replace(document, tokens=view.canvas().tokens, edited=edited)

    def _gap_after(self, position: int) -> int:
        """The position at which the gap ends that begins at one; that one where none does."""
        tokens = self._view.canvas().tokens
        return position + len(list(takewhile(lambda token: token == FREE, tokens[position:].tolist())))

    def room(self, start: int, stop: int) -> int:
        """Tokens that fit in the place of positions start .. stop - 1."""
        return self._models.length - len(self._view.document.tokens) + stop - start
