"""The observable state of the studio, put together: each part tells of itself, and none knows a widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from engine import bundled_models
from engine.language.tokenizers import find_tokenizer
from engine.protocol import FREE, ModelLoaded, UserError, frozen
from engine.runs.trajectory import Trajectory
from sedd_studio.record.document import Document
from sedd_studio.record.form import Form
from sedd_studio.record.settings import Settings
from sedd_studio.session.clock import Clock
from sedd_studio.session.current_form import CurrentForm
from sedd_studio.session.editor import Editor
from sedd_studio.session.engine_link import EngineLink
from sedd_studio.session.errors import Errors
from sedd_studio.session.examples import Examples
from sedd_studio.session.models import Models
from sedd_studio.session.notices import Notices
from sedd_studio.session.pages import Pages
from sedd_studio.session.pausing import Pausing
from sedd_studio.session.questions import Questions
from sedd_studio.session.runs import Runs
from sedd_studio.session.view import View

if TYPE_CHECKING:  # widgets import this module, and none of them may reach a thread
    from sedd_studio.background.reader import Reader
    from sedd_studio.background.runner import Runner

PROMPT = (
    "Once upon a time, there was a little fox named Max. [28] One day, [20] the smallest star fell into the river. "
    "[32] And the sky was never dark again."
)


class Session(QObject):
    """Holds the parts, and has the document follow when another model, or a run of another one, comes on show."""

    def __init__(self, runner: Runner, reader: Reader, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.reader, self.errors, self.notices = reader, Errors(self), Notices(self)
        self.clock, self.form = Clock(self), CurrentForm(settings, self)
        self.engine = EngineLink(runner, self.clock, self)
        self.models = Models(self.engine, self.errors, settings, self)
        self.view = View(self.models, self.form, settings, self.clock, self)
        self.playhead = self.view.playhead
        self.pages = Pages(self.models, self.form, self.view, self.errors, self)
        self.editor = Editor(self.models, self.view, self.pages, self.errors, self)
        self.questions = Questions(self.models, self.view, self.editor, self.errors, self)
        self.runs = Runs(self.engine, self.models, self.form, self.view, self.pages, self.editor, self.errors, self)
        self.pausing = Pausing(self.engine, self.runs, self.playhead, self)
        self.examples = Examples(self.models, self.view, self.editor, PROMPT, self)
        reader.failed.connect(self.errors.show)
        for signal in (self.engine.superseded, self.view.run_changed):
            signal.connect(self.notices.forget)
        self.models.came.connect(self._take_model)
        self.models.came.connect(self.runs.begin_awaited)
        self._open_bundled_prompt()

    def _open_bundled_prompt(self) -> None:
        """The default prompt as tokens before any model is loaded: the tokenizer needs no torch."""
        try:
            self.models.tokenizer = find_tokenizer(bundled_models.DEFAULT_MODEL)
            self.view.show(Document.from_text(PROMPT, self.models.tokenizer, self.models.length))
        except UserError as error:
            self.errors.show(str(error))

    def _take_model(self, event: ModelLoaded) -> None:
        text = self.view.prompt if self.models.tokenizer is not None else PROMPT
        self.pages.turn_to(event.info, event.tokenizer, text, wanted=self.examples.now is None)

    def show_run(self, run: Trajectory, document: Document | None = None, file: str = "") -> None:
        """Shows a recorded run with its settings, in a `document` that it goes with or one with its own locks; its
        model is opened if it is on this machine and not loaded."""
        assert run.origin is not None
        origin, request = run.origin, run.origin.request
        self.editor.typed.apply()  # it can be had back
        self.errors.dismiss()
        if self.runs.running or (self.models.loading and not self.models.opens(origin.info.path)):
            self.engine.supersede()
        document = document or Document(
            frozen(np.where(origin.locked, request.tokens, FREE)), origin.locked, run, request.limits
        )
        form = self.form.now.changed(**Form.entries_of(request, origin.info.noise))
        self.pages.open("Open run", run, document, form, file)
        self.runs.changed.emit()

    def stop(self) -> None:
        """Stops the run that is made, and what is being read."""
        self.runs.stop()
        self.reader.stop()

    def end(self) -> None:
        self.clock.stop()
        self.reader.end()
        self.runs.end()
        self.engine.end()

    def shutdown(self) -> None:
        """Cancels what is going on and waits for the engine's thread, and that which reads files, to end."""
        self.end()
        self.reader.close()
        self.engine.close()
