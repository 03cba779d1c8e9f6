"""The session on disk: every run goes into the history, and what is on show is kept every few seconds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer

from engine.protocol import FREE, Limit, UserError, frozen
from sedd_studio.record.document import Document
from sedd_studio.record.history import History, LeftOver
from sedd_studio.record.runfile import decode
from sedd_studio.record.schema import MOST_TOKENS, SessionState, check_limits, check_range, converted
from sedd_studio.record.trajectory import Trajectory
from sedd_studio.session.session import Session

if TYPE_CHECKING:
    from sedd_studio.background.keeper import Keeper

INTERVAL = 4000
"""Milliseconds between two looks at whether something has changed."""


class Recorder(QObject):
    """Watches the session and has the keeper write what it did."""

    def __init__(self, session: Session, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._keeper = session, keeper
        self._changed = False
        self._kept: tuple[object, ...] | None = None
        session.runs.ended.connect(self._keep)
        for signal in (session.view.changed, session.runs.changed, session.form.changed):
            signal.connect(self._note_change)
        keeper.failed.connect(self._keep_again)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.remember)
        self._timer.start(INTERVAL)

    def finish(self, keeps: bool = False) -> None:
        """The session is over; one that was ended from outside `keeps` what is on show, to be offered back."""
        self._timer.stop()
        if keeps:
            self._changed = True
            self.remember()

    def remember(self) -> None:
        """Has the session kept as it stands, if it has changed; its run only if that is another, or longer."""
        if not self._changed:
            return
        self._changed = False
        state, run = state_of(self._session), self._session.view.run
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


def state_of(session: Session) -> dict[str, object]:
    """How the session stands, as JSON values; its run is kept beside it."""
    document = session.view.document
    return {
        "model": session.models.info.path if session.models.info is not None else None,
        "prompt": session.view.prompt,
        "tokens": document.tokens.tolist(),
        "locked": document.locked.tolist(),
        "limits": [list(limit) for limit in document.limits],
        "playhead": session.playhead.step,
        "sample": session.playhead.sample,
        "under_way": session.view.run is not None and session.view.run.under_way,
    }


@dataclass(frozen=True, eq=False)
class Left:
    """What a session left, read and checked: its document, with the run on show if there was one, and its place."""

    model: str
    prompt: str
    document: Document
    playhead: int
    sample: int


def read_left(left: LeftOver) -> Left:
    """What a session left; a UserError if it is damaged."""
    try:
        state = converted(left.state, SessionState)
        run = None if left.content is None else decode(left.content)
        length, vocabulary = len(state.tokens), MOST_TOKENS
        if run is not None and run.origin is not None:
            vocabulary = run.origin.tokenizer.vocabulary
        if len(state.locked) != length or (run is not None and run.length != length):
            raise ValueError("sizes differ")
        tokens, locked = frozen(state.tokens), np.array(state.locked, bool)
        check_range(tokens, FREE, vocabulary - 1)
        check_limits(state.limits, length, vocabulary)
    except (ValueError, UserError) as error:
        raise UserError("What the last session left is damaged; its finished runs are in the history.") from error
    return Left(
        state.model or "", state.prompt, Document(tokens, locked, run, state.limits), state.playhead, state.sample
    )


def bring_back(session: Session, left: LeftOver) -> None:
    """Shows what a session left, once it is read; what is wrong with it goes to the banner."""
    session.reader.read(lambda: read_left(left), lambda found: restore(session, found))


def restore(session: Session, left: Left) -> None:
    """Shows what a session left."""
    document = left.document
    if document.trajectory is None:
        session.models.open(left.model) if left.model else None
        session.editor.set_prompt(left.prompt)
        if len(session.view.document.tokens) == len(document.tokens) and all_known(document.limits, session):
            session.view.show(replace(session.view.document, limits=document.limits))
        return
    session.show_run(document.trajectory)
    session.view.show(document)
    session.playhead.set_sample(left.sample)
    session.playhead.seek(left.playhead)


def all_known(limits: tuple[Limit, ...], session: Session) -> bool:
    """Whether the tokenizer of now has all tokens that soft locks name."""
    tokenizer = session.models.tokenizer
    return tokenizer is not None and all(token < tokenizer.vocabulary for _, _, tokens in limits for token in tokens)
