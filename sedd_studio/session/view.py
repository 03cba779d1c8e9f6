"""What is on show: a document, the run that goes with it, and the step and the sample of it that one sees."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE, frozen
from sedd_studio.record.document import Document, words_of
from sedd_studio.record.playback import Playback
from sedd_studio.record.settings import Settings
from sedd_studio.session.state import CanvasState, StepInfo


class View(QObject):
    """The document and the playhead in its run. The session, which changes them, is one of these."""

    canvas_changed = Signal()
    playhead_changed = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.tokenizer: Tokenizer | None = None
        self.document = Document(frozen([]), np.zeros(0, bool))
        self.sample = 0
        self._playback = Playback(settings["speed"], settings["follow"])
        self._canvas: CanvasState | None = None
        self._words: list[tuple[int, int]] | None = None
        self.canvas_changed.connect(self._forget_canvas)

    # ---- what the session adds

    @property
    def running(self) -> bool:
        """Whether frames of the run on show are still to come."""
        raise NotImplementedError

    @property
    def planned_steps(self) -> int:
        """Steps that a run would have while there is none."""
        raise NotImplementedError

    def tick(self) -> None:
        """Moves on what moves by itself."""
        raise NotImplementedError

    def _start_ticking(self) -> None:
        raise NotImplementedError

    # ---- the canvas

    def canvas(self) -> CanvasState:
        """What the canvas shows now."""
        if self._canvas is None:
            self._canvas = self._make_canvas()
        return self._canvas

    def _make_canvas(self) -> CanvasState:
        document, run, step = self.document, self.document.trajectory, self.playhead
        tokens = document.visible(step, self.sample)
        age, unsettled = np.full(len(tokens), -1), np.zeros(len(tokens), bool)
        if run is not None:
            shown = ~document.locked & (tokens != FREE)
            _, settled = run.at(step, self.sample)
            age = np.where((settled >= 0) & shown, step - settled, -1)
            unsettled = run.unsettled(step, self.sample) & shown
        steps = run.steps if run is not None else self.planned_steps
        return CanvasState(tokens, document.locked, age, unsettled, step, steps, len(tokens))

    def _forget_canvas(self) -> None:
        self._canvas = self._words = None

    def piece(self, position: int) -> str:
        """The text of one visible token; empty where nothing is known."""
        token = int(self.canvas().tokens[position])
        return "" if token == FREE or self.tokenizer is None else self.tokenizer.piece(token)

    def words(self) -> list[tuple[int, int]]:
        """Half-open runs of positions that belong together: words, and single masked positions."""
        if self._words is None:
            self._words = words_of(self.canvas().tokens, self.tokenizer) if self.tokenizer is not None else []
        return self._words

    def word_at(self, position: int) -> tuple[int, int]:
        """The run of positions that `position` belongs to."""
        return next((word for word in self.words() if word[0] <= position < word[1]), (position, position + 1))

    def full_text(self) -> str:
        """The visible text, every gap as [n]."""
        if self.tokenizer is None:
            return ""
        visible = Document(self.canvas().tokens, self.canvas().tokens != FREE)
        return visible.text(self.tokenizer)

    # ---- the playhead

    @property
    def playhead(self) -> int:
        """The step that is shown, 0 .. recorded_steps."""
        return min(self._playback.step, self.recorded_steps)

    @property
    def playing(self) -> bool:
        """Whether the playhead moves by itself."""
        return self._playback.playing

    @property
    def following(self) -> bool:
        """Whether the playhead keeps to the newest step."""
        return self._playback.following

    @property
    def speed(self) -> float:
        """Playing speed in steps a second."""
        return self._playback.speed

    @property
    def recorded_steps(self) -> int:
        """Steps recorded of the run on show."""
        return self.document.trajectory.recorded if self.document.trajectory is not None else 0

    @property
    def samples(self) -> int:
        """Samples of the run on show, 1 if there is none."""
        return self.document.trajectory.samples if self.document.trajectory is not None else 1

    def settled_curve(self) -> np.ndarray:
        """Settled free positions after each recorded step, (recorded_steps + 1,)."""
        run = self.document.trajectory
        return run.settled_curve(self.sample) if run is not None else np.zeros(1, np.int64)

    def changed_steps(self) -> np.ndarray:
        """The steps in which something changed."""
        run = self.document.trajectory
        return run.changed_steps(self.sample) if run is not None else np.zeros(0, np.int64)

    def step_info(self) -> StepInfo:
        """The step that is shown, in numbers."""
        run, step = self.document.trajectory, self.playhead
        if run is None:
            return StepInfo(0, self.planned_steps, 1.0, float("nan"), 0, int((~self.document.locked).sum()))
        moment = run.moments[step]
        return StepInfo(step, run.steps, moment.time, moment.sigma, int(self.settled_curve()[step]), run.free)

    def toggle_play(self) -> None:
        """Pauses the playhead, or lets it move on."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        """Lets the playhead move."""
        if self.recorded_steps:
            self._playback.play(self.recorded_steps, self.running)
            self._start_ticking()
            self._playhead_moved()

    def pause(self) -> None:
        """Holds the playhead; the engine goes on, and what it makes is recorded."""
        self._playback.pause()
        self._playhead_moved()

    def step_once(self) -> None:
        """Moves the playhead one step on and holds it."""
        self.seek(self.playhead + 1)

    def seek(self, step: int) -> None:
        """Shows a step and holds it."""
        self._playback.seek(min(max(step, 0), self.recorded_steps))
        self._playhead_moved()

    def set_following(self, following: bool) -> None:
        """Keeps the playhead at the newest step, or lets it go."""
        self._playback.following = following
        self._settings.set("follow", following)
        if following:
            self._playback.playing = self.running
        self.tick()
        self._playhead_moved()

    def set_speed(self, speed: float) -> None:
        """Sets the playing speed in steps a second."""
        self._playback.set_speed(speed)
        self._settings.set("speed", speed)

    def set_sample(self, sample: int) -> None:
        """Shows another sample of the run."""
        self.sample = min(max(sample, 0), self.samples - 1)
        self._playhead_moved()

    def _playhead_moved(self) -> None:
        self.canvas_changed.emit()
        self.playhead_changed.emit()
