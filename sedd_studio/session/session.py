"""The one observable state of the studio. Widgets read it, call it and listen to it; it knows no widget."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from engine.language.domains import DOMAINS, TEXT, Domain
from engine.language.tokenizers import find_tokenizer
from engine.protocol import (
    FREE,
    Cancelled,
    Event,
    Failed,
    Finished,
    Frame,
    Generate,
    LoadModel,
    ModelInfo,
    ModelLoaded,
    Noise,
    Question,
    Started,
    UserError,
    ends,
    frozen,
)
from engine.protocol.options import ENTRIES, MOST_SEED
from sedd_studio.background.reader import Reader
from sedd_studio.record.document import Document
from sedd_studio.record.form import Form
from sedd_studio.record.settings import Settings
from sedd_studio.record.steering import Branch, draw_again, go_on
from sedd_studio.record.trajectory import Origin, Trajectory
from sedd_studio.session import model_folders
from sedd_studio.session.editing import BUNDLED_LENGTH, PROMPT, Editing
from sedd_studio.session.edits import OpenRun, SetToken
from sedd_studio.session.state import RunProgress, RunState

if TYPE_CHECKING:  # widgets import this module, and none of them may reach the runner
    from sedd_studio.background.runner import Runner

TICK = 16
"""Milliseconds between two looks at what the engine has left."""


class Session(Editing):
    """Model, document, run and playhead. Every change is told by a signal; arguments are read from here."""

    model_changed = Signal()
    settings_changed = Signal()
    answered = Signal(object)
    """With the event that answers a question: an `Insight`, or why there is none."""
    run_ended = Signal(object)
    """With the run's `Trajectory`: it has come to its end, was stopped, failed, or gave way to something else."""

    def __init__(self, runner: Runner, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(settings, parent)
        self._runner = runner
        self.reader = Reader(self)
        self.reader.failed.connect(self.show_error)
        self.state = RunState.IDLE
        self.form = Form({name: settings[name] for name in ENTRIES})
        self._run_id = 0
        self._request: Generate | None = None
        self._branch: Branch | None = None
        self._questions: set[int] = set()  # those that the engine has not answered yet
        self._recording: Trajectory | None = None
        self._held: ModelInfo | None = None  # the engine's; `info` is that of the document
        self._awaited = 0  # the request for a model that the engine has not answered yet
        self._ticked = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self.tick)
        self._open_bundled_prompt()

    # ---- models

    @property
    def loading(self) -> bool:
        """Whether a model is being loaded."""
        return self.state is RunState.LOADING

    @property
    def ready(self) -> bool:
        """Whether the engine holds the model that the document belongs to, so that it can be run."""
        held, info = self._held, self.info
        return not self._awaited and held is not None and info is not None and held.weights == info.weights

    @property
    def domain(self) -> Domain:
        """The kind of sequence that the model writes; text where that is not known."""
        return DOMAINS.get(self.info.domain if self.info is not None else TEXT.name, TEXT)

    def known_models(self) -> list[str]:
        """Folders to offer: the bundled models and those opened before, as far as they are still there."""
        return model_folders.known(self._settings["recent_models"])

    def open_model(self, path: str | Path = model_folders.BUNDLED) -> None:
        """Loads the model at `path`, ending a run that is going on."""
        self._end_recording()
        self._run_id = self._awaited = self._runner.submit(
            LoadModel(str(path), self._settings["device"], self._settings["precision"])
        )
        self._set_state(RunState.LOADING)
        self._start_ticking()

    def _open_bundled_prompt(self) -> None:
        """The default prompt as tokens before any model is loaded: the tokenizer needs no torch."""
        try:
            self.tokenizer = find_tokenizer(model_folders.BUNDLED)
            self.document = Document.from_text(PROMPT, self.tokenizer, BUNDLED_LENGTH)
            self.prompt_text = self.document.text(self.tokenizer)
        except UserError as error:
            self.show_error(str(error))

    def _model_loaded(self, event: ModelLoaded) -> None:
        same = self.tokenizer is not None and self.tokenizer.fingerprint == event.tokenizer.fingerprint
        other_kind = self.domain.name != event.info.domain
        self.info = event.info
        if not same or len(self.document.tokens) > event.info.length:
            self._clear_away()
            self.tokenizer = event.tokenizer
            if other_kind:
                self.prompt_text = self.domain.examples[0]
            self._take_prompt_along(event.info.length)
        if Path(event.info.path).parent != model_folders.ASSETS:
            self._settings.remember_model(event.info.path)
        self._set_state(RunState.IDLE)
        self.model_changed.emit()

    def _clear_away(self) -> None:
        """Nothing is on show while the tokenizer changes: old tokens mean nothing to the new one."""
        self.undo_stack.clear()
        self.document = Document(frozen([]), np.zeros(0, bool))
        self._forget_canvas()

    def _take_prompt_along(self, length: int) -> None:
        """The same text for another tokenizer; if it does not fit, one gap as long as the model."""
        assert self.tokenizer is not None
        try:
            document = Document.from_text(self.prompt_text, self.tokenizer, length)
        except UserError as error:
            self.show_error(f"The prompt does not fit the new model, so it was emptied. {error}")
            document = Document(frozen(np.full(length, FREE)), np.zeros(length, bool))
        self.undo_stack.clear()
        self._show(document)

    # ---- runs

    def place(self, position: int, token: int) -> None:
        """Puts a token at a position, locks it there, and goes on from the step on show if the run can."""
        after = self.document.with_token(position, token)
        self.undo_stack.push(SetToken(after, lambda: self.document, self._show))
        if self.state is not RunState.RUNNING:
            self.go_on()

    def set_form(self, **changes: object) -> None:
        """Changes what the next run is asked for, and remembers it."""
        self.form = self.form.changed(**changes)
        for name, value in changes.items():
            self._settings.set(name, value)
        self.settings_changed.emit()

    def new_seed(self) -> None:
        """Draws another seed."""
        self.set_form(seed=random.randint(0, MOST_SEED))

    def run(self) -> None:
        """Starts a run of the prompt as it stands, ending one that is going on."""
        if self.info is None or not self.ready:
            return
        self._submit(self.asked())

    def asked(self, noise: Noise | None = None) -> Generate:
        """The run of the form and of the prompt as it stands, for the model's noise or for another."""
        assert self.info is not None
        request = self.form.request(self.document.request, noise or self.info.noise)
        return replace(request, limits=self.document.limits)

    def go_on(self) -> None:
        """Goes on from the step on show with the locks of now: a branch of the run, which stays in the history."""
        run = self.document.trajectory
        if not self.can_go_on or run is None or run.origin is None:
            return
        branch = Branch(run, self.playhead, self.sample)
        request = go_on(branch, run.origin, self.document.request, self.canvas().tokens)
        self._submit(replace(request, limits=self.document.limits), branch)

    @property
    def can_go_on(self) -> bool:
        """Whether there is a step on show from which a run can go on."""
        run = self.document.trajectory
        return self.ready and run is not None and self.recorded_steps > 0 and self.playhead < run.steps

    def draw_again(self) -> None:
        """Draws the selected tokens again, given all others as they stand at the playhead; locked ones stay."""
        if self.selection is None or self.info is None or not self.ready:
            return
        chosen = np.zeros(len(self.document.tokens), bool)
        chosen[slice(*self.selection)] = True
        asked = self.asked()
        seed = random.randint(0, MOST_SEED)  # the form's would draw the same again
        self._submit(draw_again(asked, self.canvas().tokens, self.document.locked, chosen, seed))

    def _submit(self, request: Generate, branch: Branch | None = None) -> None:
        self.dismiss_error()
        self._end_recording()
        self._request, self._branch = request, branch
        self._run_id = self._runner.submit(request)
        self._set_state(RunState.RUNNING)
        self._start_ticking()

    @property
    def recording(self) -> Trajectory | None:
        """The run that the engine is adding to, on show or not; None while there is none."""
        return self._recording

    @property
    def progress(self) -> RunProgress:
        """How far the run on show is."""
        return RunProgress.of(self.document.trajectory, self.running)

    @property
    def progress_of_engine(self) -> RunProgress:
        """How far the run is that the engine is at work on, on show or not."""
        if self._recording is None and self._request is not None:
            return RunProgress(steps=self._request.steps)
        return RunProgress.of(self._recording, grows=True)

    def _end_recording(self) -> None:
        run, self._recording = self._recording, None
        if run is not None:
            self.run_ended.emit(run)

    def stop(self) -> None:
        """Ends the run that is going on; what was recorded stays."""
        if self.state is RunState.RUNNING:
            self._runner.cancel()

    def apply(self, events: list[Event]) -> None:
        """Takes in what the engine has sent; events of superseded runs are dropped."""
        for event in events:  # of superseded runs, too: what the engine holds is what it holds
            self._note_model(event)
            self._note_answer(event)
        current = [event for event in events if event.run_id == self._run_id]
        for event in current:
            match event:
                case ModelLoaded():
                    self._model_loaded(event)
                case Started():
                    self._begin(event)
                case Frame():
                    self._record(event)
                case Finished():
                    self._finish(event)
                case Cancelled():
                    self._end_recording()
                    self._set_state(RunState.STOPPED)
                case Failed(headline=headline, detail=detail):
                    self._end_recording()
                    self._set_state(RunState.FAILED if self.state is RunState.RUNNING else RunState.IDLE)
                    self.show_error(headline, detail)
        if events:
            self.run_changed.emit()

    def _note_model(self, event: Event) -> None:
        if isinstance(event, ModelLoaded):
            self._held = event.info
        if event.run_id == self._awaited:
            self._awaited = 0

    def ask(self, question: Question) -> int:
        """Puts a question to the engine, which ends nothing; `answered` tells the answers, with this id."""
        number = self._runner.ask(question)
        self._questions.add(number)
        self._start_ticking()
        return number

    def drop(self, question: int) -> None:
        """Wants no more answers to a question."""
        self._runner.drop(question)

    def _note_answer(self, event: Event) -> None:
        if event.run_id in self._questions:
            if ends(event):
                self._questions.remove(event.run_id)
            self.answered.emit(event)

    def _begin(self, started: Started) -> None:
        """A new run is recorded from here on."""
        assert self.info is not None
        assert self.tokenizer is not None
        assert self._request is not None
        origin = Origin.of_now(self._request, self.info, self.tokenizer)
        mask, branch = self.info.mask_id, self._branch
        self._recording = (
            Trajectory(started, mask, origin)
            if branch is None
            else branch.run.branch(branch.step, branch.sample, started, origin)
        )
        if self.document.answers(self._request.tokens):  # else the prompt has changed meanwhile
            self.document = replace(self.document, trajectory=self._recording)
            self.sample = min(self.sample, len(started.tokens) - 1)
            self._playback.start(started.steps, 0 if branch is None else branch.step)

    def _finish(self, finished: Finished) -> None:
        if self._recording is not None:
            self._recording.result = finished
        self._end_recording()
        self._set_state(RunState.DONE)
        self.canvas_changed.emit()  # which positions still change after the step on show is known only now

    def _record(self, frame: Frame) -> None:
        assert self._recording is not None
        self._recording.append(frame)

    def _set_state(self, state: RunState) -> None:
        self.state = state
        self.run_changed.emit()

    def _show(self, document: Document) -> None:
        if document.trajectory is not self.document.trajectory and self.state not in (
            RunState.RUNNING,
            RunState.LOADING,
        ):
            self.state = resting(document.trajectory)
        super()._show(document)

    def show_run(self, run: Trajectory) -> None:
        """Shows a recorded run with its settings; its model is opened if it is on this machine and not loaded."""
        assert run.origin is not None
        self.dismiss_error()
        if self.state in (RunState.RUNNING, RunState.LOADING):
            self._runner.cancel()
        self._end_recording()
        self._take_run(run, run.origin)
        if not self.ready and model_folders.is_model(Path(run.origin.info.path)):
            self.open_model(run.origin.info.path)

    def _take_run(self, run: Trajectory, origin: Origin) -> None:
        same = self.tokenizer is not None and self.tokenizer.fingerprint == origin.tokenizer.fingerprint
        request = origin.request
        document = Document(request.tokens, request.tokens != FREE, run, request.limits)
        self._run_id, self._request = 0, request
        if not same:
            self._clear_away()
        self.info, self.tokenizer = origin.info, origin.tokenizer
        self.set_form(**Form.entries_of(request, origin.info.noise))
        if same:
            self.undo_stack.push(OpenRun(document, lambda: self.document, self._show))
        else:
            self.undo_stack.clear()
            self._show(document)
        self._playback.start(run.steps)
        self._set_state(resting(run))
        self._start_ticking()
        self.model_changed.emit()

    # ---- time

    @property
    def running(self) -> bool:
        return self._recording is not None and self._recording is self.document.trajectory

    @property
    def planned_steps(self) -> int:
        """The steps of the form."""
        return int(self.form.steps)

    def tick(self) -> None:
        """Takes what the engine has left and moves the playhead; stops ticking when there is nothing to wait for."""
        now = time.monotonic()
        self.apply(self._runner.take())
        waits = self._awaited > 0 or bool(self._questions)
        busy = waits or self.state in (RunState.RUNNING, RunState.LOADING)
        if self._playback.advance(now - self._ticked, self.recorded_steps, self.running):
            self._playhead_moved()
        self._ticked = now
        if not busy and not self.playing:
            self._timer.stop()

    def _start_ticking(self) -> None:
        if not self._timer.isActive():
            self._ticked = time.monotonic()
            self._timer.start()

    # ---- the end

    def shutdown(self) -> None:
        """Cancels what is going on and waits for the engine's thread, and that which reads files, to end."""
        self._timer.stop()
        self.reader.close()
        self._end_recording()
        self.undo_stack.blockSignals(True)  # it would speak once more while it is being destroyed
        self._runner.close()


def resting(run: Trajectory | None) -> RunState:
    """How things stand when another run comes on show while the engine is at work on none: as that run ended."""
    if run is None:
        return RunState.IDLE
    return RunState.DONE if run.result is not None else RunState.STOPPED
