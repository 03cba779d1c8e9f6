"""Models beside each other on the text on show, whatever their tokenizers: what it costs them, or whether they mend a
typo in it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.language.backends import END_OF_TEXT
from engine.language.spans import runs_of
from engine.language.typos import Typo, plant
from engine.protocol import (
    FREE,
    Cancelled,
    Evaluate,
    Evaluated,
    Event,
    Failed,
    Finished,
    Generate,
    Introduced,
    Mend,
    Mended,
    Noise,
    Run,
    UserError,
    ends,
    frozen,
)
from sedd_studio.record.pace import seconds_left
from sedd_studio.record.previews import shortened
from sedd_studio.session.choosing import Choosing
from sedd_studio.session.compare_kinds import FEWEST, MOST, Chosen, Rows
from sedd_studio.session.compare_reading import LEVELS
from sedd_studio.session.compare_rows import ModelRow, reading
from sedd_studio.session.notices import going, number_of
from sedd_studio.session.panes import PaneState, class_of
from sedd_studio.session.session import Session
from sedd_studio.session.vocabulary import Say

UNFINISHED = "Only a text without masked positions can be given to other models; fill its gaps first."
READING = "Reading the text"
AROUND = 5
"""Words on either side of a typo that are shown."""


class ModelRows(QObject):
    """The `rows` of what was chosen last; `typo` is what was planted, None where it is the text itself. `changed` is
    told when there is more to show."""

    changed = Signal()
    ended = Signal(str)
    """With a sentence: no row of it goes on any more."""

    def __init__(self, session: Session, choice: Choosing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._choice = session, choice
        self.rows: list[ModelRow] = []
        self.typo: Typo | None = None
        self.text = ""
        self._texts = 1
        self._began = 0.0
        self._reads = False
        session.engine.answered.connect(self._take)
        session.reader.changed.connect(self._look_whether_it_reads)

    @property
    def busy(self) -> bool:
        return self._reads or any(row.busy for row in self.rows)

    @property
    def share(self) -> float | None:
        """How much of it is done; None while nothing goes on."""
        if not self.busy:
            return None
        return 0.0 if self._reads else sum(row.share(self._texts) for row in self.rows) / len(self.rows)

    @property
    def seconds_left(self) -> float | None:
        return seconds_left(self.share, self._began)

    @property
    def work(self) -> str:
        """What it does, as a sentence; empty while it does nothing."""
        if self._reads:
            return READING
        return going(f"Comparing {number_of(len(self.rows), 'model')}", self.seconds_left) if self.busy else ""

    @property
    def known(self) -> bool:
        """Whether any row has figures."""
        return any(row.evaluated is not None or row.mended for row in self.rows)

    def answers(self, wanted: Rows) -> bool:
        """Whether the rows are those of such a comparison."""
        return bool(self.rows) and (self.typo is not None) == (wanted == "typo")

    def reading(self, say: Say) -> str:
        """What the figures say, in a sentence."""
        return reading(self.rows, self.typo is not None, say)

    @property
    def told(self) -> list[str]:
        """What the rows are about, and what has to be said of them, in sentences."""
        if not self.rows:
            return []
        about = f"On the text “{shortened(self.text, 60)}”"
        if self.typo is not None:
            words, place = self.typo.words, self.typo.spoilt
            first, last = words[max(0, place - AROUND)], words[place : place + AROUND + 1][-1]
            piece = self.text[first[0] : last[1]]
            about = f"“{self.typo.original}” became “{self.typo.word}” in “… {piece} …”"
        return [f"{about}.", *filter(None, (row.told for row in self.rows if row.state is not PaneState.FAILED))]

    def planned(self) -> list[ModelRow]:
        """The rows that would be made, that of the loaded model first; a UserError where they cannot be."""
        info, chosen = self._session.models.info, self._choice.chosen
        if info is None:
            raise UserError("Open the model first.")
        models: list[tuple[str, Noise]] = [(info.path, info.noise), *chosen.models]
        if chosen.rows != "typo" and len(models) < FEWEST:
            raise UserError("One model has nothing beside it; choose another.")
        if len(models) > MOST:
            raise UserError(f"These are more than {MOST} models; take some out.")
        return [ModelRow(path, Path(path).name, noise) for path, noise in models]

    def start(self) -> None:
        """Asks each model about the text as it stands, ending what was asked before."""
        session, chosen = self._session, self._choice.chosen
        tokenizer, state = session.models.tokenizer, session.view.canvas()
        try:
            rows = self.planned()
            if tokenizer is None or not state.length or (state.tokens == FREE).any():
                raise UserError(UNFINISHED)
        except UserError as error:
            session.errors.show(str(error))
            return
        session.errors.dismiss()
        tokens, locked, filled = state.tokens, state.locked, session.models.domain.rows
        seed = session.form.now.seed

        def read() -> tuple[str, tuple[Run, ...], Typo | None]:
            text, given = runs_of(tokens.tolist(), locked, tokenizer)
            if filled:  # a record of its own, which each model fills up as it learned
                text = text.partition(END_OF_TEXT)[0]
                given = tuple((start, min(stop, len(text))) for start, stop in given if start < len(text))
            planted = plant(text, tokenizer, chosen.typo, chosen.word, seed) if chosen.rows == "typo" else None
            return text, () if locked.all() else given, planted

        self.cancel_all()
        self._reads = True
        session.reader.read(read, lambda found: self._begin(rows, chosen, *found), READING)
        self.changed.emit()

    def _look_whether_it_reads(self) -> None:
        """It does no more once it was stopped, or the text was refused."""
        if self._reads and not self._session.reader.busy:
            self._reads = False
            self.changed.emit()

    def _begin(
        self, rows: list[ModelRow], chosen: Chosen, text: str, given: tuple[Run, ...], typo: Typo | None
    ) -> None:
        self._reads = False
        self.cancel_all()
        self.rows, self.typo, self._texts = rows, typo, chosen.samples
        self.text = text if typo is None else typo.text
        self._began = time.monotonic()
        judge = self._choice.judge or ""
        for row in rows:
            chain = self._chain(row)
            row.of = class_of(chain)
            if typo is None:
                row.question = self._session.engine.ask(Evaluate(text, given, chain, judge, row.path))
            else:
                about = typo.text, typo.words, typo.spoilt, typo.original, LEVELS
                row.question = self._session.engine.ask(Mend(*about, chain, row.path))
        self.changed.emit()

    def _chain(self, row: ModelRow) -> Generate:
        """The run of the form, without what belongs to the tokens of this text; of a class, if the open model is asked,
        for classes of others may be others."""
        info = self._session.models.info
        own = info is not None and row.path == info.path
        nothing = frozen(np.empty(0, np.int64))
        asked = replace(
            self._session.runs.asked(None if own else row.noise), tokens=nothing, samples=self._texts, model=""
        )
        return replace(asked, banned=(), limits=(), words=(), pattern="")

    def cancel_all(self) -> None:
        """Has nothing more read or asked; what has come of it stays."""
        if self._reads:
            self._session.reader.stop()
            self._reads = False
        for row in self.rows:
            if row.busy:
                self._session.engine.drop(row.question)
                row.question, row.state = 0, PaneState.CANCELLED
        self.changed.emit()

    def _take(self, event: Event) -> None:
        row = next((row for row in self.rows if row.question == event.run_id), None)
        if row is None:
            return
        self._record(row, event)
        self.changed.emit()
        if ends(event) and row.state is PaneState.DONE and not self.busy:
            done = sum(row.state is PaneState.DONE for row in self.rows)
            self.ended.emit(f"Compared {number_of(done, 'model')}")

    def _record(self, row: ModelRow, event: Event) -> None:
        match event:
            case Introduced():
                row.state = PaneState.RUNNING
            case Evaluated():
                row.evaluated = event
                row.state = PaneState.DONE if event.done else PaneState.RUNNING
            case Mended(level=level):
                row.mended[level] = event
            case Finished():
                row.state = PaneState.DONE
            case Cancelled():
                row.state = PaneState.CANCELLED
            case Failed(headline=headline):
                row.state, row.note = PaneState.FAILED, headline
