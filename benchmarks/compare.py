"""Time of one tick of Compare: the shared playhead moves, every pane is laid out and painted anew.

    python -m benchmarks.compare [--samples 64] [--panes 4] [--ticks 180]

The panes show made-up runs of 256 tokens of the bundled tokenizer, of 4, 16, 64 and 256 steps, in the real window on
the display that is set; no model is loaded. Prints the median, the 99th percentile and the longest tick.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
from PySide6.QtWidgets import QApplication

from benchmarks.home import own_home
from engine.bundled_models import DEFAULT_MODEL
from engine.language.tokenizers import Tokenizer, find_tokenizer
from engine.protocol import FREE, Finished, Frame, Generate, ModelInfo, Started, frozen
from engine.runs.trajectory import Origin, Trajectory
from sedd_studio.background.keeper import Keeper
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.painting import theme
from sedd_studio.record.history import default_path
from sedd_studio.record.settings import Settings
from sedd_studio.session.session import Session
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.services import Services

LENGTH = 256


def made_up(steps: int, samples: int, tokenizer: Tokenizer) -> Trajectory:
    """A finished run of random tokens, which appear in random order; the seed is the number of steps."""
    draws = np.random.default_rng(steps)
    mask = tokenizer.vocabulary
    info = ModelInfo("made up", "", "absorb", "loglinear", LENGTH, mask, mask, 1, "cpu", "fp32")
    request = Generate(frozen(np.full(LENGTH, FREE)), steps, seed=steps, samples=samples)
    started = Started(0, frozen(np.full((samples, LENGTH), mask)), np.zeros(LENGTH, bool), steps, 1.0)
    run = Trajectory(started, mask, Origin.of_now(request, info, tokenizer))
    when = draws.integers(1, steps + 1, (samples, LENGTH))
    tokens = draws.integers(0, mask, (samples, LENGTH))
    for step in range(1, steps + 1):
        sample, position = np.nonzero(when == step)
        where = frozen(sample), frozen(position), frozen(tokens[sample, position])
        run.append(Frame(0, step, 1 - step / steps, 1.0, *where, step, 0.01 * step))
    run.result = Finished(0, steps, 0.01 * steps)
    return run


def ticks(window: MainWindow, count: int) -> np.ndarray:
    """Seconds of each of `count` moves of the playhead from the start to the end, painting included."""
    taken = []
    for number in range(count + 1):
        began = time.perf_counter()
        window.services.comparison.seek(number / count)
        QApplication.processEvents()
        taken.append(time.perf_counter() - began)
    return np.array(taken[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--panes", type=int, default=4)
    parser.add_argument("--ticks", type=int, default=180)
    arguments = parser.parse_args()
    with own_home():
        app = QApplication(sys.argv[:1])
        theme.apply(app, theme.LIGHT)
        settings = Settings()
        session, keeper = Session(Runner(), Reader(), settings), Keeper(default_path())
        window = MainWindow(Services(session, settings, keeper), theme.LIGHT)
        window.show()
        window.show_panel("compare")
        tokenizer = find_tokenizer(DEFAULT_MODEL)
        runs = [made_up(4 ** (number + 1), arguments.samples, tokenizer) for number in range(arguments.panes)]
        window.services.comparison.show_runs(runs)
        QApplication.processEvents()
        found = 1000 * ticks(window, arguments.ticks)
        median, rare = np.median(found), np.quantile(found, 0.99)
        print(
            f"{len(found)} ticks: median {median:.1f} ms, 99th percentile {rare:.1f} ms, longest {found.max():.1f} ms"
        )
        window.close()
        keeper.close()


if __name__ == "__main__":
    main()
