"""What it takes to ask what words do to each other: network calls, seconds, how soon it ends, and the window meanwhile.

    python -m benchmarks.influence [--locks 12] [--length 256] [--cancels 20] [--seconds 6]

A text of `--length` tokens with `--locks` locked words, on the bundled models. Prints, for each way to ask, the calls
and seconds of a whole answer; how soon after it was dropped the engine was free for the next, dropped at random
moments; and the times between two frames of the window, whose text is drawn anew sixty times a second, while a whole
text is asked about and while nothing is.
"""

from __future__ import annotations

import argparse
import random
import time
from contextlib import closing
from pathlib import Path

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.home import own_home
from engine.bundled_models import ASSETS
from engine.protocol import FREE, Event, Finished, Influence, LoadModel, Request, Run, ends, frozen
from sedd_studio.background.keeper import Keeper
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.painting import theme as themes
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.services import Services

DRAWS = 4
"""Under uniform noise, as the window asks."""


def texts(length: int, locks: int) -> tuple[np.ndarray, np.ndarray, tuple[Run, ...]]:
    """Made-up tokens (L,), which of them are locked, and the words that are."""
    generator = np.random.default_rng(0)
    starts = np.linspace(0, length - 2, locks).astype(int).tolist()
    locked = np.zeros(length, bool)
    for start in starts:
        locked[start : start + 1] = True
    return generator.integers(300, 1000, length), locked, tuple((start, start + 1) for start in starts)


def wait_for(runner: Runner, number: int) -> list[Event]:
    """The events of a request up to the one that ends it."""
    found: list[Event] = []
    while not (found and ends(found[-1])):
        found += [event for event in runner.take() if event.run_id == number]
        time.sleep(0.0005)
    return found


def told(runner: Runner, said: str, request: Request) -> None:
    """Prints the calls and seconds of a whole answer."""
    events = wait_for(runner, runner.ask(request))
    end = events[-1]
    if not isinstance(end, Finished):
        raise SystemExit(str(end))
    print(f"{said}: {end.calls} calls, {end.seconds:.2f} s")


def cancelled(runner: Runner, request: Request, count: int) -> None:
    """Prints how long it took, after a question was dropped, until it had ended."""
    draw, found = random.Random(0), []
    for _ in range(count):
        number = runner.ask(request)
        time.sleep(draw.uniform(0.05, 0.4))
        began = time.perf_counter()
        runner.drop(number)
        wait_for(runner, number)
        found.append(1000 * (time.perf_counter() - began))
    print(f"  dropped {count} times: ended after {np.median(found):.0f} ms (median), {max(found):.0f} ms (longest)")


def frames(window: MainWindow, seconds: float) -> np.ndarray:
    """Milliseconds between two paintings of the text, asked for sixty times a second."""
    painted: list[float] = []
    canvas = window.canvas
    timer = QTimer(interval=16)
    timer.timeout.connect(canvas.viewport().update)
    paint = canvas.picture.paint

    def noted(*given: object) -> None:
        paint(*given)  # type: ignore[arg-type]
        painted.append(time.perf_counter())

    setattr(canvas.picture, "paint", noted)  # noqa: B010 - a replacement that types forbid on purpose
    timer.start()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.0005)
    timer.stop()
    del canvas.picture.paint
    return 1000 * np.diff(painted)


def beside_the_window(home: Path, tokens: np.ndarray, request: Influence, seconds: float) -> None:
    """Prints the times between frames in turn: while the model is asked, and while it is not."""
    settings = Settings(home / "settings.json")
    session = Session(Runner(), Reader(), settings)
    services = Services(session, settings, Keeper(home / "history.sqlite3"))
    window = MainWindow(services, themes.LIGHT)
    window.resize(1280, 720)
    window.show()
    session.models.open(ASSETS / "stories-absorb")
    while session.models.info is None:
        QApplication.processEvents()
        session.clock.tick()
    asked: list[np.ndarray] = []
    alone: list[np.ndarray] = []
    for _ in range(3):
        number = session.engine.ask(request)
        asked.append(frames(window, seconds / 3))
        session.engine.drop(number)
        frames(window, 0.3)
        alone.append(frames(window, seconds / 3))
    for said, found in (("asked", asked), ("not asked", alone)):
        both = np.concatenate(found)
        print(
            f"  frames while it is {said}: median {np.median(both):.1f} ms, 99th percentile "
            f"{np.quantile(both, 0.99):.1f} ms, longest {both.max():.1f} ms"
        )
    window.close()
    services.close()
    services.keeper.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--locks", type=int, default=12)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--cancels", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=6.0)
    arguments = parser.parse_args()
    app = QApplication(["influence", *themes.STYLE])
    themes.apply(app, themes.LIGHT)
    tokens, locked, words = texts(arguments.length, arguments.locks)
    given = f"{arguments.locks} locks on {arguments.length} positions"
    gaps = frozen(np.where(locked, tokens, FREE))
    whole, free, others = frozen(tokens), np.flatnonzero(~locked).tolist(), tuple(range(1, arguments.length))
    of_locks = Influence(gaps, locked, float("nan"), words)
    of_text = Influence(whole, locked, 0.0, words[:1], others, "text")
    drawn = Influence(whole, locked, 0.5, words, tuple(free), draws=DRAWS)
    with closing(Runner()) as runner:
        for name, asked in (
            ("stories-absorb", (("given the locks alone", of_locks), ("one word on a whole text", of_text))),
            ("stories-uniform", (("by draws", drawn),)),
        ):
            wait_for(runner, runner.submit(LoadModel(str(ASSETS / name))))
            for said, request in asked:
                told(runner, f"{name}, {given}, {said}", request)
                cancelled(runner, request, arguments.cancels)
    with own_home() as home:
        beside_the_window(home, tokens, of_text, arguments.seconds)


if __name__ == "__main__":
    main()
