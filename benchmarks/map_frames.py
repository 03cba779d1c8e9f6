"""Times between a move of the mouse on the map of a run and the painted window, while one drags through the map.

    python -m benchmarks.map_frames [--sizes 256 1024] [--frames 300] [--beside]

A run of as many steps as positions is made up, half of whose tokens change more than once, and shown on the page with
the map, or `--beside` the text. The pointer is dragged along a curve through the whole map; each frame ends when all
that it changed is painted. Prints, for each size, how long it took from the end of the run until its map was there, the
median, the 99th percentile and the longest frame, and how much of the processor's time a frame takes, which does not
hang on what else the machine does. No engine works meanwhile.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.home import own_home
from engine import bundled_models
from engine.language.tokenizers import Tokenizer, find_tokenizer
from engine.protocol import FREE, Frame, Generate, ModelInfo, Started, frozen
from engine.runs.trajectory import Origin, Trajectory
from sedd_studio.background.collector import Collector
from sedd_studio.background.keeper import Keeper
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.painting import theme as themes
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.widgets.panels.map_panel import MapPanel
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.services import Services


def made_up(size: int, tokenizer: Tokenizer) -> Trajectory:
    """A run of so many steps and positions."""
    generator, mask = np.random.default_rng(size), tokenizer.vocabulary
    tokens = frozen(np.full(size, FREE))
    info = ModelInfo("made up", "", "absorb", "loglinear", size, tokenizer.vocabulary, mask, 1, "cpu", "fp32")
    origin = Origin.of_now(Generate(tokens, steps=size), info, tokenizer)
    begun = frozen(np.full((1, size), mask))
    run = Trajectory(Started(1, begun, np.zeros(size, bool), size, 6.9), mask, origin)
    first = generator.integers(1, size + 1, size)
    again = np.where(generator.random(size) < 0.5, generator.integers(1, size + 1, size), 0)
    for step in range(1, size + 1):
        at = np.flatnonzero((first == step) | (again == step))
        put = frozen(generator.integers(0, tokenizer.vocabulary, len(at)))
        left = 1 - step / size
        run.append(Frame(1, step, left, 6.9 * left, frozen(np.zeros(len(at))), frozen(at), put, step, 0.0))
    return run


def dragged(window: MainWindow, frames: int) -> list[tuple[float, float]]:
    """Seconds of each frame, and those of the processor."""
    panel = window.findChild(MapPanel)
    assert panel is not None
    plot, viewport = panel.map.places.plot, panel.map.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=plot.topLeft().toPoint())
    found = []
    for number in range(frames):
        turn = 2 * math.pi * number / frames
        part = QPointF(0.5 - 0.48 * math.cos(3 * turn), 0.5 - 0.48 * math.cos(2 * turn))
        point = QPointF(plot.left() + part.x() * plot.width(), plot.top() + part.y() * plot.height())
        began, worked = time.perf_counter(), time.thread_time()
        QTest.mouseMove(viewport, point.toPoint())
        QApplication.processEvents()
        found.append((time.perf_counter() - began, time.thread_time() - worked))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton)
    return found


def measured(size: int, home: Path, frames: int, beside: bool) -> None:
    """Prints the figures of a size."""
    tokenizer = find_tokenizer(bundled_models.DEFAULT_MODEL)
    settings = Settings(home / "settings.json")
    session = Session(Runner(), Reader(), settings)
    services = Services(session, settings, Keeper(home / "history.sqlite3"))
    window = MainWindow(services, themes.LIGHT)
    window.resize(1280, 720)
    window.show()
    run = made_up(size, tokenizer)
    session.show_run(run)
    (window.places.show_beside if beside else window.places.show_page)("map")
    QApplication.processEvents()
    began = time.perf_counter()
    session.show_run(made_up(size, tokenizer))
    built = time.perf_counter()
    while services.map.map is None or not services.map.map.complete:
        session.clock.tick()
        QApplication.processEvents()
    there = time.perf_counter()
    found, worked = 1000 * np.array(dragged(window, frames)).T
    print(
        f"{size} x {size}: the map is there after {1000 * (there - built):.0f} ms; {frames} frames: median "
        f"{np.median(found):.1f} ms, 99th percentile {np.quantile(found, 0.99):.1f} ms, longest {found.max():.1f} ms; "
        f"of the processor's time: median {np.median(worked):.1f} ms, 99th percentile "
        f"{np.quantile(worked, 0.99):.1f} ms (the run was made up and shown in {1000 * (built - began):.0f} ms)"
    )
    window.close()
    services.close()
    services.keeper.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 1024])
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--beside", action="store_true")
    arguments = parser.parse_args()
    app = QApplication(["map", *themes.STYLE])
    collector = Collector()  # as the studio has it: else Python looks at all objects now and then, for 40 ms
    themes.apply(app, themes.LIGHT)
    for size in arguments.sizes:
        with own_home() as home:
            measured(size, home, arguments.frames, arguments.beside)
    collector.close()


if __name__ == "__main__":
    main()
