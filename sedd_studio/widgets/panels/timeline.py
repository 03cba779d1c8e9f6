"""The timeline under the canvas: play, scrub and speed, and what is true at the step that is shown."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout

from engine.plain_text import plain_line
from engine.runs.trajectory import Progress, Trajectory
from sedd_studio.painting.theme import Look
from sedd_studio.record.pace import until_done
from sedd_studio.record.words import part_of
from sedd_studio.session.runs import Runs
from sedd_studio.session.view import View
from sedd_studio.session.vocabulary import Vocabulary
from sedd_studio.widgets.controls.basic import Choice, Elided, label
from sedd_studio.widgets.controls.buttons import IconButton
from sedd_studio.widgets.controls.layouts import row
from sedd_studio.widgets.controls.track import Track

SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
SLIM_HEIGHT, SLIM_WIDTH = 800, 640
"""Of a window so low, the timeline takes one row, if it is so wide itself."""
LEAST_FACTS = 132
"""Pixels of the facts beside the track."""
ICON_ALONE, BESIDE = Qt.ToolButtonStyle.ToolButtonIconOnly, Qt.ToolButtonStyle.ToolButtonTextBesideIcon
SPEEDS = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0)


def turn(run: Trajectory | None) -> tuple[int, str] | None:
    """The step after which a run parts from the one that it came from, and how; None for one from the start."""
    if run is None or run.origin is None or run.origin.request.first_step == 1:
        return None
    change = run.came.change if run.came is not None else ""
    return run.origin.request.first_step - 1, plain_line(change) or "went on from here"


class Timeline(QFrame):
    """Shows the recorded run and moves the playhead in it."""

    def __init__(self, view: View, runs: Runs, words: Vocabulary, look: Look) -> None:
        super().__init__()
        self._view, self._runs, self._words, playhead = view, runs, words, view.playhead
        self._recorded: tuple[object, ...] = ()
        self._slim: bool | None = None
        self._grid = QGridLayout(self)
        self.setObjectName("card")
        self.play = IconButton("play", "Play", look, playhead.toggle)
        self.speed = Choice("Playing speed", look, {speed: f"{speed:g} steps/s" for speed in SPEEDS})
        self.step = label(role="strong")
        self.facts = Elided()
        self.sample_text = label(role="muted")
        self.earlier = IconButton("chevron-left", "Previous sample", look, lambda: self._go(-1))
        self.later = IconButton("chevron-right", "Next sample", look, lambda: self._go(1))
        goes_on = "Go on from this step, with the locks as they are now"
        self.go_on = IconButton("step", goes_on, look, runs.go_on, text="Go on from here")
        self.follow = IconButton("ring", "Keep the newest step in view", look, text="Follow live", kind="toggle")
        self.follow.clicked.connect(playhead.set_following)
        self.track = Track(look)
        self._arrange()
        self.speed.activated.connect(lambda: playhead.set_speed(self.speed.currentData()))
        self.track.valueChanged.connect(playhead.seek)
        runs.changed.connect(self.refresh_run)
        view.changed.connect(self._refresh_canvas)
        playhead.changed.connect(self.refresh_playhead)
        words.changed.connect(self.refresh_playhead)
        self.refresh_run()

    def refresh_run(self) -> None:
        view, playhead = self._view, self._view.playhead
        info = view.step_info()
        changed = np.asarray(view.changed_steps(), dtype=np.int64)
        curve = np.asarray(view.settled_curve(), dtype=np.int64)
        over = view.document.edited if view.run is None else None
        steps, free = (info.steps, info.free) if over is None else (over[0].steps, over[0].free)
        self.track.show_run(steps, max(free, int(curve[-1])), curve, changed, over is not None, turn(view.run))
        several = playhead.samples > 1
        for part in (self.earlier, self.later, self.sample_text):
            part.setVisible(several)
        self._fit_follow()
        self.sample_text.setText(f"sample {playhead.sample + 1}/{playhead.samples}")
        self.earlier.setEnabled(playhead.sample > 0)
        self.later.setEnabled(playhead.sample + 1 < playhead.samples)
        self.refresh_playhead()

    def refresh_playhead(self) -> None:
        playhead, info = self._view.playhead, self._view.step_info()
        self.track.show_step(playhead.step)
        self.play.sign.show("pause" if playhead.playing else "play")
        self.play.set_name("Pause the playback" if playhead.playing else "Play")
        self.play.setEnabled(playhead.recorded > 0)
        self.go_on.setVisible(self._runs.can_go_on and not playhead.playing and not playhead.following)
        self.follow.setChecked(playhead.following)
        self.follow.sign.show("dot" if playhead.following else "ring")
        edited = self._view.document.edited if self._view.run is None else None
        if edited is not None:
            self.step.setText("Text edited")
            self.facts.show_text("of the text before", f"{info.free} positions to fill")
        elif playhead.recorded == 0 and not self._runs.running:
            self.step.setText("No run yet")
            self.facts.show_text(f"{info.free} positions to fill" if info.free else "every position is locked")
        else:
            self.step.setText(f"step {info.step} of {info.steps}")
            self.facts.show_text(*self._facts())
        turned = turn(self._view.run)
        way = f", after step {turned[0]}: {turned[1]}" if turned else ""
        self.track.setAccessibleDescription(f"{self.step.text()}, {info.filled}{way}")

    def _refresh_canvas(self) -> None:
        """Draw the curve anew only if it can be another one."""
        playhead = self._view.playhead
        told = self._view.told
        recorded = (playhead.recorded, playhead.samples, playhead.sample, self._view.step_info().free, told and told[0])
        if recorded != self._recorded:
            self._recorded = recorded
            self.refresh_run()

    def _facts(self) -> list[str]:
        info, run, say = self._view.step_info(), self._view.run, self._words.say
        made = run.progress if run is not None else Progress()
        # The noise that a run begins with has no finite amount to name.
        nan = math.isnan(info.sigma)
        sigma, noise = ("", 100.0) if nan else (f"{SIGMA} {info.sigma:.2f} · ", 100 - 100 * math.exp(-info.sigma))
        filled = "{settled} changes" if info.counts_changes else "{settled} of {free} settled"
        part, are = part_of(info.settled, info.free), "is" if info.settled == 0 else "are"
        facts = [
            say("{sigma}t {time:.2f}", sigma=sigma, time=info.time, noise=noise),
            say(filled, settled=info.settled, free=info.free, part=part, are=are),
            say("{calls} calls · {seconds:.1f} s", calls=made.calls, seconds=made.seconds),
        ]
        if made.seconds_left is not None:
            facts.append(until_done(made.seconds_left))
        return facts

    def _go(self, by: int) -> None:
        self._view.playhead.set_sample(self._view.playhead.sample + by)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """The track stands beside the facts where the window is low, else under them."""
        slim = self.window().height() < SLIM_HEIGHT and self.width() >= SLIM_WIDTH
        if slim != self._slim:
            self._slim = slim
            self.track.set_slim(slim)
            self.go_on.setToolButtonStyle(ICON_ALONE if slim else BESIDE)
            self._fit_follow()
            self._grid.addWidget(self.track, 0 if slim else 1, 1 if slim else 0, 1, 1 if slim else 4)
            self._grid.addWidget(self.facts, 0, 2 if slim else 1)
            sides = (self.earlier, self.later, self.go_on, self.follow)
            for one, other in pairwise((self.speed, self.track, *sides) if slim else (self.speed, *sides, self.track)):
                self.setTabOrder(one, other)
        self._grid.setColumnStretch(1, 4)
        self._grid.setColumnStretch(2, 1 if slim else 0)
        self._grid.setColumnMinimumWidth(2, LEAST_FACTS if slim else 0)

    def _fit_follow(self) -> None:
        """Its words leave the room to the track where the samples take some, too."""
        crowded = self._slim and self._view.playhead.samples > 1
        self.follow.setToolButtonStyle(ICON_ALONE if crowded else BESIDE)

    def _arrange(self) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self._view.playhead.speed))
        self.speed.setCurrentIndex(nearest)
        self.speed.setFixedWidth(112)
        self._grid.setContentsMargins(14, 8, 14, 6)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.addLayout(row(self.play, self.speed, 4, self.step, gap=10), 0, 0)
        self._grid.addLayout(row(self.earlier, self.sample_text, self.later, self.go_on, self.follow, gap=6), 0, 3)
        self.fit()
