"""The runs of the window: they are asked for, recorded while they are made, and stopped."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.protocol import Cancelled, Event, Failed, Finished, Frame, Generate, Noise, Started
from engine.runs.trajectory import Came, Origin, Progress, Trajectory
from sedd_studio.record.steering import Branch, draw_again, go_on, noised, step_for
from sedd_studio.session.current_form import CurrentForm, any_seed
from sedd_studio.session.descent import descent, edits
from sedd_studio.session.editor import Editor
from sedd_studio.session.engine_link import EngineLink
from sedd_studio.session.errors import Errors
from sedd_studio.session.models import Models
from sedd_studio.session.notices import number_of
from sedd_studio.session.pages import Pages
from sedd_studio.session.state import RunState
from sedd_studio.session.undoing import Step
from sedd_studio.session.view import View


@dataclass(eq=False)
class Asked:
    """What the engine is at work on: the run's id, its request, where it branches off, what that is called in the menu,
    from which run it comes, and the record of it."""

    request: Generate
    branch: Branch | None
    name: str
    joins: Step | None = None
    """What was done for its sake, as one step with it."""
    came: Came | None = None
    locked: np.ndarray | None = None
    """The positions (L,) bool that were locked then."""
    number: int = 0
    run: Trajectory | None = None


class Runs(QObject):
    """At most one run at a time. `changed` is told when there is more of it, or `state` is another.

    It has thirty methods because every way to ask for a run goes through here, so that no two go on at once.
    """

    changed = Signal()
    ended = Signal(object)
    """With the run's `Trajectory`: it has come to its end, was stopped, failed, or gave way to something else."""

    def __init__(
        self,
        engine: EngineLink,
        models: Models,
        form: CurrentForm,
        view: View,
        pages: Pages,
        editor: Editor,
        errors: Errors,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._engine, self._models, self._form = engine, models, form
        self._view, self._pages, self._editor, self._errors = view, pages, editor, errors
        self._asked: Asked | None = None
        self._failed = False  # and nothing else has come on show since
        self.paused = False
        """Whether the run that is going on is held."""
        self.awaits_model = False
        """Whether a run is to begin as soon as the model is there."""
        engine.superseded.connect(self.end)
        engine.taken.connect(self.changed)
        models.loading_changed.connect(self._follow_loading)
        view.run_changed.connect(self._forget_failure)

    # ---- how things stand

    @property
    def running(self) -> bool:
        return self._asked is not None

    @property
    def state(self) -> RunState:
        """What the engine is doing for the window, or how the run on show ended."""
        run = self._view.run
        if self._models.loading:
            return RunState.LOADING
        if self.running:
            return RunState.RUNNING
        if self._failed:
            return RunState.FAILED
        if run is None:
            return RunState.IDLE
        return RunState.DONE if run.result is not None else RunState.STOPPED

    @property
    def hindrance(self) -> str:
        """Why the engine cannot be asked anything now, as a sentence; empty if it can."""
        if not self._models.ready:
            return "Open the model first."
        if self.paused:
            return "The run is paused; let it go on, or stop it."
        return "The model is busy with the run." if self.running else ""

    @property
    def silence(self) -> str:
        """Why the model does not answer what takes it one network call; while a run is paused it does."""
        return "" if self.paused else self.hindrance

    def set_paused(self, paused: bool) -> None:
        """Has the run that is going on held in the engine, or go on."""
        if self.running:
            (self._engine.hold if paused else self._engine.let_go)()
            self._note_pause(paused)
            self.changed.emit()

    def _note_pause(self, paused: bool) -> None:
        self.paused = paused
        if self.recording is not None:
            self.recording.held = paused

    @property
    def recording(self) -> Trajectory | None:
        """The run that the engine is adding to, on show or not; None while there is none."""
        return self._asked.run if self._asked is not None else None

    @property
    def progress(self) -> Progress:
        if self.recording is not None:
            return self.recording.progress
        return Progress(steps=self._asked.request.steps if self._asked is not None else 0)

    # ---- what can be asked for

    def asked(self, noise: Noise | None = None) -> Generate:
        """The run of the form and of the prompt as it stands, for the model's noise or for another."""
        assert self._models.info is not None
        document = self._view.document
        info = self._models.info
        request = self._form.now.request(document.request, noise or info.noise, 0 if noise else info.classes)
        return replace(request, limits=document.limits)

    def start(self) -> None:
        """Runs the prompt; once the model is there, while that is being loaded."""
        if not self._editor.typed.apply():
            return
        if self._models.ready:
            self._submit("Run", self.asked())
        elif self._models.loading:
            self.awaits_model = True
            self.changed.emit()
        else:
            self._errors.show(self.hindrance)

    def begin_awaited(self) -> None:
        """The model has come on show: begins the run that waits for it."""
        if self.awaits_model:
            self.start()

    def _follow_loading(self) -> None:
        self.awaits_model = self.awaits_model and self._models.loading
        self.changed.emit()

    @property
    def can_go_on(self) -> bool:
        """Whether there is a step on show from which a run can go on."""
        run, playhead = self._view.run, self._view.playhead
        return run is not None and self._takes_up(run) and playhead.recorded > 0 and playhead.step < run.steps

    def go_on(self) -> None:
        """Goes on from the step on show with the locks of now: a branch of the run, which stays in the history."""
        self._go_on()

    def _go_on(self, joins: Step | None = None) -> None:
        if not self._editor.typed.apply():
            return
        view, run = self._view, self._view.run
        if not self.can_go_on or run is None or run.origin is None:
            return
        branch = Branch(run, view.playhead.step, view.playhead.sample)
        request = go_on(branch, run.origin, view.document.request, view.canvas().tokens)
        came = descent(view, branch.step, edits(view))
        self._submit("Go on", replace(request, limits=view.document.limits), branch, came, joins)

    def place(self, position: int, token: int) -> None:
        """Puts a token at a position, locks it there, and goes on from the step on show if the run can."""
        if self._editor.place(position, token) and (self.paused or not self.running):
            self._go_on(self._pages.undo_stack.newest)

    def chosen(self) -> np.ndarray:
        """Which positions (L,) are selected and not locked."""
        chosen = ~self._view.document.locked
        start, stop = self._view.selection or (0, 0)
        chosen[:start] = chosen[stop:] = False
        return chosen

    @property
    def can_draw_again(self) -> bool:
        """Whether a token is selected that is not locked."""
        return self._models.ready and bool(self.chosen().any())

    def draw_again(self, samples: int = 1) -> None:
        """Draws the selected tokens again, given all others as they stand at the playhead; locked ones stay."""
        view = self._view
        if not self._editor.typed.apply() or not self.can_draw_again:
            return
        seed = any_seed()  # the form's would draw the same again
        visible, locked = view.canvas().tokens, view.document.locked
        request = draw_again(self.asked(), visible, locked, self.chosen(), seed, samples)
        came = descent(view, view.playhead.step, f"{number_of(int(self.chosen().sum()), 'token')} drawn again")
        self._submit("Draw again" if samples == 1 else "Alternatives", request, came=came)

    @property
    def can_noise_again(self) -> bool:
        """Whether there is a run on show, and a token selected that may go back to noise."""
        run = self._view.run
        return self.can_draw_again and run is not None and self._takes_up(run) and run.recorded > 0

    def _takes_up(self, run: Trajectory) -> bool:
        """Whether the model of now can take up a run: what one noise leaves open means nothing under another."""
        info, origin = self._models.info, run.origin
        return self._models.ready and info is not None and origin is not None and origin.info.noise == info.noise

    def noise_again(self, chosen: np.ndarray | None = None) -> None:
        """Sends the selected tokens, or those that are `chosen` (L,) bool, back to noise, and goes on from a step at
        which there is so much of it, with all others as they stand at the playhead: a branch of the run."""
        view, run, info = self._view, self._view.run, self._models.info
        if not self._editor.typed.apply() or run is None or info is None:
            return
        chosen = self.chosen() if chosen is None else chosen & ~view.document.locked
        if not chosen.any() or not self._takes_up(run) or not run.recorded:
            return
        assert run.origin is not None
        seed = any_seed()  # the run's own draws would put the same words there
        branch = Branch(run, step_for(run, int(chosen.sum()), view.playhead.step), view.playhead.sample)
        visible = noised(view.canvas().tokens, chosen, run, info.vocabulary, seed)
        request = go_on(branch, run.origin, view.document.request, visible)
        came = descent(view, branch.step, f"{number_of(int(chosen.sum()), 'token')} sent back to noise")
        self._submit("Noise again", replace(request, limits=view.document.limits, seed=seed), branch, came)

    def stop(self) -> None:
        if self.running:
            self._engine.cancel()
        if self.awaits_model:
            self.awaits_model = False
            self.changed.emit()

    def end(self) -> None:
        """Wants nothing more of the run that is going on; what was recorded stays."""
        self.awaits_model = False
        self._note_pause(False)
        asked, self._asked, self._failed = self._asked, None, False
        if asked is not None and asked.run is not None:
            asked.run.under_way = False
            self._pages.undo_stack.forget_oldest()
            self.ended.emit(asked.run)

    # ---- what comes of it

    def _submit(
        self,
        name: str,
        request: Generate,
        branch: Branch | None = None,
        came: Came | None = None,
        joins: Step | None = None,
    ) -> None:
        self._errors.dismiss()
        asked = Asked(request, branch, name, joins, came, self._view.document.locked)
        asked.number = self._engine.submit(request, self._take)
        self._asked = asked
        self.changed.emit()

    def _take(self, event: Event) -> None:
        asked = self._asked
        if asked is None or event.run_id != asked.number:
            return
        match event:
            case Started():
                self._begin(asked, event)
            case Frame() if asked.run is not None:
                asked.run.append(event)
            case Finished() if asked.run is not None:
                asked.run.result = event
                self.end()
                self._view.changed.emit()  # which positions still change after the step on show is known only now
            case Cancelled():
                self.end()
                self._take_back(asked)
            case Failed(headline=headline, detail=detail):
                self.end()
                self._take_back(asked)
                self._failed = True
                self._errors.show(headline, detail)

    def _begin(self, asked: Asked, started: Started) -> None:
        """The run is recorded from here on."""
        info, tokenizer, branch = self._models.info, self._models.tokenizer, asked.branch
        assert info is not None
        assert tokenizer is not None
        origin = Origin.of_now(asked.request, info, tokenizer, asked.locked)
        if branch is None:
            asked.run = Trajectory(started, info.mask_id, origin)
        else:
            asked.run = branch.run.branch(branch.step, branch.sample, started, origin)
        asked.run.came = asked.came
        asked.run.under_way, asked.run.held = True, self.paused
        if self._view.document.answers(asked.request.tokens):  # else the prompt has changed meanwhile
            self._pages.follow(asked.name, asked.run, 0 if branch is None else branch.step, asked.joins)

    def _take_back(self, asked: Asked) -> None:
        """One that made nothing leaves what was on show before."""
        begun = 0 if asked.branch is None else asked.branch.step
        if asked.run is not None and asked.run.recorded == begun:
            self._pages.take_back(asked.run)

    def _forget_failure(self) -> None:
        self._failed = False
        self.changed.emit()
