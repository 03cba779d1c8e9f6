"""The page of Learn, its chapters answered by the engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sedd_studio.window.page_names import LEARN

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow
    from tests.sedd_studio.scene import Scene


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
        typeset_all(window)

    return scene.session, prepare


def typeset_all(window: MainWindow) -> None:
    """Waits for the formulas that are made ready beside the window's thread."""
    from PySide6.QtWidgets import QApplication

    QApplication.processEvents()
    while window.services.formulas.busy:
        QApplication.processEvents()
