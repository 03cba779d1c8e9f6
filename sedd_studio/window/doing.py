"""What commands do that takes more than a line. What one alone needs is imported when it is done, for a quick start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QInputDialog

from engine.language.documents import LeftOut
from engine.plain_text import plain_line
from engine.protocol import UserError
from engine.runs.runfile import SUFFIX
from sedd_studio.painting import theme as themes
from sedd_studio.session.session import Session
from sedd_studio.widgets.controls.saving import ask_for_file, ask_which
from sedd_studio.window.page_names import STUDIO

if TYPE_CHECKING:
    from engine.runs.trajectory import Trajectory
    from sedd_studio.session.text_rows import TextRow
    from sedd_studio.window.main_window import MainWindow

Do = Callable[["MainWindow", Session], object]


def begin(window: MainWindow, session: Session) -> None:
    """Begins a fresh page, with the caret where it begins; what is typed elsewhere can be had back."""
    if session.editor.typed.apply():
        session.pages.begin()
        window.places.show_page(STUDIO)
        window.canvas.caret.put(0)
        window.canvas.setFocus()


def unlock(window: MainWindow, session: Session) -> None:
    """Unlocks the selection."""
    run = session.view.selection
    if run is not None:
        session.editor.set_locked(list(range(*run)), False)


def draw_again(window: MainWindow, session: Session) -> None:
    """Draws the selection again, or the word at the cursor."""
    if session.view.selection is None:
        session.view.select(window.canvas.caret.run)
    if not session.runs.can_draw_again:
        session.view.select(None)
        session.errors.show("The word at the cursor is locked; unlock it first.")
    session.runs.draw_again()


def ask_for_limit(window: MainWindow, session: Session) -> None:
    """Asks for the words that alone may stand at the selection."""
    run = session.view.selection
    if run is None:
        return
    now = ", ".join(sorted({piece.strip() for piece in session.view.limit_at(run[0])} - {""}))
    question = "Words that alone may stand here, with commas between them (none: any word)"
    words, agreed = QInputDialog.getText(window.top_bar, "Only these words", question, text=now)
    if agreed and session.view.selection == run:  # else another text has come meanwhile
        session.editor.limit(*run, words)


def choose_theme(choice: str) -> Do:
    """Looks otherwise from now on."""

    def do(window: MainWindow, session: Session) -> None:
        window.settings.set("theme", choice)
        window.set_theme(themes.resolve(choice))

    return do


def show_settings(window: MainWindow, name: str = "") -> None:
    """Opens the page of settings, at the one that is named."""
    from sedd_studio.widgets.dialogs.preferences import show_preferences

    show_preferences(window, name)


def colour(name: str) -> Do:
    """Colours words by another mode."""
    return lambda window, session: window.services.colouring.choose(name)


def speak(name: str) -> Do:
    """Says things in another vocabulary."""
    return lambda window, session: window.services.words.choose(name)


def copy_text(window: MainWindow, session: Session) -> None:
    """Copies what is on show."""
    if session.editor.typed.apply():
        QGuiApplication.clipboard().setText(session.view.full_text())


def run_on_show(session: Session) -> Trajectory | None:
    """The run of the text on show, with what is typed in it; None, with the reason in the banner, if there is none."""
    if not session.editor.typed.apply():
        return None
    run = session.view.run
    if run is None or run.origin is None:
        session.errors.show("There is no run of this text yet; press Run first.")
        return None
    return run


def export(kind: str, title: str = "") -> Do:
    """Asks for a name and has the run on show saved or exported."""

    def do(window: MainWindow, session: Session) -> None:
        from sedd_studio.window.export_kinds import EXPORTS, View, start
        from sedd_studio.window.opening import file_name

        run, chosen = run_on_show(session), EXPORTS[kind]
        if run is None:
            return
        name = file_name(session, chosen.suffixes[0])
        found = ask_which(window, title or f"Export: {chosen.title.lower()}", name, chosen.filters)
        if found is not None:
            path, picked = found
            session.errors.dismiss()
            shown = session.playhead.step, session.playhead.sample, window.look.theme
            columns = window.services.hindsight.columns
            beside = picked != chosen.filters[0]
            held = window.services.map.held_against(run)
            view = View(run.snapshot(), *shown, str(window.settings["map"]), columns, beside, held)
            start(window.services.jobs, chosen, view, path)
            if kind == "run":
                session.pages.call(path.name)
                session.settings.remember_file(path)

    return do


def export_lesson(kind: str) -> Do:
    """Asks for a name and has what is on show in Learn exported."""

    def do(window: MainWindow, session: Session) -> None:
        from sedd_studio.window.lesson_exports import export

        export(window, kind)

    return do


def copy_as(python: bool) -> Do:
    """Copies the run on show as a program in Python or as a command, which make it again."""

    def do(window: MainWindow, session: Session) -> None:
        from sedd_studio.record.snippets import as_command, as_python

        run = run_on_show(session)
        if run is None or run.origin is None:
            return
        try:
            QGuiApplication.clipboard().setText(as_python(run.origin) if python else as_command(run.origin))
        except UserError as error:
            session.errors.show(str(error))

    return do


def ask_for_run(window: MainWindow, session: Session) -> None:
    """Asks for a file and opens the run in it."""
    from engine.runs.carried import CARRIERS
    from sedd_studio.window.opening import open_path

    endings = " ".join(f"*{suffix}" for suffix in (SUFFIX, *CARRIERS))
    path = ask_for_file(window, "Open a run", f"Runs, and what carries one ({endings})")
    if path is not None:
        open_path(session, str(path))


def rank_samples(window: MainWindow, session: Session) -> None:
    """Ranks the samples, with the panel open that shows how far it is and can stop it."""
    window.show_panel("likelihood")
    window.panel("likelihood").start_ranking()


def show_page(name: str) -> Do:
    """Shows the studio, or a panel on its page."""
    return lambda window, session: window.places.show_page(name)


def present(window: MainWindow, session: Session) -> None:
    """Presents what is on show."""
    from sedd_studio.window import presenting  # not before one presents

    presenting.present(window)


def toggle_beside(name: str) -> Do:
    """Shows a panel beside the text, or puts it aside."""
    return lambda window, session: window.places.toggle_beside(name)


def score_file(window: MainWindow) -> None:
    """Asks for a file and opens the window for its texts once it is read; what is wrong with it goes to the banner."""
    from sedd_studio.session.text_rows import read_rows
    from sedd_studio.widgets.dialogs.texts_window import TextsWindow
    from sedd_studio.window.opening import RECORDS, TEXTS

    path = ask_for_file(window, "Score the texts of a file", f"Texts (*{' *'.join(TEXTS + RECORDS)});;All (*)")
    session, precision = window.session, window.panel("likelihood").precision.currentData()
    models = session.models
    tokenizer, domain, length = models.tokenizer, models.domain, models.length
    if path is None or tokenizer is None:
        return

    def show(rows: list[TextRow]) -> None:
        if models.tokenizer is not tokenizer or models.length != length:
            session.errors.show(f"Another model was opened while {path.name} was read; choose the file again.")
            return
        scores = window.services.text_scores()
        texts = TextsWindow(scores, window.services.jobs, window.services.words, window.look, window.top_bar)
        texts.setWindowTitle(f"Likelihood of {plain_line(path.name)}")
        texts.show()
        left_out.say(session.errors.show)
        scores.score(rows, precision)

    left_out = LeftOut()
    session.reader.read(lambda: read_rows(path, tokenizer, domain, length, left_out), show)


def tour(window: MainWindow, session: Session) -> None:
    """Takes the guided tour."""
    from sedd_studio.window.touring import tour_of  # not before one tours

    tour_of(window).begin()
