"""Presenting what is on show: a chapter of Learn, or the text of the studio, on the whole screen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from sedd_studio.widgets.canvas.presented_text import PresentedText
from sedd_studio.widgets.controls.layouts import column
from sedd_studio.widgets.dialogs.presenter import Do, Presenter
from sedd_studio.widgets.panels.learn_panel import LearnPanel
from sedd_studio.widgets.panels.presented_figure import PresentedFigure
from sedd_studio.widgets.panels.sample_picture import SamplePicture
from sedd_studio.window.page_names import LEARN

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow

Key = Qt.Key


def present(window: MainWindow) -> Presenter:
    """Presents it until Escape, or F5, ends that; everything is as it was then. What is presented already stays."""
    for shown in window.findChildren(Presenter):
        if shown.isVisible():
            shown.activateWindow()
            return shown
    page = window.places.page
    presenter = _of_chapter(window) if page == LEARN else _of_text(window)
    window.look.dress(presenter)
    window.closing.connect(presenter.close)

    def back() -> None:
        if window.places.page != page:  # a run, or a model, has come on show meanwhile
            window.places.show_page(page)
        window.activateWindow()

    presenter.left.connect(back)
    presenter.begin()
    return presenter


def _of_chapter(window: MainWindow) -> Presenter:
    services, page = window.services, window.findChild(LearnPanel)
    learning, presenting = services.learning, services.presenting
    presenting.begin()
    unfolded = page is not None and page.formula_button.isChecked()
    stage = PresentedFigure(learning, presenting, services.formulas.read, window.look, unfolded)
    keys: dict[Qt.Key, Do] = {
        Key.Key_PageDown: partial(presenting.turn, 1),
        Key.Key_PageUp: partial(presenting.turn, -1),
        Key.Key_Space: presenting.play,
        Key.Key_F: stage.unfold,
    }
    presenter = Presenter(stage, keys, "F: formula", window.look, window)
    presenter.left.connect(presenting.end)
    return presenter


def _of_text(window: MainWindow) -> Presenter:
    services = window.services
    run, calm = services.presented_run, bool(window.settings["reduced_motion"])
    services.session.editor.typed.apply()
    run.begin()
    session = services.session
    text = PresentedText(session.view, services.colouring, window.look, calm)
    picture = SamplePicture(session.models, session.view, session.editor, window.look)  # hidden where it is a text
    picture.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    stage = QWidget()
    column((picture, 3), (text, 2), gap=0, of=stage)
    stage.setFocusProxy(text)
    keys: dict[Qt.Key, Do] = {
        Key.Key_PageDown: partial(run.turn, 1),
        Key.Key_PageUp: partial(run.turn, -1),
        Key.Key_Right: partial(run.step, 1),
        Key.Key_Left: partial(run.step, -1),
        Key.Key_Down: partial(text.turn_over, 1),
        Key.Key_Up: partial(text.turn_over, -1),
        Key.Key_Space: run.play,
    }
    presenter = Presenter(stage, keys, "Space: play", window.look, window)
    QShortcut(QKeySequence("Ctrl+Return"), presenter, session.runs.start)
    presenter.left.connect(run.end)
    return presenter
