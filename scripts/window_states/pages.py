"""The pages and panels beside the text: likelihood, compare, best guess, history, models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow

HISTORY = "history.sqlite3"
OFFERED = "louaaron/sedd-small"


def likelihood(home: Path) -> object:
    """A text that has been scored, its words coloured by their cost."""
    import numpy as np

    from engine.protocol import Bounded, Weighed
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64)
    scene.play(64)

    def prepare(window: MainWindow) -> None:
        window.show_panel("likelihood")
        scorer, generator = window.services.scorer, np.random.default_rng(1)
        state = window.session.view.canvas()
        scorer.tokens, scorer.given = state.tokens, np.zeros(state.length, bool)
        values = 2.4 + np.cumsum(generator.normal(0, 0.4, 40)) / np.arange(1, 41)
        scorer.points = [
            Bounded(1, float(value), 0.3 / (k + 2) ** 0.5, 0.7 / (k + 2) ** 0.5, state.length, 4 * (k + 2))
            for k, value in enumerate(values)
        ]
        scorer.costs = generator.gamma(0.8, 3.0, state.length)
        scorer.profile = np.linspace(0.9, 4.1, 16) + generator.normal(0, 0.25, 16)
        scorer.exact, scorer.size = Weighed(0, "stories-gpt", np.full(state.length, 2.08)), 3 * state.length
        window.panel("likelihood").colour.setChecked(True)
        scorer.changed.emit()

    return scene.session, prepare


def compare(home: Path) -> object:
    """Step budgets beside each other: three are through and judged, of the last half of the texts are."""
    from engine.protocol import Judged
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64)
    scene.play(64)

    def prepare(window: MainWindow) -> None:
        window.show_panel("compare")
        comparison = window.services.comparison
        comparison.choice.choose(samples=8)
        comparison.start()
        figures = ((61.4, 4.73), (24.8, 4.69), (16.1, 4.66), (14.9, 4.55))
        for pane, (perplexity, entropy), parts in zip(comparison.panes, figures, (2, 2, 2, 1), strict=True):
            for _ in range(parts):
                asked = pane.next_part()
                assert asked is not None
                scene.session.engine.answered.emit(scene.answer_start(pane.question, asked))
                for event in scene.answer_frames(pane.question, asked, 1.0):
                    scene.session.engine.answered.emit(event)
            pane.verdict = Judged(0, perplexity, entropy, perplexity / 20, 0.01)
            pane.judged = pane.texts
        comparison.seek(0.7)

    return scene.session, prepare


def guess(home: Path) -> object:
    """What the model would say if it had to stop half way, the words on the canvas coloured by its certainty."""
    import numpy as np

    from engine.protocol import FREE, Guessed
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64)
    scene.play(64)
    scene.session.playhead.seek(30)

    def prepare(window: MainWindow) -> None:
        window.show_panel("guess")
        window.actions_by_name["colour_confidence"].trigger()
        run, state = scene.session.view.run, scene.session.view.canvas()
        assert run is not None
        masked = state.tokens == FREE
        sure = np.where(masked, np.random.default_rng(2).beta(1.2, 1.5, state.length), np.nan)
        final, _ = run.at(run.recorded, 0)
        window.services.guesser.take_as_known(Guessed(0, final, sure, np.where(masked, 3 * (1 - sure), np.nan)))

    return scene.session, prepare


def history(home: Path) -> object:
    """Six runs in the history: two are branches, one is a favourite, one has a note, one was stopped; one is chosen."""
    from PySide6.QtWidgets import QApplication

    from engine.runs.trajectory import Came
    from sedd_studio.record.history import History
    from tests.sedd_studio.scene import Scene

    kept, before = History(home / HISTORY), None
    for number, (steps, played) in enumerate(((64, 64), (16, 16), (256, 100), (64, 64), (8, 8), (64, 64))):
        scene = Scene(home, noise="uniform" if number == 3 else "absorb")
        scene.session.form.set(seed=1729 + number)
        scene.run(steps)
        scene.play(played)
        run = scene.session.view.run
        assert run is not None
        assert run.origin is not None
        if before is not None and number in (2, 4):
            run.came = Came(before, 40 + number, f"{number} locks added")
        before = run.origin.key
        kept.add(run)
    kept.set_note(2, "the one for the talk")
    kept.set_favourite(4, True)
    kept.close()

    def prepare(window: MainWindow) -> None:
        window.show_panel("history")
        while not window.panel("history").runs.rows:
            QApplication.processEvents()
        window.panel("history").list.setCurrentIndex(window.panel("history").runs.index(1))

    return scene.session, prepare


def models(home: Path) -> object:
    """The page of models, one of the hub's chosen, on a machine with 16 GiB of memory and no model of its own."""
    from PySide6.QtWidgets import QApplication

    from sedd_studio.session import shelf_rows
    from sedd_studio.widgets.panels.shelf_panel import ShelfPanel
    from tests.sedd_studio.scene import Scene

    os.environ["XDG_DATA_HOME"] = str(home)
    setattr(shelf_rows, "free", lambda: 2**34)  # noqa: B010 - a replacement that types forbid on purpose

    def prepare(window: MainWindow) -> None:
        window.show_panel("models")
        while not window.services.shelf.rows:
            QApplication.processEvents()
        page = window.findChild(ShelfPanel)
        assert page is not None
        (place,) = (at for at, row in enumerate(page.rows.rows) if getattr(row, "name", "") == OFFERED)
        page.list.setCurrentIndex(page.rows.index(place))

    return Scene(home).session, prepare
