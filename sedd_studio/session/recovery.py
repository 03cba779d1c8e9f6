"""The session on disk: every run goes into the history; what is on show is kept every few seconds, and at the end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer

from engine.protocol import FREE, Limit, UserError, frozen
from engine.runs.runfile import decode
from engine.runs.schema import MOST_TOKENS, check_limits, check_range, converted
from engine.runs.trajectory import Trajectory
from sedd_studio.record.document import Document
from sedd_studio.record.form import Form
from sedd_studio.record.history import History, LeftOver
from sedd_studio.record.page import MOST_ASIDE, Key, Page, means_something
from sedd_studio.record.schema import AsideState, SessionState
from sedd_studio.session.model_folders import is_model
from sedd_studio.session.queue_keeping import queue_state, read_queue
from sedd_studio.session.queueing import Queued, RunQueue
from sedd_studio.session.session import Session

if TYPE_CHECKING:
    from sedd_studio.background.keeper import Keeper

INTERVAL = 4000
"""Milliseconds between two looks at whether something has changed."""


class Recorder(QObject):
    """Watches the session and has the keeper write what it did."""

    def __init__(
        self, session: Session, keeper: Keeper, queue: RunQueue | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._keeper, self._queue = session, keeper, queue
        self._waiting: list[Queued] = []
        self._changed = self._closed = False
        self._kept: tuple[object, ...] | None = None
        session.runs.ended.connect(self._keep)
        for signal in (session.view.changed, session.runs.changed, session.form.changed):
            signal.connect(self._note_change)
        if queue is not None:
            queue.changed.connect(self._note_queue)
        keeper.failed.connect(self._keep_again)
        keeper.remembered.connect(session.notices.note_kept)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.remember)
        self._timer.start(INTERVAL)

    def finish(self, keeps: bool = False, closed: bool = False) -> None:
        """The session is over; it `keeps` what is on show, to be offered back or, if it was `closed`, gone on with."""
        self._timer.stop()
        if keeps:
            self._changed, self._closed = True, closed
            self.remember()

    def remember(self) -> None:
        """Has the session kept as it stands, if it has changed; its run only if that is another, or longer."""
        if not self._changed:
            return
        self._changed = False
        state, run = state_of(self._session, self._waiting) | {"closed": self._closed}, self._session.view.run
        kept = (run, run.recorded, run.result is not None) if run is not None else ()
        if kept == self._kept:
            self._keeper.do(lambda history: history.remember_state(state), stands_for="state")
        else:
            self._kept = kept
            self._keeper.remember(state, run)

    def _keep_again(self) -> None:
        """What the keeper was given may not have been written."""
        self._kept = None
        self._changed = True

    def _note_change(self) -> None:
        self._changed = True

    def _note_queue(self) -> None:
        """Other runs wait, or in another order; how far one is that is being made is no matter."""
        assert self._queue is not None
        if self._queue.items != self._waiting:
            self._waiting = list(self._queue.items)
            self._changed = True

    def _keep(self, run: Trajectory) -> None:
        if run.recorded:
            self._keeper.keep(run)


def keep_unfinished(keeper: Keeper, left: LeftOver) -> None:
    """Puts the run that was cut off into the history, before anything else can happen to it.

    One that had ended before, or was only looked at, is not put there again.
    """
    if not left.state.get("under_way", True):
        return
    keeper.do(lambda history: add_unfinished(history, left.content or b""))


def add_unfinished(history: History, content: bytes) -> None:
    """Puts the run with these bytes into the history, unless it is damaged or had come to its end."""
    try:
        run = decode(content)
    except UserError:
        return
    if run.result is None and run.recorded:
        history.add(run)


def state_of(session: Session, queue: Iterable[Queued] = ()) -> dict[str, object]:
    """How the session and its queue stand, as JSON values; its run is kept beside it."""
    document = session.view.document
    return {
        "model": session.models.info.path if session.models.info is not None else None,
        "tokenizer": session.models.tokenizer.fingerprint if session.models.tokenizer is not None else "",
        "length": session.models.length,
        "file": session.pages.name,
        "kept": time.time(),
        "prompt": session.view.prompt,
        "tokens": document.tokens.tolist(),
        "locked": document.locked.tolist(),
        "limits": [list(limit) for limit in document.limits],
        "playhead": session.playhead.step,
        "sample": session.playhead.sample,
        "under_way": session.view.run is not None and session.view.run.under_way,
        "form": dict(session.form.now.entries),
        "aside": [aside_state(*key, page) for key, page in session.pages.aside.items()],
        "queue": queue_state(queue),
    }


def aside_state(tokenizer: str, length: int, page: Page) -> dict[str, object]:
    """A page that was put aside, as JSON values. Its run is in the history; what that shows stays as text."""
    document = page.document
    return {
        "tokenizer": tokenizer,
        "length": length,
        "tokens": document.visible(page.step, page.sample).tolist(),
        "locked": document.locked.tolist(),
        "limits": [list(limit) for limit in document.limits],
        "file": page.name,
        "form": dict(page.form.entries),
    }


def read_pages(found: object) -> dict[Key, Page]:
    """The pages that were put aside, the newest last; one that is damaged is left out."""
    pages: dict[Key, Page] = {}
    for one in found[-MOST_ASIDE:] if isinstance(found, list) else ():
        with suppress(ValueError):
            state = converted(one, AsideState)
            pages[state.tokenizer, state.length] = read_aside(state)
    return pages


def read_aside(found: AsideState) -> Page:
    """The page that was put aside; a ValueError if damaged."""
    check_limits(found.limits, len(found.tokens), MOST_TOKENS)
    document = read_document(found.tokens, found.locked, found.limits)
    form = Form.read({"banned": found.banned, "pattern": found.pattern} | found.form)
    return Page(document, form, None, None, name=found.file)


def read_document(
    tokens: tuple[int, ...], locked: tuple[bool, ...], limits: tuple[Limit, ...], run: Trajectory | None = None
) -> Document:
    """The document of these tokens; a ValueError if sizes differ."""
    if len(locked) != len(tokens):
        raise ValueError("sizes differ")
    return Document(frozen(tokens), np.array(locked, bool), run, limits)


@dataclass(frozen=True, eq=False)
class Left:
    """What a session left, read and checked: its document, with the run on show if there was one, and its place; and
    its form, unless it is of an earlier version."""

    model: str
    tokenizer: str
    prompt: str
    document: Document
    playhead: int
    sample: int
    file: str
    form: Form | None = None
    aside: Mapping[Key, Page] = field(default_factory=dict)
    length: int = 0
    """The longest text of its model; 0 where that is not known."""
    queue: list[Queued] = field(default_factory=list)


def read_left(left: LeftOver) -> Left:
    """What a session left; a UserError if it is damaged."""
    try:
        state = converted(left.state, SessionState)
        run = None if left.content is None else decode(left.content)
        length, vocabulary = len(state.tokens), MOST_TOKENS
        if run is not None and run.origin is not None:
            vocabulary = run.origin.tokenizer.vocabulary
        if run is not None and run.length != length:
            raise ValueError("sizes differ")
        document = read_document(state.tokens, state.locked, state.limits, run)
        check_range(document.tokens, FREE, vocabulary - 1)
        check_limits(state.limits, length, vocabulary)
        form = None if state.form is None else Form.read(state.form)
    except (ValueError, UserError) as error:
        raise UserError("What the last session left is damaged; its finished runs are in the history.") from error
    return Left(
        state.model or "",
        state.tokenizer,
        state.prompt,
        document,
        state.playhead,
        state.sample,
        state.file,
        form,
        read_pages(state.aside),
        state.length,
        read_queue(state.queue),
    )


def bring_back(session: Session, queue: RunQueue, left: LeftOver) -> None:
    """Shows what a session left, once it is read, and has wait what waited; what is wrong goes to the banner."""

    def take(found: Left) -> None:
        restore(session, found)
        queue.bring_back(found.queue)

    session.reader.read(lambda: read_left(left), take)


def restore(session: Session, left: Left) -> None:
    """Shows what a session left; a text that means nothing to the tokenizer of now once its model has come, or cannot
    come. Where there is no model then, the usual one is opened."""
    models, begun, text = session.models, bool(session.editor.undo_stack.steps), left.document.trajectory is None
    same = models.tokenizer is not None and models.tokenizer.fingerprint == left.tokenizer
    waits = text and bool(left.tokenizer) and not same
    usual = iter([models.open])

    def settle() -> None:
        if models.loading:
            return
        if models.info is None and (open_usual := next(usual, None)) is not None:
            open_usual()
            return
        models.loading_changed.disconnect(settle)
        if waits:
            show(session, left, begun)

    if not waits:
        show(session, left, begun)
    models.loading_changed.connect(settle)
    if text and left.model and not models.opens(left.model):
        if is_model(Path(left.model)):
            models.open(left.model)
        else:
            session.errors.add(f"There is no model at {left.model} any more; its text is opened without it.")
    settle()


def show(session: Session, left: Left, begun: bool) -> None:
    """Shows it: as it was where its tokens mean the same, else what of it was locked, as a prompt, while the text
    itself waits for its model.

    Where the model of now had a page of its own, that comes first, and this is a step to undo; else it is none where
    nothing was `begun` yet.
    """
    document, models, pages = left.document, session.models, session.pages
    begun = begun or len(session.editor.undo_stack.steps) > 1  # one is that its model was opened
    run, info, tokenizer = document.trajectory, models.info, models.tokenizer
    if run is not None and run.origin is not None:
        info, tokenizer = run.origin.info, run.origin.tokenizer
    key = (tokenizer.fingerprint if tokenizer is not None else "", models.length if info is None else info.length)
    aside = {**pages.aside, **left.aside}
    own = aside.pop(key, None)
    first = own is not None and tokenizer is not None and means_something(own.document, tokenizer, key[1])
    if own is not None and first:
        pages.do("Restore", replace(own, info=info, tokenizer=tokenizer, aside=aside))
        if not begun:
            session.editor.undo_stack.clear()
    if run is not None:
        session.show_run(run, document)
        session.playhead.put(left.playhead, left.sample)
    elif tokenizer is not None and tokenizer.fingerprint == left.tokenizer and known(document, session):
        pages.show("Restore", document)
    else:
        if left.length:
            aside[left.tokenizer, left.length] = Page(document, left.form or pages.now.form, None, None, name=left.file)
        if session.editor.set_prompt(left.prompt) and fits(document, session):
            session.view.show(replace(session.view.document, limits=document.limits))
    pages.call(left.file)
    if left.form is not None:
        session.form.take(left.form)
    pages.put_aside(aside)
    if not begun and not first:
        session.editor.undo_stack.clear()


def fits(document: Document, session: Session) -> bool:
    """Whether the soft locks of a document can be those of the one on show: as long, with tokens that there are."""
    return known(document, session) and len(session.view.document.tokens) == len(document.tokens)


def known(document: Document, session: Session) -> bool:
    """Whether a document is a text of the model of now: not too long, of tokens that there are."""
    models = session.models
    return models.tokenizer is not None and means_something(document, models.tokenizer, models.length)
