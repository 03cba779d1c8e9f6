"""States of the window of which pictures are made: each is a session, or a session and what to do in the window.

The settings and the history of a state are in the folder `home`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sedd_studio.window.page_names import LEARN

if TYPE_CHECKING:
    from engine.protocol import Noise
    from sedd_studio.window.main_window import MainWindow
    from tests.sedd_studio.scene import Scene

HISTORY = "history.sqlite3"
OFFERED = "louaaron/sedd-small"


def fresh(home: Path) -> object:
    """The first sight: a prompt, a model and no run."""
    from tests.sedd_studio.scene import Scene

    return Scene(home).session


def running(home: Path) -> object:
    """Two thirds through a run of four samples."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64, samples=4)
    scene.play(41)
    return scene.session


def finished(home: Path) -> object:
    """A run that is over, with the prompt editor open."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64)
    scene.play(64)
    return scene.session, lambda window: window.prompt.toggle.setChecked(True)


def settings(home: Path) -> object:
    """The folded settings open, a sampler with a number of its own, two settings changed."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.session.form.set(sampler="trapezoidal", temperature=0.8, banned="sad, angry")
    scene.run(64)
    scene.play(20)
    return scene.session, lambda window: window.run_form.more.setChecked(True)


def position(home: Path) -> object:
    """The likely tokens at a masked position."""
    from dataclasses import replace

    from sedd_studio.session.state import Candidate
    from tests.sedd_studio.scene import Scene, tokenizer

    scene = Scene(home)
    scene.run(64)
    scene.play(30)
    scene.session.playhead.pause()
    shares = (0.61, 0.17, 0.09, 0.05, 0.03, 0.02, 0.01, 0.004, 0.002, 0.001)
    words = (" night", " day", " hill", " star", " and", " forest", " the", " house", " old", " owl")
    rows = tuple(
        Candidate(tokenizer().encode(word)[0], word, share, 2 * share)
        for word, share in zip(words, shares, strict=True)
    )

    def prepare(window: MainWindow) -> None:
        window.canvas.pointed.emit(29)
        assert window.services.pointer.pointed is not None
        window.services.pointer.pointed = replace(window.services.pointer.pointed, candidates=rows, entropy=1.31)
        window.services.pointer.changed.emit()

    return scene.session, prepare


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


def editing(home: Path) -> object:
    """A word is being replaced."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64)
    scene.play(64)

    def prepare(window: MainWindow) -> None:
        window.canvas.line.open(window.session.view.word_at(30), "lantern [3]")

    return scene.session, prepare


def long_text(home: Path) -> object:
    """A text that scrolls, with a selection made by the keyboard."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home, repeat=4)
    scene.run(256)
    scene.play(150)
    scene.session.view.select((40, 52))
    return scene.session


def error(home: Path) -> object:
    """An error with its details open."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.run(64)
    scene.play(30)
    headline = "There is no model in this folder: choose one that holds config.json and model.safetensors."
    scene.session.errors.show(headline, "FileNotFoundError: config.json\n  in load(path)\n  in perform(request)")
    return scene.session, lambda window: window.banner.details.setChecked(True)


def uniform(home: Path) -> object:
    """Uniform noise: nothing is masked, what still is noise stands dim and slanted."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home, noise="uniform")
    scene.run(64)
    scene.play(36)
    return scene.session


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


def answer(scene: Scene) -> None:
    """Tells all that the chapters of Learn have asked, as the engine would."""
    from engine.lessons import figures
    from engine.protocol import Finished, Lesson, Told
    from tests.sedd_studio.chapter_cases import bundled_model

    runner, link = scene.runner, scene.session.engine
    for number, asked in enumerate(runner.asked, 1):
        if isinstance(asked, Lesson):
            for figure in figures(asked, bundled_model() if asked.of_model else None):
                link.answered.emit(Told(-number, figure))
            link.answered.emit(Finished(-number, 0, 0.0))


def learn(home: Path, chapter: str = "texts", **choices: object) -> object:
    """A chapter of Learn, with its formula open, its numbers told by the engine."""
    from PySide6.QtWidgets import QApplication

    from sedd_studio.widgets.panels.learn_panel import LearnPanel
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)

    def prepare(window: MainWindow) -> None:
        window.services.learning.open(chapter)
        window.show_panel(LEARN)
        QApplication.processEvents()
        answer(scene)
        for name, value in choices.items():
            window.services.learning.choose(name, value)
            answer(scene)
        page = window.findChild(LearnPanel)
        assert page is not None
        page.formula_button.click()
        typeset_all()

    return scene.session, prepare


def typeset_all() -> None:
    """Waits for the formulas that are made ready beside the window's thread."""
    from PySide6.QtCore import QThreadPool
    from PySide6.QtWidgets import QApplication

    QThreadPool.globalInstance().waitForDone()
    QApplication.processEvents()


def presenter(home: Path, chapter: str, turns: int, formula: bool = False, laser: bool = False) -> object:
    """A chapter of Learn on the whole screen, so many steps into its script."""
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from sedd_studio.window.presenting import present
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    scene.settings.set("reduced_motion", True)

    def prepare(window: MainWindow) -> None:
        window.services.learning.open(chapter)
        window.show_panel(LEARN)
        QApplication.processEvents()
        answer(scene)
        shown = present(window)
        QApplication.processEvents()  # it has the keys from here on
        for _ in range(turns):
            QTest.keyClick(shown, Qt.Key.Key_PageDown)
            answer(scene)
        if formula:
            QTest.keyClick(shown, Qt.Key.Key_F)
            typeset_all()
        if laser:
            shown.point(True)
            shown.laser.put(QPoint(shown.width() // 3, shown.height() // 2))

    return scene.session, prepare


def tour(home: Path, stop: int, played: int = 64) -> object:
    """The guided tour at a stop, or its offer."""
    from PySide6.QtWidgets import QApplication

    from sedd_studio.window.touring import offer, tour_of
    from tests.sedd_studio.scene import Scene

    scene = Scene(home)
    if played:
        scene.run(64)
        scene.play(played)

    def prepare(window: MainWindow) -> None:
        if stop < 0:
            offer(window)
            return
        tour = tour_of(window)
        tour.begin()
        while tour.place is not None and tour.place < stop:
            tour.next()
        QApplication.processEvents()
        tour.look()

    return scene.session, prepare


def presenter_text(home: Path, played: int = 41, repeat: int = 1, domain: str = "text") -> object:
    """The text of the studio on the whole screen, or what else its model writes."""
    from sedd_studio.window.presenting import present
    from tests.sedd_studio.scene import Scene

    scene = Scene(home, repeat=repeat, domain=domain)
    if played:
        scene.run(64)
        scene.play(played)
    return scene.session, present


def run_map(
    home: Path,
    noise: Noise = "absorb",
    mode: str = "state",
    played: int = 64,
    where: str = "page",
    at: int = 41,
    samples: int = 4,
) -> object:
    """The map of a run, on its page or beside the text; a part marked, or held against another sample."""
    from PySide6.QtWidgets import QApplication

    from engine.runs.run_map import Marked, RunMap
    from sedd_studio.widgets.panels.map_panel import MapPanel
    from tests.sedd_studio.scene import Scene

    scene = Scene(home, noise=noise)
    scene.run(64, samples=samples)
    if noise == "uniform":
        scene.change_again(3)
    scene.play(played)

    def prepare(window: MainWindow) -> None:
        shown = window.services.map
        window.session.playhead.seek(at)
        look_back(window)
        shown.choose(mode)
        window.canvas.caret.put(54)
        (window.places.show_beside if where == "beside" else window.places.show_page)("map")
        QApplication.processEvents()
        window.session.clock.tick()
        assert isinstance(shown.map, RunMap)
        if where == "marked":
            shown.mark(Marked((12, 30), (40, 75)))
        panel = window.findChild(MapPanel)
        assert panel is not None
        if where in ("order", "mean"):
            panel.line.setCurrentIndex(panel.line.findData(where))
            panel.line.activated.emit(panel.line.currentIndex())
        if where == "samples":
            panel.several.click()
            for _ in range(2 * samples):
                window.session.clock.tick()
        if where == "against":
            shown.hold_against(next(shown.others()))
            while window.session.reader.busy:
                QApplication.processEvents()

    return scene.session, prepare


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


def of_domain(domain: str, home: Path) -> object:
    """Two thirds through a sequence that is no text, its picture above the symbols."""
    from tests.sedd_studio.scene import Scene

    scene = Scene(home, domain=domain)
    scene.run(64)
    scene.play(46)
    return scene.session


PRESENTED = {
    "breaking": 3,
    "rule": 4,
    "texts": 2,
    "score": 1,
    "walking": 4,
    "many": 2,
    "training": 3,
    "locks": 2,
    "likely": 2,
    "precision": 2,
    "real": 2,
}
"""How many steps into its script each chapter is presented."""
STATES: dict[str, Callable[[Path], object]] = {
    "fresh": fresh,
    "running": running,
    "finished": finished,
    "settings": settings,
    "position": position,
    "likelihood": likelihood,
    "compare": compare,
    "guess": guess,
    "editing": editing,
    "long": long_text,
    "error": error,
    "uniform": uniform,
    "history": history,
    "models": models,
    "learn-breaking": partial(learn, chapter="breaking"),
    "learn-rule": partial(learn, chapter="rule"),
    "learn-rule-own": partial(learn, chapter="rule", kind="keyboard", entry=7, rate=20, level=80),
    "learn-many": partial(learn, chapter="many"),
    "learn-many-uniform": partial(learn, chapter="many", noise="uniform", steps=2),
    "learn-walking": partial(learn, chapter="walking", go=1000),
    "learn-walking-jump": partial(learn, chapter="walking", go="jump"),
    "learn-walking-uniform": partial(learn, chapter="walking", noise="uniform", factor=2.0, go="jump"),
    "learn-score": partial(learn, chapter="score"),
    "learn-score-uniform": partial(learn, chapter="score", noise="uniform", level=40, chosen=1),
    "learn-score-part": partial(learn, chapter="score", level=90, chosen=2),
    "learn-texts": partial(learn, level=59),
    "learn-texts-three": partial(learn, world="rain", level=80),
    "learn-texts-uniform": partial(learn, noise="uniform", level=50),
    "learn-locks": partial(learn, chapter="locks"),
    "learn-likely": partial(learn, chapter="likely"),
    "learn-likely-true": partial(learn, chapter="likely", text=2, spoilt=0, calls=31),
    "learn-precision": partial(learn, chapter="precision"),
    "learn-real": partial(learn, chapter="real"),
    "learn-real-other": partial(
        learn, chapter="real", sentence="The king of the northern mountains had never laughed.", noised=5, place=3
    ),
    "learn-training": partial(learn, chapter="training", start=1, level=22),
    "learn-training-end": partial(learn, chapter="training", noise="uniform", start=1, level=140),
    "map": run_map,
    "map-live": partial(run_map, played=37, at=37),
    "map-marked": partial(run_map, where="marked"),
    "map-settled": partial(run_map, mode="settled", at=64),
    "map-uniform": partial(run_map, noise="uniform", at=30),
    "map-changes": partial(run_map, noise="uniform", mode="changes", at=30),
    "map-against": partial(run_map, where="against"),
    "map-regret": partial(run_map, mode="regret", at=64),
    "map-entropy": partial(run_map, mode="entropy", at=64),
    "regret": regret,
    "influence": influence,
    "map-order": partial(run_map, where="order", at=64),
    "map-mean": partial(run_map, where="mean", at=64),
    "settled": settled,
    "map-samples": partial(run_map, where="samples", at=64, samples=16),
    "map-beside": partial(run_map, where="beside"),
    **{name: partial(of_domain, name) for name in ("molecules", "digits", "promoters")},
    **{f"presenter-{name}": partial(presenter, chapter=name, turns=turns) for name, turns in PRESENTED.items()},
    "presenter-formula": partial(presenter, chapter="score", turns=2, formula=True, laser=True),
    "presenter-begin": partial(presenter, chapter="texts", turns=0),
    "tour-offer": partial(tour, stop=-1, played=0),
    "tour-write": partial(tour, stop=0, played=0),
    **{
        f"tour-{name}": partial(tour, stop=number)
        for number, name in enumerate(("run", "lock", "scrub", "fits", "likely", "compare", "learn"), 1)
    },
    "presenter-text": presenter_text,
    "presenter-digits": partial(presenter_text, domain="digits"),
    "presenter-molecules": partial(presenter_text, played=64, domain="molecules"),
    "presenter-text-fresh": partial(presenter_text, played=0),
    "presenter-text-long": partial(presenter_text, repeat=4),
}
