"""Does seeded random things to the studio and says how it bears them.

    python -m benchmarks.user [--actions 5000] [--seed 1]

The studio is started as a user starts it, with the bundled models, on the display that is set (Linux), in a home of its
own. First every model, panel, theme and kind of request is used once, so that what is loaded when it is needed is
there. Then it is clicked, typed into, resized, told every command in its menus, given good and bad files and models.
Prints exceptions, warnings of Qt, the memory before and after every tenth of the actions, the longest times in which
the window answered nothing, and the threads that are left when it is closed.
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
from itertools import pairwise
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog

from benchmarks.home import own_home
from sedd_studio import app as studio
from sedd_studio.main_window import MainWindow
from sedd_studio.models import ASSETS
from sedd_studio.state import RunState
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
        self.first = self.everything_once()
        self.awaited: Callable[[], bool] | None = None
        self.memory: list[float] = []
        self.pauses: list[tuple[float, str]] = []
        self.errors: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.began = self.last_beat = time.perf_counter()
        self.heart, self.hand = QTimer(self), QTimer(self)
        self.heart.timeout.connect(self.beat)
        self.hand.timeout.connect(self.act)
        qInstallMessageHandler(self.warned)
        window.session.model_changed.connect(self.start)

    def start(self) -> None:
        """The first model is there: it begins."""
        if not self.hand.isActive():
            sys.excepthook = self.failed
            self.hand.start(0)

    def everything_once(self) -> Iterator[Callable[[], bool]]:
        """Does one thing after the other; each time what is waited for."""
        window, session = self.window, self.window.session
        window.resize(1600, 1000)
        for dock in window.docks.values():
            window.show_dock(dock)
        for theme in ("light", "dark", "contrast", "system"):
            window.actions_by_name[f"theme_{theme}"].trigger()
            yield lambda: True
        for model in self.user.models:
            session.open_model(model)
            yield lambda: not session.loading
            session.run()
            yield lambda: session.state is not RunState.RUNNING
        session.open_model(self.user.models[0])
        yield lambda: not session.loading
        window.scorer.start(0.5, given_locked=False)
        yield lambda: not window.scorer.scoring
        for kind in ("noise", "steps"):
            window.compare.kind.setCurrentIndex(window.compare.kind.findData(kind))
            window.compare.start.click()
            yield lambda: not window.comparison.busy

    def get_ready(self) -> bool:
        """Goes on with that; whether all is done."""
        if self.awaited is None or self.awaited():
            self.awaited = next(self.first, None)
            if self.awaited is None:
                return True
        return False

    def beat(self) -> None:
        now = time.perf_counter()
        done = self.user.log[-1] if self.user.log else ""
        self.pauses = sorted([*self.pauses, (1000 * (now - self.last_beat) - BEAT, done)], reverse=True)[:WORST]
        self.last_beat = now

    def act(self) -> None:
        """One action more, or the end."""
        if not self.heart.isActive():
            if self.get_ready():
                self.began = self.last_beat = time.perf_counter()
                self.heart.start(BEAT)
            return
        done = len(self.user.log)
        if done % max(1, self.actions // 10) == 0:
            self.note_memory()
        if done >= self.actions:
            self.heart.stop()
            self.hand.stop()
            self.report()
            self.window.close()
            QApplication.quit()
            return
        self.user.act()

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
        print(f"{len(self.user.log)} actions in {time.perf_counter() - self.began:.0f} s")
        print(f"exceptions: {sum(self.errors.values())}", *self.errors, sep="\n  ")
        print(f"warnings of Qt: {sum(self.warnings.values())}", *self.warnings, sep="\n  ")
        print("memory, MB: " + ", ".join(f"{megabytes:.0f}" for megabytes in self.memory))
        first, *others = (after - before for before, after in pairwise(self.memory))
        print(f"growth: {first:.0f} MB in the first tenth, {sum(others):.0f} MB after it")
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
