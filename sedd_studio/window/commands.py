"""Every command in one table, and the menus that show them in another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenuBar, QWidget

from engine.protocol import UserError
from sedd_studio.painting import theme as themes
from sedd_studio.painting.film import PICTURES
from sedd_studio.record.runfile import SUFFIX
from sedd_studio.record.snippets import as_command, as_python
from sedd_studio.record.trajectory import Origin
from sedd_studio.session.colouring import MODES
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from sedd_studio.widgets.dialogs.preferences import show_preferences
from sedd_studio.widgets.dialogs.shortcuts import show_shortcuts
from sedd_studio.window.export_kinds import EXPORTS, View, start
from sedd_studio.window.opening import PAGES, file_name, open_run, save_run

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow

Do = Callable[["MainWindow", Session], object]
When = Callable[[Session], bool]


@dataclass(frozen=True)
class Command:
    """One thing a user can do: `do` does it, `when` says whether it can be done now."""

    name: str
    text: str
    do: Do
    shortcut: str = ""
    when: When = lambda session: True
    group: str = ""


def _has_model(session: Session) -> bool:
    return session.ready


def _has_run(session: Session) -> bool:
    return session.recorded_steps > 0


def _has_selection(session: Session) -> bool:
    return session.selection is not None


def _can_draw_again(session: Session) -> bool:
    return (
        session.ready and session.selection is not None and not session.document.locked[slice(*session.selection)].all()
    )


def _lock(locked: bool) -> Do:
    def do(window: MainWindow, session: Session) -> None:
        run = session.selection
        if run is not None:
            session.set_locked(list(range(*run)), locked)

    return do


def _limit(window: MainWindow, session: Session) -> None:
    """Asks for the words that alone may stand at the selection."""
    run = session.selection
    if run is None:
        return
    now = ", ".join(sorted({piece.strip() for piece in session.limit_at(run[0])} - {""}))
    question = "Words that alone may stand here, with commas between them (none: any word)"
    words, agreed = QInputDialog.getText(window, "Only these words", question, text=now)
    if agreed and session.selection == run:  # else another text has come meanwhile
        session.limit(*run, words)


def _choose_theme(choice: str) -> Do:
    def do(window: MainWindow, session: Session) -> None:
        window.settings.set("theme", choice)
        window.set_theme(themes.resolve(choice))

    return do


def _colour(name: str) -> Do:
    return lambda window, session: window.colouring.choose(name)


def _zoom(window: MainWindow, zoom: float) -> None:
    window.canvas.set_zoom(zoom)
    window.settings.set("zoom", window.canvas.zoom)


def _copy(window: MainWindow, session: Session) -> None:
    QGuiApplication.clipboard().setText(session.full_text())


def _export(kind: str) -> Do:
    def do(window: MainWindow, session: Session) -> None:
        run, export = session.document.trajectory, EXPORTS[kind]
        if run is None or run.origin is None:
            return
        name = file_name(session, export.suffixes[0])
        path, _ = QFileDialog.getSaveFileName(window, f"Export: {export.title.lower()}", name, export.filter)
        if path:
            view = View(run.snapshot(), session.playhead, session.sample, window.theme)
            start(window.jobs, export, view, Path(path))

    return do


def _copy_as(said: Callable[[Origin], str]) -> Do:
    def do(window: MainWindow, session: Session) -> None:
        run = session.document.trajectory
        if run is None or run.origin is None:
            return
        try:
            QGuiApplication.clipboard().setText(said(run.origin))
        except UserError as error:
            session.show_error(str(error))

    return do


def _open_run(window: MainWindow, session: Session) -> None:
    endings = " ".join(f"*{suffix}" for suffix in (SUFFIX, *PAGES, *PICTURES))
    path, _ = QFileDialog.getOpenFileName(window, "Open a run", "", f"Runs, and what carries one ({endings})")
    if path:
        open_run(session, Path(path))


def _save_run(window: MainWindow, session: Session) -> None:
    path, _ = QFileDialog.getSaveFileName(window, "Save the run", file_name(session), f"Runs (*{SUFFIX})")
    if path:
        save_run(session, Path(path))


def _rank(window: MainWindow, session: Session) -> None:
    """Ranks the samples, with the panel open that shows how far it is and can stop it."""
    window.show_dock(window.docks["likelihood"])
    window.likelihood.rank.click()


def _toggle(name: str, focus: Callable[[MainWindow], QWidget]) -> Do:
    """Shows a panel and gives one of its parts the focus, or hides it."""

    def do(window: MainWindow, session: Session) -> None:
        dock = window.docks[name]
        if dock.isVisible() and not dock.visibleRegion().isEmpty():
            dock.hide()
        else:
            window.show_dock(dock)
            focus(window).setFocus()

    return do


COMMANDS: tuple[Command, ...] = (
    Command("open_model", "&Open a model folder …", lambda w, s: w.picker.choose_folder(), "Ctrl+O"),
    Command("fetch_model", "Open a model from the &hub …", lambda w, s: w.picker.choose_from_hub()),
    Command("open_run", "Open a &run …", _open_run, "Ctrl+Shift+O"),
    Command("save_run", "&Save the run …", _save_run, "Ctrl+S", _has_run),
    Command("keep_sample", "&Keep this sample", lambda w, s: w.favourites.keep(s.sample), "Ctrl+B", _has_run),
    Command("copy_text", "&Copy the text", _copy, "Ctrl+Shift+C"),
    Command("copy_command", "Copy the run as a co&mmand", _copy_as(as_command), when=_has_run),
    Command("copy_python", "Copy the run as P&ython", _copy_as(as_python), when=_has_run),
    Command("export_text", "&Text …", _export("text"), when=_has_run),
    Command("export_page", "&Page that plays it …", _export("page"), "Ctrl+Shift+E", _has_run),
    Command("export_film", "&Film: GIF, WebP or MP4 …", _export("film"), when=_has_run),
    Command("export_picture", "P&icture of this step …", _export("picture"), when=_has_run),
    Command("export_json", "&JSON …", _export("json"), when=_has_run),
    Command("export_csv", "Table of the &steps …", _export("csv"), when=_has_run),
    Command("settings", "Se&ttings …", lambda w, s: show_preferences(w), "Ctrl+,"),
    Command("quit", "&Quit", lambda w, s: w.close(), "Ctrl+Q"),
    Command("undo", "&Undo", lambda w, s: s.undo_stack.undo(), "Ctrl+Z", lambda s: s.undo_stack.canUndo()),
    Command("redo", "&Redo", lambda w, s: s.undo_stack.redo(), "Ctrl+Shift+Z", lambda s: s.undo_stack.canRedo()),
    Command("edit_prompt", "Edit the &prompt", lambda w, s: w.prompt.toggle.toggle(), "Ctrl+E"),
    Command("paste", "Pa&ste words and gaps", lambda w, s: w.canvas.paste(), "Ctrl+V"),
    Command("take_out", "Take &out the selection", lambda w, s: w.canvas.take_out(), when=_has_selection),
    Command("toggle_lock", "Lock or unlock at the &cursor", lambda w, s: w.canvas.toggle_lock(), "L"),
    Command("lock", "&Lock the selection", _lock(True), "Ctrl+L", _has_selection),
    Command("unlock", "U&nlock the selection", _lock(False), "Ctrl+Shift+L", _has_selection),
    Command("limit", "Only these &words here …", _limit, "Ctrl+Shift+W", _has_selection),
    Command("unlock_all", "Unlock &everything", lambda w, s: s.unlock_all()),
    Command("run", "&Run", lambda w, s: s.run(), "Ctrl+Return", _has_model),
    Command("enqueue", "Add to the &queue", lambda w, s: w.queue.add(), "Ctrl+Shift+Q", _has_model),
    Command("go_on", "&Go on from this step", lambda w, s: s.go_on(), "Ctrl+Shift+Return", lambda s: s.can_go_on),
    Command("draw_again", "Draw the selection &again", lambda w, s: s.draw_again(), "Ctrl+R", _can_draw_again),
    Command("stop", "&Stop", lambda w, s: s.stop(), "Esc", lambda s: s.state is RunState.RUNNING),
    Command("new_seed", "New see&d", lambda w, s: s.new_seed(), "Ctrl+D"),
    Command("pause", "&Pause or play", lambda w, s: s.toggle_play(), "Space", _has_run),
    Command("forward", "Step &forward", lambda w, s: s.step_once(), "Right", _has_run),
    Command("back", "Step &back", lambda w, s: s.seek(s.playhead - 1), "Left", _has_run),
    Command("first", "&First step", lambda w, s: s.seek(0), "Ctrl+Home", _has_run),
    Command("last", "&Last step", lambda w, s: s.seek(s.recorded_steps), "Ctrl+End", _has_run),
    Command("follow", "Follow li&ve", lambda w, s: s.set_following(not s.following), "F", _has_run),
    Command("zoom_in", "Zoom &in", lambda w, s: _zoom(w, w.canvas.zoom * 1.1), "Ctrl++"),
    Command("zoom_out", "Zoom &out", lambda w, s: _zoom(w, w.canvas.zoom / 1.1), "Ctrl+-"),
    Command("zoom_reset", "&Normal size", lambda w, s: _zoom(w, 1.0), "Ctrl+0"),
    Command("history", "&History", _toggle("history", lambda w: w.history.search), "Ctrl+H"),
    Command("likelihood", "&Likelihood", _toggle("likelihood", lambda w: w.likelihood.start), "Ctrl+K"),
    Command("rank_samples", "Ra&nk the samples", _rank, when=lambda s: s.samples > 1),
    Command("score_file", "Score the texts of a &file …", lambda w, s: w.likelihood.file.click(), when=_has_model),
    Command("compare", "&Compare", _toggle("compare", lambda w: w.compare.start), "Ctrl+M"),
    Command("guess", "Best &guess", _toggle("guess", lambda w: w.guess.text), "Ctrl+G"),
    Command("queue", "&Queue", _toggle("queue", lambda w: w.queue_panel.list), "Ctrl+U"),
    Command("reset_layout", "&Reset the layout", lambda w, s: w.reset_layout()),
    *(Command(f"colour_{name}", mode.title, _colour(name), group="colour") for name, mode in MODES.items()),
    Command("theme_system", "Colours like the &system", _choose_theme("system"), group="theme"),
    Command("theme_light", "&Light", _choose_theme("light"), group="theme"),
    Command("theme_dark", "&Dark", _choose_theme("dark"), group="theme"),
    Command("theme_contrast", "High &contrast", _choose_theme("contrast"), group="theme"),
    Command("shortcuts", "&Keyboard shortcuts", lambda w, s: show_shortcuts(w, COMMANDS), "F1"),
)

MENUS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "&File",
        (
            "open_model",
            "fetch_model",
            "open_run",
            "save_run",
            "keep_sample",
            "-",
            "copy_text",
            "copy_command",
            "copy_python",
            "-",
            "settings",
            "quit",
        ),
    ),
    (
        "E&xport",
        ("export_page", "export_film", "export_picture", "-", "export_text", "export_json", "export_csv"),
    ),
    (
        "&Edit",
        (
            "undo",
            "redo",
            "-",
            "paste",
            "take_out",
            "edit_prompt",
            "-",
            "toggle_lock",
            "lock",
            "unlock",
            "limit",
            "unlock_all",
        ),
    ),
    (
        "&Run",
        (
            "run",
            "enqueue",
            "go_on",
            "draw_again",
            "stop",
            "new_seed",
            "-",
            "pause",
            "forward",
            "back",
            "first",
            "last",
            "follow",
        ),
    ),
    (
        "&View",
        (
            "history",
            "likelihood",
            "rank_samples",
            "score_file",
            "compare",
            "guess",
            "queue",
            "reset_layout",
            "-",
            *(f"colour_{name}" for name in MODES),
            "-",
            "zoom_in",
            "zoom_out",
            "zoom_reset",
            "-",
            "theme_system",
            "theme_light",
            "theme_dark",
            "theme_contrast",
        ),
    ),
    ("&Help", ("shortcuts",)),
)


def build_actions(window: MainWindow, session: Session) -> dict[str, QAction]:
    """An action for every command, by name; each is enabled while its command can be done."""
    actions: dict[str, QAction] = {}
    groups: dict[str, QActionGroup] = {}
    for command in COMMANDS:
        action = QAction(command.text, window)
        action.setShortcut(QKeySequence(command.shortcut))
        action.triggered.connect(lambda _=False, command=command: command.do(window, session))
        if command.group:
            action.setCheckable(True)
            action.setChecked(command.name == f"{command.group}_{window.settings[command.group]}")
            groups.setdefault(command.group, QActionGroup(window)).addAction(action)
        window.addAction(action)
        actions[command.name] = action
    Availability(window, actions, session)
    return actions


class Availability(QObject):
    """Enables the actions whose commands can be done now. Qt ends its connections together with the window."""

    def __init__(self, window: MainWindow, actions: dict[str, QAction], session: Session) -> None:
        super().__init__(window)
        self._actions, self._session = actions, session
        for signal in (session.model_changed, session.run_changed, session.playhead_changed, session.selection_changed):
            signal.connect(self.refresh)
        session.undo_stack.indexChanged.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Asks every command."""
        for command in COMMANDS:
            self._actions[command.name].setEnabled(command.when(self._session))


def build_menus(bar: QMenuBar, actions: dict[str, QAction]) -> None:
    """Fills the menu bar from the table; "-" is a separator."""
    for title, names in MENUS:
        menu = bar.addMenu(title)
        for name in names:
            if name == "-":
                menu.addSeparator()
            else:
                menu.addAction(actions[name])
