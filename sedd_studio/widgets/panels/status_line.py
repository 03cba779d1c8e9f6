"""The status line at the foot of the window: what the engine is doing, how far it is, and the time left; and help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QProgressBar

from sedd_studio.painting.theme import Look
from sedd_studio.record.pace import duration, until_done
from sedd_studio.session.notices import number_of
from sedd_studio.session.state import RunState
from sedd_studio.widgets.controls.basic import keep_up, label
from sedd_studio.widgets.controls.buttons import IconButton
from sedd_studio.widgets.controls.helping import HelpLine
from sedd_studio.widgets.controls.layouts import row

if TYPE_CHECKING:
    from sedd_studio.session.session import Session
    from sedd_studio.session.vocabulary import Vocabulary

HINT = "Select words to lock, redraw or replace them"
BEHIND = "This model writes block by block: words that are locked behind the block of a gap are not seen in it"
PAUSE = 100
"""Milliseconds between two sentences while a run goes on: nobody reads faster."""


class StatusLine(QFrame):
    """One sentence and, while a model is loaded, a bar; at the right the help of what one works with. The Run button
    shows how far a run is."""

    def __init__(self, session: Session, words: Vocabulary, look: Look) -> None:
        super().__init__()
        self._session, self._words = session, words
        self._missed = self._hinted = False
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._catch_up)
        self.setObjectName("statusLine")
        self.text = label(role="help")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(160, 4)
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName("Loading the model")
        self.setFixedHeight(look.sizes.control)  # nothing moves when a part of it comes or goes
        self.help = HelpLine()
        self.folder = IconButton("folder", "Show in folder", look, self._show_folder, text="Show in folder")
        self.kept = label(role="help")
        self.kept.setToolTip("The text, its run and its form are kept as they stand, and come back at the next start.")
        row(self.bar, self.text, self.folder, self.kept, (self.help, 1), gap=12, margins=(16, 0, 16, 0), of=self)
        told = (session.runs, session.models, session.reader, session.notices, words)
        session.models.changed.connect(self._give_hint)
        keep_up(self.refresh, *(part.changed for part in told))

    def refresh(self) -> None:
        session = self._session
        moves = (session.runs.running and not session.runs.paused) or bool(session.notices.work)
        self._missed = moves and self._pause.isActive()
        if self._missed:
            return
        if moves:
            self._pause.start()
        self.bar.setVisible(session.models.loading)
        sentence = self._sentence()
        self.text.setText(sentence)
        self.folder.setVisible(session.notices.path is not None)
        self.kept.setText(session.notices.kept)
        self.setAccessibleName(self.text.text())

    def show_hint(self, there: bool) -> None:
        """Says what can be done with the text, while that is there."""
        self._hinted = there
        self._give_hint()

    def _give_hint(self) -> None:
        info = self._session.models.info
        hint = BEHIND if info is not None and info.blockwise else HINT
        self.help.give_hint(hint if self._hinted else "")

    def _catch_up(self) -> None:
        if self._missed:
            self.refresh()

    def _show_folder(self) -> None:
        path = self._session.notices.path
        if path is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))):
            self._session.errors.show(f"{path.parent} cannot be shown from here; look for it among your files.")

    def _sentence(self) -> str:
        session = self._session
        if session.models.loading and session.runs.awaits_model:
            return "Loading the model; the run begins as soon as it is there (Esc takes that back)"
        if session.models.loading:
            return "Loading the model. The prompt can be edited meanwhile."
        if session.runs.running:
            made = session.runs.progress
            if session.runs.paused:
                return f"Paused: {made.step} of {made.steps} steps are made"
            left = "" if made.seconds_left is None else f", {until_done(made.seconds_left)}"
            return f"Running: step {made.step} of {made.steps}{left}"
        notices = session.notices
        works = session.reader.doing or notices.work
        saved = f"{notices.text} · " if works and notices.path is not None else ""
        return f"{saved}{works}" if works else notices.text or self._rest()

    def _rest(self) -> str:
        """What is said while nothing goes on."""
        session = self._session
        if session.models.info is not None and not session.models.ready:
            return f"{session.models.info.name} is not loaded: its run can be played; open the model to run it again"
        if session.runs.state is RunState.FAILED:
            return "The run failed; the message above says why"
        run = session.view.run
        if run is None:
            return "Ready" if session.models.info is not None else "No model is loaded"
        made = run.progress
        if run.result is None:
            return f"Stopped after step {made.step} of {made.steps}"
        steps, calls, times = (
            number_of(made.steps, "step"),
            number_of(made.calls, "network call"),
            number_of(made.calls, "time"),
        )
        took = duration(made.seconds)
        told = self._words.say("{steps}, {calls}, {seconds}", steps=steps, calls=calls, times=times, seconds=took)
        return f"Finished: {told}"
