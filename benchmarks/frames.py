"""Times between two painted frames of the canvas while a run of the bundled model is made and shown.

    python -m benchmarks.frames [--runs 5] [--steps 256] [--samples 1] [--panels] [--live]

The studio is started as a user starts it, on the display that is set. With `--panels` the compare, likelihood and best
guess panels are open below the text. With `--live` the run is followed as it comes: then no frame can be due before the
model has made it. Prints the median, the 99th percentile and the longest interval.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.home import own_home
from sedd_studio.window import app as studio
from sedd_studio.window.main_window import MainWindow

DOCKS = ("likelihood", "compare", "guess")
REST = 400
"""Milliseconds between two runs."""


class FrameProbe(QObject):
    """Runs the model again and again and notes when the canvas was painted until the last step was on show."""

    def __init__(self, window: MainWindow, arguments: argparse.Namespace) -> None:
        super().__init__(window)
        self.window, self.session, self.arguments = window, window.session, arguments
        self.painted: list[float] = []
        self.intervals: list[float] = []
        self.done, self.watching = 0, False
        window.canvas.viewport().installEventFilter(self)
        self.session.models.changed.connect(lambda: QTimer.singleShot(REST, self.run))
        self.session.playhead.changed.connect(self.look)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Paint and self.watching:
            self.painted.append(time.perf_counter())
        return False

    def run(self) -> None:
        """Starts the next run, or ends the program."""
        if self.done == self.arguments.runs:
            self.report()
            QApplication.quit()
            return
        if self.arguments.panels:
            for name in DOCKS:
                self.window.show_panel(name)
        self.session.playhead.set_following(self.arguments.live)
        self.session.form.set(steps=self.arguments.steps, samples=self.arguments.samples, seed=self.done)
        self.painted.clear()
        self.session.runs.start()
        self.watching = True

    def look(self) -> None:
        """Takes the intervals of a run whose last step is on show."""
        if not self.watching or self.session.playhead.step < self.arguments.steps:
            return
        self.watching = False
        self.intervals += np.diff(self.painted).tolist()
        self.done += 1
        QTimer.singleShot(REST, self.run)

    def report(self) -> None:
        """Prints the figures."""
        found = 1000 * np.array(self.intervals)
        print(
            f"{len(found)} intervals: median {np.median(found):.1f} ms, 99th percentile {np.quantile(found, 0.99):.1f} "
            f"ms, longest {found.max():.1f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=256)
    parser.add_argument("--samples", type=int, default=1)
    parser.add_argument("--panels", action="store_true")
    parser.add_argument("--live", action="store_true")
    arguments = parser.parse_args()

    class ProbedWindow(MainWindow):
        """The window with its probe."""

        def __init__(self, *given: object) -> None:
            super().__init__(*given)  # type: ignore[arg-type]
            self.probe = FrameProbe(self, arguments)

    setattr(studio, "MainWindow", ProbedWindow)  # noqa: B010 - a replacement that types forbid on purpose
    with own_home():
        sys.exit(studio.main([]))


if __name__ == "__main__":
    main()
