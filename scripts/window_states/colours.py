"""Colours on the text that tell of each word: when it settled, what it does to others, what the model regrets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow


def look_back(window: MainWindow) -> None:
    """The model has looked back on the run: tokens that came early are the worst."""
    import numpy as np

    from engine.runs.looking_back import reviewable
    from sedd_studio.session.hindsight import Answer

    run, generator = window.session.view.run, np.random.default_rng(7)
    if run is None or run.under_way:
        return
    answer, at = Answer(run, window.session.playhead.sample), reviewable(run, window.session.playhead.sample)
    answer.then[at] = -generator.gamma(0.7, 1.2, len(at))
    answer.now[at] = answer.then[at] + generator.normal(0.3, 0.9, len(at)) - 6 * (generator.random(len(at)) < 0.08)
    answer.now = np.minimum(answer.now, -0.001)
    answer.entropy[at] = np.minimum(-answer.then[at] * generator.uniform(0.6, 1.4, len(at)), 6.0)
    answer.done = True
    window.services.hindsight._answers.append(answer)
    window.services.hindsight.changed.emit()


def regret(home: Path) -> object:
    """The words that the model thinks less of now than when it chose them, with log ratios above them."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64)
    scene.play(64)

    def prepare(window: MainWindow) -> None:
        look_back(window)
        window.actions_by_name["colour_regret"].trigger()

    return scene.session, prepare


def influence(home: Path) -> object:
    """What a locked word does to the laws of the others, as shades, numbers and arcs."""
    import numpy as np

    from sedd_studio.session.asking import Asked
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64)
    scene.play(64)

    def prepare(window: MainWindow) -> None:
        window.actions_by_name["colour_influence"].trigger()
        found, state = window.services.influencer, window.session.view.canvas()
        found.word = window.session.view.word_at(54)
        far = np.abs(np.arange(state.length) - found.word[0])
        nats = np.random.default_rng(4).gamma(0.5, 0.9, state.length) * np.exp(-far / 14)
        found.nats, found._asked = np.where(state.locked, np.nan, nats), (Asked.now(window.session), found.word, "does")
        window.session.view.select(found.word)
        found.changed.emit()

    return scene.session, prepare


def settled(home: Path) -> object:
    """The step in which each word settled, over the words and as colours behind them."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64)
    scene.play(64)
    return scene.session, lambda window: window.actions_by_name["colour_settled"].trigger()
