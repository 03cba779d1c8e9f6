"""How much of a core the studio takes while nothing is done: the mouse rests on a hidden word.

    python -m benchmarks.idle [--seconds 30]

The studio is started as a user starts it, on the display that is set, and brought into one state after another. Prints
the share of a core that its process took in each, all threads counted, over so many seconds.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.home import own_home
from sedd_studio.session.state import RunState
from sedd_studio.window import app as studio
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.page_names import LEARN, STUDIO
from sedd_studio.window.presenting import present

LOOK = 50
"""Milliseconds between two looks whether a state is reached."""
SETTLE = 10.0
"""Seconds after which what a state has begun is over: the judge reads the texts of a comparison after its end."""


class Resting(QObject):
    """Goes from state to state and measures each."""

    def __init__(self, window: MainWindow, seconds: float) -> None:
        super().__init__(window)
        self.window, self.seconds = window, seconds
        self.shares: dict[str, float] = {}
        self.course = self.states()
        self.awaited: Callable[[], bool] = lambda: window.session.models.ready
        self.timer = QTimer(self)
        self.timer.setInterval(LOOK)
        self.timer.timeout.connect(self.look)
        self.timer.start()

    def look(self) -> None:
        """Measures a state that is reached, and goes on to the next."""
        if not self.awaited():
            return
        self.timer.stop()
        state = next(self.course, None)
        if state is None:
            self.report()
            QApplication.quit()
            return
        name, self.awaited = state
        QTimer.singleShot(LOOK, lambda: self.reach(name))

    def reach(self, name: str, settled: bool = False) -> None:
        """Measures once the state is reached, and still is a while later."""
        if not self.awaited():
            QTimer.singleShot(LOOK, lambda: self.reach(name))
        elif not settled:
            QTimer.singleShot(int(1000 * SETTLE), lambda: self.reach(name, settled=True))
        else:
            self.measure(name)

    def measure(self, name: str) -> None:
        began, worked = time.perf_counter(), time.process_time()

        def done() -> None:
            self.shares[name] = (time.process_time() - worked) / (time.perf_counter() - began)
            self.awaited = lambda: True
            self.timer.start()

        QTimer.singleShot(int(1000 * self.seconds), done)

    def states(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        """Each state's name, and whether it is reached; what leads there is done before."""
        window, session = self.window, self.window.session
        finished = lambda: session.runs.state is RunState.DONE and not session.playhead.playing  # noqa: E731
        yield "fresh", lambda: True
        viewport, free = window.canvas.viewport(), int((~session.view.document.locked).argmax())
        QTest.mouseMove(viewport, window.canvas.picture.middle(free).toPoint())
        yield "pointing at a hidden word", lambda: True
        session.runs.start()
        yield "finished", finished
        session.playhead.seek(session.playhead.recorded // 2)
        yield "in the middle", lambda: True
        window.services.scorer.start(0.5, given_locked=False)
        yield "scored", lambda: not window.services.scorer.scoring
        window.panel("compare").start.click()
        comparison = window.services.comparison
        yield "compared", lambda: not (comparison.busy or comparison.playing)
        for name in window.places.widgets:
            window.show_panel(name)
            yield f"with {name}", lambda: not window.services.learning.waits
        for name, presented in ((LEARN, "a chapter"), (STUDIO, "the text")):
            window.places.show_page(name)
            presenter = present(window)
            yield f"presenting {presented}", presenter.isVisible
            presenter.close()

    def report(self) -> None:
        """Prints the shares."""
        for name, share in self.shares.items():
            print(f"{name}: {share:.2%}")
        print(f"highest: {max(self.shares.values()):.2%} of a core over {self.seconds:g} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30)
    arguments = parser.parse_args()

    class RestedWindow(MainWindow):
        """The window with its probe."""

        def __init__(self, *given: object) -> None:
            super().__init__(*given)  # type: ignore[arg-type]
            self.resting = Resting(self, arguments.seconds)

    setattr(studio, "MainWindow", RestedWindow)  # noqa: B010 - a replacement that types forbid on purpose
    with own_home():
        sys.exit(studio.main([]))


if __name__ == "__main__":
    main()
