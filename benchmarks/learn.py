"""How long a frame of each figure of Learn takes while its slider is dragged: `python -m benchmarks.learn [SECONDS]`.

A frame is a move of the slider and all that it has painted, the formula too. Printed are the median and the 99th
percentile in milliseconds, and the median of processor time, which a busy machine leaves as it is. On a display, or on
Xvfb: `xvfb-run -a python -m benchmarks.learn`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtWidgets import QApplication

from scripts.window_states.learning import learn
from sedd_studio.background.keeper import Keeper
from sedd_studio.painting import theme as themes
from sedd_studio.record.chapters import CHAPTERS
from sedd_studio.record.settings import Settings
from sedd_studio.widgets.controls.lesson_controls import SlideControl
from sedd_studio.widgets.panels.learn_panel import LearnPanel
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.services import Services

SECONDS = 10.0
BEGUN: dict[str, dict[str, object]] = {"training": {"start": 1}}
"""What is chosen before, where a slider has nothing to show else."""


def frames(chapter: str, home: Path, seconds: float) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds of each frame, of the clock and of the processor, by slider."""
    made: Any = learn(home, chapter, **BEGUN.get(chapter, {}))
    session, prepare = made
    services = Services(session, Settings(home / "settings.json"), Keeper(home / "history.sqlite3"))
    window = MainWindow(services, themes.LIGHT)
    window.resize(1280, 720)
    window.show()
    prepare(window)
    (panel,) = window.findChildren(LearnPanel)
    taken = {}
    for name, control in panel.controls.controls.items():
        if isinstance(control, SlideControl):
            taken[name] = dragged(control, seconds)
    window.close()
    services.keeper.close()
    return taken


def dragged(control: SlideControl, seconds: float) -> list[tuple[float, float]]:
    slider, times, notch, step = control.slider, list[tuple[float, float]](), control.slider.minimum(), 1
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        begun, worked = time.perf_counter(), time.thread_time()
        slider.setValue(notch)
        QApplication.processEvents()
        times.append((1000 * (time.perf_counter() - begun), 1000 * (time.thread_time() - worked)))
        notch += step
        if not slider.minimum() < notch < slider.maximum():
            step = -step
    return times


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    app = QApplication(["learn", *themes.STYLE])
    themes.apply(app, themes.LIGHT)
    print(f"{'figure':12} {'slider':10} {'frames':>7} {'median':>8} {'99 %':>8} {'work':>8}")
    for chapter in CHAPTERS:
        with tempfile.TemporaryDirectory() as home:
            for name, times in frames(chapter, Path(home), seconds).items():
                median, late = np.percentile([taken for taken, _ in times], [50, 99])
                work = np.median([worked for _, worked in times])
                print(f"{chapter:12} {name:10} {len(times):7} {median:8.2f} {late:8.2f} {work:8.2f}")


if __name__ == "__main__":
    main()
