"""A page: all that one thing which a user does can change, and undo brings back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from engine.language.domains import TEXT
from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE, ModelInfo, frozen
from engine.protocol.option_kinds import Pattern, Words
from engine.protocol.options import ENTRIES
from engine.runs.schema import all_tokens, all_words
from sedd_studio.record.document import Document
from sedd_studio.record.form import Form

BUNDLED_LENGTH = 256
FRESH = 64
"""Tokens of a fresh page."""
MOST_ASIDE = 8
"""Documents that are put aside; those that were longest away are dropped."""
ASIDE_BYTES = 2**24
"""Of the runs that they hold. Those that were longest away come back without theirs, which is in the history."""
OF_DOCUMENT = {name: row.entry_usual for name, row in ENTRIES.items() if isinstance(row.kind, Pattern | Words)}
"""Entries of the form that mean nothing for another document; with what is usual."""
Key = tuple[str, int]
"""A tokenizer's fingerprint, and the longest text that a model with it takes."""


@dataclass(frozen=True, eq=False)
class Page:
    """A document with the form of its runs, the model and the tokenizer that it is for, where the playhead stands, and
    the name of the file that it came from or went to, if there is one.

    `aside` holds the pages of other tokenizers, and of longer or shorter models; each comes back with its model.
    """

    document: Document
    form: Form
    info: ModelInfo | None
    tokenizer: Tokenizer | None
    step: int = 0
    sample: int = 0
    aside: Mapping[Key, Page] = field(default_factory=dict)
    name: str = ""

    @property
    def length(self) -> int:
        """The longest text, in tokens."""
        return self.info.length if self.info is not None else BUNDLED_LENGTH

    @property
    def domain(self) -> str:
        return self.info.domain if self.info is not None else TEXT.name

    def is_for(self, info: ModelInfo) -> bool:
        """Whether it is for this model, wherever that runs."""
        own = self.info
        return own is not None and own.path == info.path and own.same_weights(info)

    def emptied(self) -> Page:
        """A fresh page for the same model: one gap, and nothing that was about the document before."""
        length = min(FRESH, self.length)
        document = Document(frozen(np.full(length, FREE)), np.zeros(length, bool))
        return replace(self, document=document, form=self.form.changed(**OF_DOCUMENT), step=0, sample=0, name="")

    def without_run(self) -> Page:
        """The same with what was written and locked alone."""
        return replace(self, document=replace(self.document, trajectory=None), step=0, sample=0)

    def opened(self, info: ModelInfo, tokenizer: Tokenizer, document: Document, form: Form, name: str) -> Page:
        """The page of a document that comes with its model; this one is put aside if it means nothing there."""
        same = self.tokenizer is not None and self.tokenizer.fingerprint == tokenizer.fingerprint
        aside = self.aside if same else self._put_aside()
        return Page(document, form, info, tokenizer, aside=aside, name=name)

    def turned_to(self, info: ModelInfo, tokenizer: Tokenizer, fresh: Callable[[], Document]) -> Page:
        """The page for another model: with the same document where its tokens mean the same and fit, else with the one
        that was put aside for such a model, else with a `fresh` one."""
        key = (tokenizer.fingerprint, info.length)
        same = self.tokenizer is not None and self.tokenizer.fingerprint == tokenizer.fingerprint
        own = self.info is None or key not in self.aside  # the first model is that of what is on show
        if same and own and len(self.document.tokens) <= info.length:
            return replace(self, info=info, tokenizer=tokenizer)
        aside = self._put_aside()
        kept = aside.pop(key, None)
        if kept is not None and not means_something(kept.document, tokenizer, info.length):
            kept = None  # it was read from a damaged file
        if kept is None:
            return Page(fresh(), self.form.changed(**OF_DOCUMENT), info, tokenizer, aside=aside)
        return replace(kept, info=info, tokenizer=tokenizer, aside=aside)

    def _put_aside(self) -> dict[Key, Page]:
        """The pages that are aside, and this one, the newest last."""
        if self.tokenizer is None:
            return dict(self.aside)
        key = (self.tokenizer.fingerprint, self.length)
        others = [(other, page) for other, page in self.aside.items() if other != key]
        return within([*others, (key, replace(self, aside={}))][-MOST_ASIDE:])


def within(pages: list[tuple[Key, Page]]) -> dict[Key, Page]:
    """The pages, the newest last, with as many of their runs as there is room for."""
    room, found = ASIDE_BYTES, list[tuple[Key, Page]]()
    for key, page in reversed(pages):
        run = page.document.trajectory
        room -= 0 if run is None else run.bytes
        found.append((key, page if room >= 0 else page.without_run()))
    return dict(reversed(found))


def means_something(document: Document, tokenizer: Tokenizer, longest: int) -> bool:
    """Whether a document is a text of at most `longest` tokens that there are, with soft locks that name such."""
    limited = all(all_words(named) or all_tokens(named, tokenizer.vocabulary) for *_, named in document.limits)
    return limited and 0 < len(document.tokens) <= longest and bool(document.tokens.max() < tokenizer.vocabulary)
