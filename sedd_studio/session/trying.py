"""What a chapter of Learn has set up in the studio, and the way back to it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine import bundled_models
from sedd_studio.record.chapters.chapter import Trial
from sedd_studio.session.session import Session


class Trying(QObject):
    """`trial` is on show in the studio, from the chapter with this `title`; None where there is none. `changed` is told
    when there is another, or none."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.trial: Trial | None = None
        self.title = ""
        self._awaits_model = False
        session.models.came.connect(self._take_model)

    def begin(self, trial: Trial, title: str) -> None:
        """Sets it up, once a model that goes with it is there."""
        session, models = self._session, self._session.models
        if not session.editor.typed.apply():
            return
        self.trial, self.title, self._awaits_model = trial, title, False
        if models.ready and self._suits(trial):
            self._set_up(trial)
        else:
            folder = bundled_models.bundled(f"stories-{trial.noise}") or bundled_models.DEFAULT_MODEL
            self._awaits_model = True
            models.open(folder)
        self.changed.emit()

    def end(self) -> None:
        """It is over; what it has set up stays."""
        self.trial, self._awaits_model = None, False
        self.changed.emit()

    def _take_model(self) -> None:
        if self._awaits_model and self.trial is not None:
            self._awaits_model = False
            if self._suits(self.trial):  # else another one was opened meanwhile
                self._set_up(self.trial)

    def _suits(self, trial: Trial) -> bool:
        """Whether the document's model writes texts, from the trial's kind of noise."""
        info = self._session.models.info
        return info is not None and info.noise == trial.noise and self._session.models.domain.name == "text"

    def _set_up(self, trial: Trial) -> None:
        if self._session.editor.set_prompt(trial.prompt):
            self._session.form.set("Try it in the studio", **trial.entries)
