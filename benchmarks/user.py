"""Does seeded random things to the studio and says how it bears them.

    python -m benchmarks.user [--actions 5000] [--seed 1]
    make soak HOURS=2 SEED=1

The studio is started as a user starts it, with the bundled models, on the display that is set (Linux), in a home of its
own. First every model, panel, theme and kind of request is used once, so that what is loaded when it is needed is
there. Then it is clicked, typed into, resized, told every command in its menus, given good and bad files and models.
It answers file dialogs and pastes huge texts. With --hours, for so long, a second studio on the same home is started,
killed, ended and started again beside it. Prints exceptions, warnings of Qt, the memory, files that are open, threads,
the disk, the longest times in which the window answered nothing, how long the second studio took to close, and the
threads that are left when it is closed. Memory is read before, after every tenth, and after all; before and after at
rest: with the same model opened anew, one run of it made, nothing under way, and what was freed given back. The
readings between swing with the models and runs that are held at the moment.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMessageBox, QWidget

from benchmarks.home import own_home
from engine.bundled_models import ASSETS
from engine.performing.kept import give_back
from sedd_studio.session.score_queue import ScoreQueue
from sedd_studio.session.state import RunState
from sedd_studio.window import app as studio
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.random_user import RandomUser, files

BEAT = 5
"""Milliseconds between two beats of the window's heart; a longer pause is time without an answer."""
WORST = 5
WARM = 1 / 12
"""Of the hours: the part in which everything is tried before the first reading."""
MODELS = (
    "stories-absorb",
    "stories-uniform",
    "molecules-absorb",
    "digits-absorb",
    "promoters-absorb",
    "stories-gpt",
    "missing",
)
OTHER = str(ASSETS / "molecules-absorb")


class Neighbour:
    """A second studio on the same home: it is started, killed or asked to end, and started again."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.process: subprocess.Popen[bytes] | None = None
        self.complaints = Path(os.environ["HOME"]) / "complaints"
        self.next, self.asked = 0.0, False
        self.ends: Counter[int] = Counter()
        self.closing: list[float] = []

    def look(self) -> None:
        """Does what is due."""
        now = time.perf_counter()
        if self.process is None:
            if now >= self.next:
                with self.complaints.open("ab") as told:
                    self.process = subprocess.Popen([sys.executable, "-m", "sedd_studio"], stderr=told)
                self.next, self.asked = now + self.random.uniform(5, 30), False
        elif self.process.poll() is not None:
            self.ends[self.process.returncode] += 1
            self.process, self.next = None, now + self.random.uniform(1, 10)
        elif now >= self.next and not self.asked:
            self.asked = True
            number = self.random.choice([signal.SIGKILL, signal.SIGTERM])
            threading.Thread(target=self.send, args=(self.process, number)).start()

    def send(self, process: subprocess.Popen[bytes], number: int) -> None:
        """Kills it, or asks it to end and notes how long that takes."""
        asked = time.perf_counter()
        process.send_signal(number)
        process.wait()
        if number == signal.SIGTERM:
            self.closing.append(time.perf_counter() - asked)

    def end(self) -> None:
        """No more of it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@dataclass(frozen=True)
class Reading:
    """What the studio holds: memory that is its own in MB, open files, threads, and in its home MB on disk."""

    memory: float
    files: int
    threads: int
    disk: float

    @staticmethod
    def now() -> Reading:
        resident, shared = map(int, Path("/proc/self/statm").read_text().split()[1:3])
        pages = resident - shared  # of files, the system holds as much as it likes
        held = sum(path.stat().st_size for path in Path(os.environ["HOME"]).rglob("*") if path.is_file())
        files, threads = (len(list(Path(f"/proc/self/{name}").iterdir())) for name in ("fd", "task"))
        return Reading(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, files, threads, held / 2**20)


class Observer(QObject):
    """A random user in the window, and what is noticed of it."""

    def __init__(self, window: MainWindow, arguments: argparse.Namespace) -> None:
        super().__init__(window)
        self.window = window
        self.actions: int = arguments.actions
        self.hours: float = arguments.hours
        models = [str(ASSETS / name) for name in MODELS]
        folder = Path(tempfile.mkdtemp(dir=os.environ["HOME"])) / "files"
        self.user = RandomUser(window, arguments.seed, files(folder), models)
        self.course = self.everything()
        self.awaited: Callable[[], bool] | None = None
        self.acting = False
        self.readings: list[Reading] = []
        self.neighbour = Neighbour(arguments.seed)
        self.pauses: list[tuple[float, str]] = []
        self.works: list[tuple[float, str]] = []
        self.errors: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.began = self.last_beat = time.perf_counter()
        self.seconds = self.last_work = 0.0
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
        warm = time.perf_counter() + WARM * 3600 * self.hours
        while time.perf_counter() < warm:
            self.user.act()
            yield lambda: True
        yield from self.rest()
        self.note()
        self.began = self.last_beat = time.perf_counter()
        self.heart.start(BEAT)
        while (share := self.share()) < 1:
            if share > len(self.readings) / 10:
                self.note()
            self.user.act()
            if self.hours:
                self.neighbour.look()
            yield lambda: True
        self.heart.stop()
        self.neighbour.end()
        self.seconds = time.perf_counter() - self.began
        yield from self.rest()
        self.note()

    def share(self) -> float:
        """How much of what was asked for is done."""
        if self.hours:
            return (time.perf_counter() - self.began) / ((1 - WARM) * 3600 * self.hours)
        return self.user.done / self.actions

    def each_thing_once(self) -> Iterator[Callable[[], bool]]:
        window, session = self.window, self.window.session
        window.resize(1600, 1000)
        for name in window.places.widgets:
            window.show_panel(name)
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
            window.services.comparison.choice.choose_kind(kind)
            window.panel("compare").start.click()
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
        QApplication.clipboard().clear()
        for model in (OTHER, self.user.models[0]):
            session.models.open(model)
            yield lambda: not session.models.loading
        session.editor.undo_stack.clear()
        session.runs.start()
        yield self.still
        give_back()

    def still(self) -> bool:
        """Whether nothing is under way."""
        window, session = self.window, self.window.session
        return not (session.models.loading or session.runs.state is RunState.RUNNING or window.services.comparison.busy)

    def beat(self) -> None:
        now = time.perf_counter()
        done = self.user.last[-1] if self.user.last else ""
        worked = time.thread_time()
        self.pauses = sorted([*self.pauses, (1000 * (now - self.last_beat) - BEAT, done)], reverse=True)[:WORST]
        self.works = sorted([*self.works, (1000 * (worked - self.last_work), done)], reverse=True)[:WORST]
        self.last_beat, self.last_work = now, worked

    def act(self) -> None:
        """Goes on if what is awaited has come."""
        if self.acting:
            return  # Qt would begin the next thing within the one before
        self.acting = True
        try:
            waits = self.awaited is not None and not self.awaited()
            if self.hand.interval() != (pause := BEAT if waits else 0):
                self.hand.setInterval(pause)  # looking all the time would slow what is waited for
            if not waits:
                self.go_on()
        finally:
            self.acting = False

    def go_on(self) -> None:
        """Does the next thing; the window is closed at the end."""
        self.awaited = next(self.course, None)
        if self.awaited is None:
            self.hand.stop()
            self.report()
            self.window.close()
            QApplication.quit()

    def note(self) -> None:
        gc.collect()
        self.readings.append(Reading.now())
        self.last_beat, self.last_work = time.perf_counter(), time.thread_time()  # looking took time, too

    def failed(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        way = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(extract_tb(trace)[-6:]))
        self.errors[f"{kind.__name__}: {error}, at {way}, after: {', '.join(self.user.last)}"] += 1

    def warned(self, kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        self.warnings[text] += 1

    def report(self) -> None:
        """Prints what was noticed."""
        print(f"{self.user.done} actions in {self.seconds:.0f} s")
        print(f"exceptions: {sum(self.errors.values())}", *self.errors, sep="\n  ")
        print(f"warnings of Qt: {sum(self.warnings.values())}", *self.warnings, sep="\n  ")
        print("memory, MB: " + ", ".join(f"{reading.memory:.0f}" for reading in self.readings))
        first, last = self.readings[0], self.readings[-1]
        print(f"growth: {last.memory - first.memory:.0f} MB")
        print(f"open files: {first.files}, then {last.files}; threads: {first.threads}, then {last.threads}")
        print(f"disk: {first.disk:.1f} MB, then {last.disk:.1f} MB")
        if self.hours:
            other = self.neighbour
            print(
                "ends of the second studio:", dict(other.ends), f"closed within {max(other.closing, default=0):.2f} s"
            )
            print("it said:", other.complaints.read_text() or "nothing")
        print("longest without an answer:", *(f"{pause:.0f} ms, {done}" for pause, done in self.pauses), sep="\n  ")
        print(
            "longest work of the window's thread:", *(f"{work:.0f} ms, {done}" for work, done in self.works), sep="\n  "
        )


class Answers:
    """What this user answers to dialogs: that a file is to be written or opened, or nothing."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.folder = Path(tempfile.mkdtemp(dir=os.environ["HOME"]))

    def save(self, parent: QWidget, title: str, name: str, kinds: str) -> tuple[str, str]:
        """A name, often one that is there already; or none."""
        name = f"{self.random.randrange(3)}{self.random.choice([Path(name).suffix, ''])}"
        return self.random.choice([("", ""), (str(self.folder / name), kinds)])

    def open(self, *_: object) -> tuple[str, str]:
        """A file that was written before; or none."""
        return self.random.choice([("", ""), *((str(path), "") for path in self.folder.iterdir())])


def replace(owner: object, **parts: object) -> None:
    """Puts others in the place of parts of a class or module."""
    for name, part in parts.items():
        setattr(owner, name, part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--actions", type=int, default=5000)
    parser.add_argument("--hours", type=float, default=0, help="for so long, whatever the number of actions")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with own_home():
        answers = Answers(arguments.seed)
        replace(QFileDialog, getOpenFileName=answers.open, getSaveFileName=answers.save)
        replace(QFileDialog, getExistingDirectory=lambda *_, **__: "")
        replace(QDesktopServices, openUrl=lambda *_: True)
        replace(QMessageBox, question=lambda *_, **__: QMessageBox.StandardButton.Yes)
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
