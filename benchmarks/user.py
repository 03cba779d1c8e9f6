"""Does seeded random things to the studio and says how it bears them.

    python -m benchmarks.user [--actions 5000] [--seed 1]

The studio is started as a user starts it, with the bundled models, on the display that is set (Linux), in a home of its
own. First every model, panel, theme and kind of request is used once, so that what is loaded when it is needed is
there. Then it is clicked, typed into, resized, told every command in its menus, given good and bad files and models.
Prints exceptions, warnings of Qt, the memory, the longest times in which the window answered nothing, and the threads
that are left when it is closed. Memory is read before, after every tenth of the actions, and after all; before and
after at rest: with the same model opened anew, one run of it made, nothing under way, and what was freed given back.
The readings between swing with the models and runs that are held at the moment.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog

from benchmarks.home import own_home
from engine.bundled_models import ASSETS
from engine.performing.memory import give_back
from sedd_studio.session.score_queue import ScoreQueue
from sedd_studio.session.state import RunState
from sedd_studio.window import app as studio
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.random_user import RandomUser, files

BEAT = 5
"""Milliseconds between two beats of the window's heart; a longer pause is time without an answer."""
WORST = 5
MODELS = (
    "stories-absorb",
    "stories-uniform",
    "molecules-absorb",
    "digits-absorb",
    "promoters-absorb",
    "stories-gpt",
    "missing",
)


class Observer(QObject):
    """A random user in the window, and what is noticed of it."""

    def __init__(self, window: MainWindow, arguments: argparse.Namespace) -> None:
        super().__init__(window)
        self.window, self.actions = window, arguments.actions
        models = [str(ASSETS / name) for name in MODELS]
        folder = Path(tempfile.mkdtemp(dir=os.environ["HOME"])) / "files"
        self.user = RandomUser(window, arguments.seed, files(folder), models)
        self.course = self.everything()
        self.awaited: Callable[[], bool] | None = None
        self.memory: list[float] = []
        self.pauses: list[tuple[float, str]] = []
        self.errors: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.began = self.last_beat = time.perf_counter()
        self.seconds = 0.0
        self.heart, self.hand = QTimer(self), QTimer(self)
        self.heart.timeout.connect(self.beat)
        self.hand.timeout.connect(self.act)
        qInstallMessageHandler(self.warned)
        window.session.models.changed.connect(self.start)

    def start(self) -> None:
        """The first model is there: it begins."""
        if not self.hand.isActive():
            sys.excepthook = self.failed
            self.hand.start(0)

    def everything(self) -> Iterator[Callable[[], bool]]:
        """From the first model to the report; each time what is waited for before it goes on."""
        yield from self.each_thing_once()
        yield from self.rest()
        self.note_memory()
        self.began = self.last_beat = time.perf_counter()
        self.heart.start(BEAT)
        for done in range(self.actions):
            if done and done % max(1, self.actions // 10) == 0:
                self.note_memory()
            self.user.act()
            yield lambda: True
        self.heart.stop()
        self.seconds = time.perf_counter() - self.began
        yield from self.rest()
        self.note_memory()

    def each_thing_once(self) -> Iterator[Callable[[], bool]]:
        window, session = self.window, self.window.session
        window.resize(1600, 1000)
        for dock in window.docks.values():
            window.show_dock(dock)
        for theme in ("light", "dark", "contrast", "system"):
            window.actions_by_name[f"theme_{theme}"].trigger()
            yield lambda: True
        for model in self.user.models:
            session.models.open(model)
            yield lambda: not session.models.loading
            session.runs.start()
            yield lambda: session.runs.state is not RunState.RUNNING
        session.models.open(self.user.models[0])
        yield lambda: not session.models.loading
        window.services.scorer.start(0.5, given_locked=False)
        yield lambda: not window.services.scorer.scoring
        for kind in ("noise", "steps"):
            window.compare.kind.setCurrentIndex(window.compare.kind.findData(kind))
            window.compare.start.click()
            yield lambda: not window.services.comparison.busy

    def rest(self) -> Iterator[Callable[[], bool]]:
        """Stops all that is under way; then the first model is opened and runs once, as if nothing had been."""
        window, session = self.window, self.window.session
        for item in list(window.services.queue.items):
            window.services.queue.remove(item)
        for scores in window.findChildren(ScoreQueue):
            scores.cancel()
        for stop in (
            window.services.scorer.stop,
            window.services.comparison.cancel_all,
            window.services.jobs.cancel,
            session.runs.stop,
        ):
            stop()
        yield self.still
        session.models.open(self.user.models[0])
        yield lambda: not session.models.loading
        session.runs.start()
        yield self.still
        give_back()

    def still(self) -> bool:
        """Whether nothing is under way."""
        window, session = self.window, self.window.session
        return not (session.models.loading or session.runs.state is RunState.RUNNING or window.services.comparison.busy)

    def beat(self) -> None:
        now = time.perf_counter()
        done = self.user.log[-1] if self.user.log else ""
        self.pauses = sorted([*self.pauses, (1000 * (now - self.last_beat) - BEAT, done)], reverse=True)[:WORST]
        self.last_beat = now

    def act(self) -> None:
        """Goes on if what is awaited has come; the window is closed at the end."""
        if self.awaited is not None and not self.awaited():
            return
        self.awaited = next(self.course, None)
        if self.awaited is None:
            self.hand.stop()
            self.report()
            self.window.close()
            QApplication.quit()

    def note_memory(self) -> None:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self.memory.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
        self.last_beat = time.perf_counter()  # looking took time, too

    def failed(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.errors[f"{kind.__name__}: {error}, after: {', '.join(self.user.log[-3:])}"] += 1

    def warned(self, kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        self.warnings[text] += 1

    def report(self) -> None:
        """Prints what was noticed."""
        print(f"{len(self.user.log)} actions in {self.seconds:.0f} s")
        print(f"exceptions: {sum(self.errors.values())}", *self.errors, sep="\n  ")
        print(f"warnings of Qt: {sum(self.warnings.values())}", *self.warnings, sep="\n  ")
        print("memory, MB: " + ", ".join(f"{megabytes:.0f}" for megabytes in self.memory))
        print(f"growth: {self.memory[-1] - self.memory[0]:.0f} MB")
        print("longest without an answer:", *(f"{pause:.0f} ms, {done}" for pause, done in self.pauses), sep="\n  ")


def closed(*_: object, **__: object) -> tuple[str, str]:
    """What a file dialog gives that is closed at once, as this user does."""
    return "", ""


def replace(owner: object, **parts: object) -> None:
    """Puts others in the place of parts of a class or module."""
    for name, part in parts.items():
        setattr(owner, name, part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--actions", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with own_home():
        replace(QFileDialog, getOpenFileName=closed, getSaveFileName=closed, getExistingDirectory=lambda *_, **__: "")
        replace(QInputDialog, getText=lambda *_, **__: ("my own", True))

        class ObservedWindow(MainWindow):
            """The window with its observer."""

            def __init__(self, *given: object) -> None:
                super().__init__(*given)  # type: ignore[arg-type]
                self.observer = Observer(self, arguments)

        replace(studio, MainWindow=ObservedWindow)
        studio.main([])
        print("threads left:", [thread.name for thread in threading.enumerate()][1:] or "none")


if __name__ == "__main__":
    main()
