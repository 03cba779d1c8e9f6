"""The page on show: what a user does makes it another in one step, and undoing brings back the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.language.domains import DOMAINS, TEXT
from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE, ModelInfo, UserError, frozen
from engine.runs.trajectory import Trajectory
from sedd_studio.record.document import Document
from sedd_studio.record.form import Form
from sedd_studio.record.page import Key, Page
from sedd_studio.session.current_form import CurrentForm
from sedd_studio.session.errors import Errors
from sedd_studio.session.models import Models
from sedd_studio.session.undoing import Step, UndoStack
from sedd_studio.session.view import View


class Pages(QObject):
    """Puts pages on show, and keeps what was done for `undo_stack`. `name` is that of the page's file; `named` is told
    when it is another."""

    named = Signal()

    def __init__(
        self, models: Models, form: CurrentForm, view: View, errors: Errors, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._models, self._form, self._view, self._errors = models, form, view, errors
        self.name = ""
        self._aside: Mapping[Key, Page] = {}
        self.undo_stack = UndoStack(self)
        form.edited.connect(self._note_form)

    @property
    def now(self) -> Page:
        """What is on show."""
        models, playhead = self._models, self._view.playhead
        place = playhead.step, playhead.sample
        return Page(self._view.document, self._form.now, models.info, models.tokenizer, *place, self._aside, self.name)

    # ---- what is done

    def do(self, name: str, after: Page) -> None:
        """Puts another page on show; what is done is called `name`."""
        before = self.now
        self.put(after)
        self.undo_stack.add(Turn(name, self, before, after))

    def show(self, name: str, document: Document, file: str | None = None) -> None:
        """Puts another document in the place of the one on show, that of a `file` if one is named; what is done is
        called `name`."""
        now = self.now
        self.do(name, replace(now, document=document, name=now.name if file is None else file))

    def begin(self) -> None:
        """Begins a fresh page."""
        self._errors.dismiss()
        self.do("New", self.now.emptied())

    @property
    def aside(self) -> Mapping[Key, Page]:
        """The pages of models that are not on show."""
        return self._aside

    def put_aside(self, pages: Mapping[Key, Page]) -> None:
        """Has more pages come back with their models."""
        self._aside = {**self._aside, **pages}

    def call(self, file: str) -> None:
        """The page was saved as a file."""
        self.name = file
        self.named.emit()

    def follow(self, name: str, run: Trajectory, step: int, joins: Step | None = None) -> None:
        """A run of the document on show has begun, or a branch at a step: it is played from there. It is part of the
        step that it `joins`, if that is still the newest."""
        before = self.now
        self._view.follow(run, step)
        if isinstance(joins, Turn) and joins is self.undo_stack.newest:
            joins.alone, joins.after = before, self.now
        else:
            self.undo_stack.add(Turn(name, self, before, self.now))

    def take_back(self, run: Trajectory) -> None:
        """A run that was followed has made nothing: it is as if it had not begun, if nothing else was done since."""
        newest = self.undo_stack.newest
        if not isinstance(newest, Turn) or newest.after.document.trajectory is not run:
            return
        if newest.alone is not None:
            newest.after, newest.alone = newest.alone, None
            self.put(newest.after)
        else:
            self.undo_stack.undo()
            self.undo_stack.forget_undone()

    def open(self, name: str, run: Trajectory, document: Document, form: Form, file: str = "") -> None:
        """Shows the document of a run, with its model, and plays it."""
        assert run.origin is not None
        self.do(name, self.now.opened(run.origin.info, run.origin.tokenizer, document, form, file))
        self._models.ensure()
        self._view.playhead.start(run)

    def turn_to(self, info: ModelInfo, tokenizer: Tokenizer, text: str, wanted: bool) -> None:
        """The model is another: with a page of its own, or begun with the prompt `text` where there was none; if it is
        `wanted` and does not fit, that is said."""
        before = self.now
        after = before.turned_to(info, tokenizer, lambda: self._begun(info, tokenizer, text, wanted))
        if before.is_for(info) or before.info is None:  # the first one is that of what is on show
            self._models.info = info
            self.put(after, anew=True)
        else:
            self.do(f"Open {info.name}", after)

    def _begun(self, info: ModelInfo, tokenizer: Tokenizer, text: str, wanted: bool) -> Document:
        """A prompt, or one gap as long as the model where it does not fit."""
        domain = DOMAINS.get(info.domain, TEXT)
        own = info.domain == self._models.domain.name
        text = text if own else domain.examples[0]
        try:
            return Document.from_text(text, tokenizer, info.length)
        except UserError as error:
            if wanted and own:
                self._errors.show(f"The prompt does not fit the new model, which begins with a gap. {error}")
            return Document(frozen(np.full(info.length, FREE)), np.zeros(info.length, bool))

    def _note_form(self, name: str, before: Form, typed: bool) -> None:
        """The form was edited; what is typed into one field is one step."""
        newest = self.undo_stack.newest
        if typed and isinstance(newest, Turn) and newest.name == name:
            newest.after = self.now
        else:
            self.undo_stack.add(Turn(name, self, replace(self.now, form=before), self.now))

    def put(self, page: Page, anew: bool = False) -> None:
        """Shows a page; its model is opened if it is another and on this machine. That there is another model, or the
        same one `anew`, is told; to follow it takes longer than all else that is done to a text."""
        models, view = self._models, self._view
        before = models.info, models.tokenizer
        other_model = page.info is not None and not (models.info is not None and page.is_for(models.info))
        if page.tokenizer is None or not models.speaks(page.tokenizer):
            view.clear()
        models.info, models.tokenizer = page.info if other_model else models.info, page.tokenizer
        self._aside = page.aside
        self.call(page.name)
        self._form.take(page.form)
        view.show(page.document, (page.step, page.sample))
        if anew or models.info is not before[0] or models.tokenizer is not before[1]:
            models.changed.emit()
        if other_model:
            models.ensure()


class Turn:
    """From one page to another, and back. Where the playhead is left is remembered as it is then."""

    def __init__(self, name: str, pages: Pages, before: Page, after: Page) -> None:
        self.name, self._pages, self.before, self.after = name, pages, before, after
        self.alone: Page | None = None
        """Where it led without the run that has joined it."""

    def redo(self) -> None:
        self.before = self._pages.now
        self._pages.put(self.after)

    def undo(self) -> None:
        self.after = self._pages.now
        self._pages.put(self.before)

    def runs(self) -> list[Trajectory]:
        pages = [page for one in (self.before, self.after) for page in (one, *one.aside.values())]
        found = [run for page in pages for run in (page.document.trajectory, *(page.document.edited or ())[:1])]
        return [run for run in found if run is not None]
