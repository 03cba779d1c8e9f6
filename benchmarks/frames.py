"""Times between two painted frames of the canvas while the model in the window runs, followed live.

    python benchmarks/frames.py [--runs 5] [--steps 256] [--samples 1] [--docks]

The studio is started as a user starts it, on the display that is set. With `--docks` the compare, likelihood and best
guess panels are open below the text. Prints the median, the 99th percentile and the longest interval.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from sedd_studio import app as studio
from sedd_studio.main_window import MainWindow
from sedd_studio.state import RunState

DOCKS = ("likelihood", "compare", "guess")
REST = 400
"""Milliseconds between two runs."""


class FrameProbe(QObject):
    """Runs the model again and again and notes when the canvas was painted in the meantime."""

    def __init__(self, window: MainWindow, arguments: argparse.Namespace) -> None:
        super().__init__(window)
        self.window, self.session, self.arguments = window, window.session, arguments
        self.painted: list[float] = []
        self.intervals: list[float] = []
        self.done = 0
        window.canvas.viewport().installEventFilter(self)
        self.session.model_changed.connect(lambda: QTimer.singleShot(REST, self.run))
        self.session.run_ended.connect(self.note)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Paint and self.session.state is RunState.RUNNING:
            self.painted.append(time.perf_counter())
        return False

    def run(self) -> None:
        """Starts the next run, or ends the program."""
        if self.done == self.arguments.runs:
            self.report()
            QApplication.quit()
            return
        if self.arguments.docks:
            for name in DOCKS:
                self.window.show_dock(self.window.docks[name])
        self.session.set_following(True)
        self.session.set_form(steps=self.arguments.steps, samples=self.arguments.samples, seed=self.done)
        self.painted.clear()
        self.session.run()

    def note(self) -> None:
        """Takes the intervals of the run that has ended."""
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
    parser.add_argument("--docks", action="store_true")
    arguments = parser.parse_args()

    class ProbedWindow(MainWindow):
        """The window with its probe."""

        def __init__(self, *given: object) -> None:
            super().__init__(*given)  # type: ignore[arg-type]
            self.probe = FrameProbe(self, arguments)

    setattr(studio, "MainWindow", ProbedWindow)  # noqa: B010 - a replacement that types forbid on purpose
    sys.exit(studio.main([]))


if __name__ == "__main__":
    main()
