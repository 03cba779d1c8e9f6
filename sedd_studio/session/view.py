"""What is on show: a document, the run that goes with it, and the step and the sample of it that one sees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE, frozen
from engine.runs.trajectory import Trajectory
from sedd_studio.record.document import Document, words_of
from sedd_studio.record.settings import Settings
from sedd_studio.session.clock import Clock
from sedd_studio.session.current_form import CurrentForm
from sedd_studio.session.models import Models
from sedd_studio.session.playhead import Playhead
from sedd_studio.session.state import CanvasState, StepInfo


class View(QObject):
    """Holds the document, what of it is selected, and the playhead. `changed` is told when anything of it looks
    otherwise, moves of the playhead among it; `run_changed` when another run is on show."""

    changed = Signal()
    run_changed = Signal()
    selection_changed = Signal()

    def __init__(
        self, models: Models, form: CurrentForm, settings: Settings, clock: Clock, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._models, self._form = models, form
        self.document = Document(frozen([]), np.zeros(0, bool))
        self.selection: tuple[int, int] | None = None
        self.playhead = Playhead(lambda: self.run, settings, clock, self)
        self._canvas: CanvasState | None = None
        self._words: list[tuple[int, int]] | None = None
        self._prompt: str | None = None
        self.changed.connect(self._forget_canvas)
        self.playhead.changed.connect(self.changed)

    @property
    def tokenizer(self) -> Tokenizer | None:
        """That of the model, which reads the tokens on show."""
        return self._models.tokenizer

    @property
    def run(self) -> Trajectory | None:
        return self.document.trajectory

    def show(self, document: Document, place: tuple[int, int] | None = None) -> None:
        """Shows a document; of another run the step and the sample of its `place`, or the end."""
        resized, other_run = len(document.tokens) != len(self.document.tokens), document.trajectory is not self.run
        self.document, self._prompt = document, None
        self._forget_canvas()
        if resized:
            self.select(None)
        if other_run:
            self.playhead.put(*(place or (self.playhead.recorded, 0)))
            self.run_changed.emit()
        else:
            self.changed.emit()

    def clear(self) -> None:
        """Nothing is on show while the tokenizer changes: old tokens mean nothing to the new one."""
        self.document, self._prompt = Document(frozen([]), np.zeros(0, bool)), None
        self._forget_canvas()

    def follow(self, run: Trajectory, step: int) -> None:
        """The engine has begun a run of this document, or a branch at a step of another: it is played from there."""
        self.document = replace(self.document, trajectory=run, edited=None)
        self.playhead.start(run, step)

    def select(self, selection: tuple[int, int] | None) -> None:
        if selection != self.selection:
            self.selection = selection
            self.selection_changed.emit()

    # ---- in tokens

    def canvas(self) -> CanvasState:
        if self._canvas is None:
            self._canvas = self._make_canvas()
        return self._canvas

    def _make_canvas(self) -> CanvasState:
        document, run, step, sample = self.document, self.run, self.playhead.step, self.playhead.sample
        tokens = document.visible(step, sample)
        age, unsettled = np.full(len(tokens), -1), np.zeros(len(tokens), bool)
        if run is not None:
            shown = ~document.locked & (tokens != FREE)
            _, settled = run.at(step, sample)
            age = np.where((settled >= 0) & shown, step - settled, -1)
            unsettled = run.unsettled(step, sample) & shown
        return CanvasState(tokens, document.locked, age, unsettled, step, self._steps, len(tokens))

    def _forget_canvas(self) -> None:
        self._canvas = self._words = None

    @property
    def _steps(self) -> int:
        """Of the run on show, or of the one that would be made."""
        return self.run.steps if self.run is not None else int(self._form.now.steps)

    @property
    def told(self) -> tuple[Trajectory, int] | None:
        """The run of which the curve tells, and its sample: the one on show, or that of the text before it was
        edited."""
        return (self.run, self.playhead.sample) if self.run is not None else self.document.edited

    def settled_curve(self) -> np.ndarray:
        """What `StepInfo.settled` is at each recorded step, (recorded + 1,)."""
        if self.told is None:
            return np.zeros(1, np.int64)
        run, sample = self.told
        return run.curve(sample)

    def changed_steps(self) -> np.ndarray:
        return np.zeros(0, np.int64) if self.told is None else self.told[0].changed_steps(self.told[1])

    def step_info(self) -> StepInfo:
        run, step = self.run, self.playhead.step
        if run is None:
            return StepInfo(0, self._steps, 1.0, float("nan"), 0, int((~self.document.locked).sum()))
        moment = run.moments[step]
        settled = int(self.settled_curve()[step])
        return StepInfo(step, run.steps, moment.time, moment.sigma, settled, run.free, counts_changes=not run.hides)

    # ---- in words

    def piece(self, position: int) -> str:
        """The text of one visible token; empty where nothing is known."""
        token, tokenizer = int(self.canvas().tokens[position]), self.tokenizer
        return "" if token == FREE or tokenizer is None else tokenizer.piece(token)

    def words(self) -> list[tuple[int, int]]:
        """Half-open runs of positions that belong together: words, and single masked positions."""
        if self._words is None:
            tokenizer = self.tokenizer
            self._words = words_of(self.canvas().tokens, tokenizer) if tokenizer is not None else []
        return self._words

    def word_at(self, position: int) -> tuple[int, int]:
        """The run of positions that `position` belongs to."""
        return next((word for word in self.words() if word[0] <= position < word[1]), (position, position + 1))

    def limit_at(self, position: int) -> tuple[str, ...]:
        """The words, or pieces, that alone may stand at a position; none where any may."""
        tokenizer = self.tokenizer
        found = [named for start, stop, named in self.document.limits if start <= position < stop]
        if not found or tokenizer is None:
            return ()
        return tuple(each if isinstance(each, str) else tokenizer.piece(each) for each in found[0])

    @property
    def prompt(self) -> str:
        """The locked words, every gap as [n]."""
        if self._prompt is None:
            self._prompt = self._text_of(self.document)
        return self._prompt

    def full_text(self) -> str:
        """The visible text; as a prompt, with every gap as [n], if there are gaps in it."""
        return self.text_in(0, self.canvas().length)

    def text_in(self, start: int, stop: int) -> str:
        """The visible text of positions start .. stop - 1; as a prompt if there are gaps in it."""
        tokens, tokenizer = self.canvas().tokens[start:stop], self.tokenizer
        if tokenizer is not None and FREE not in tokens:
            return tokenizer.decode(tokens.tolist())
        return self.prompt_in(start, stop)

    def prompt_in(self, start: int, stop: int) -> str:
        """What is visible of positions start .. stop - 1, as one would write it in a prompt."""
        tokens = self.canvas().tokens[start:stop]
        return self._text_of(Document(tokens, tokens != FREE))

    def words_in(self, start: int, stop: int) -> str:
        """The visible words of positions start .. stop - 1, as one would write them in a prompt."""
        tokens = self.canvas().tokens[start:stop]
        known = tokens[tokens != FREE]
        return self._text_of(Document(known, known != FREE))

    def _text_of(self, document: Document) -> str:
        return document.text(self.tokenizer) if self.tokenizer is not None else ""
