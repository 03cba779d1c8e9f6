"""The menus that show the commands, and what can be done now in them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from engine.plain_text import plain_line
from sedd_studio.record.settings import RECENT
from sedd_studio.session.colour_modes import MODES
from sedd_studio.session.session import Session
from sedd_studio.widgets.controls.basic import keep_up, literal, plain
from sedd_studio.window.commands import COMMANDS
from sedd_studio.window.page_names import STUDIO
from sedd_studio.window.panels import BESIDE, PAGES
from sedd_studio.window.places import Places

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow


def _names(does: str, panels: Iterable[str]) -> str:
    """Of the commands that do the same with several panels."""
    return " ".join(f"{name}_{does}" for name in panels)


MENUS: dict[str, str] = {
    "&File": "new open_model open_run save_run keep_sample - copy_text copy_command copy_python - settings quit",
    "E&xport": "export_page export_film export_picture export_map - export_text export_json export_csv export_map_csv "
    "- export_figure export_chapter",
    "&Edit": "undo redo - cut copy paste select_all take_out edit_prompt ask - toggle_lock unlock limit unlock_all",
    "&Run": "run enqueue go_on stop new_seed - draw_again alternatives alternative_before noise_again - "
    "pause forward back first last follow",
    "&View": f"studio {_names('page', PAGES)} present - {_names('beside', BESIDE)} reset_layout - "
    f"rank_samples score_file - {' '.join(f'colour_{name}' for name in MODES)} - "
    "zoom_in zoom_out zoom_reset - theme_system theme_light theme_dark theme_contrast - "
    "vocabulary_exact vocabulary_plain",
    "&Help": "tour shortcuts",
}
"""Names of commands; "-" is a separator."""
ON_EVERY_PAGE = {"", "Esc", "F1", "F5"}
"""Plain keys, or none, that do not work the text: others would do so unseen where it is not on show."""


def build_actions(window: MainWindow) -> dict[str, QAction]:
    """An action for every command, by name; each is enabled while its command can be done."""
    actions: dict[str, QAction] = {}
    groups: dict[str, QActionGroup] = {}
    for command in COMMANDS:
        action = QAction(command.text, window)
        action.setShortcuts(QKeySequence.listFromString(command.shortcut))
        action.triggered.connect(lambda _=False, command=command: command.do(window, window.session))
        if command.group:
            action.setCheckable(True)
            action.setChecked(command.name == f"{command.group}_{window.settings[command.group]}")
            groups.setdefault(command.group, QActionGroup(window)).addAction(action)
        window.addAction(action)
        actions[command.name] = action

    def speak() -> None:
        for name, mode in MODES.items():
            actions[f"colour_{name}"].setText(window.services.words.say(mode.title))

    keep_up(speak, window.services.words.changed)
    Availability(window, actions, window.session, window.places)
    return actions


class Availability(QObject):
    """Enables the actions whose commands can be done now. Qt ends its connections together with the window."""

    def __init__(self, window: MainWindow, actions: dict[str, QAction], session: Session, places: Places) -> None:
        super().__init__(window)
        self._actions, self._session, self._places = actions, session, places
        for signal in (
            session.models.changed,
            session.runs.changed,
            session.playhead.changed,
            session.view.selection_changed,
            session.reader.changed,
            places.changed,
        ):
            signal.connect(self.refresh)
        session.editor.undo_stack.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        with_text = self._places.page == STUDIO
        for command in COMMANDS:
            keys = set(command.shortcut.split("; ")) - ON_EVERY_PAGE
            there = with_text or all("+" in key for key in keys)
            there = there and command.page in ("", self._places.page)
            self._actions[command.name].setEnabled(there and command.when(self._session))
        stack = self._session.editor.undo_stack
        for name, text, done in (("undo", "&Undo", stack.undo_name), ("redo", "&Redo", stack.redo_name)):
            self._actions[name].setText(f"{text} {literal(plain_line(done))}".strip())


class RecentFiles(QMenu):
    """The runs and texts that were opened before, as far as they are still there."""

    def __init__(self, session: Session) -> None:
        super().__init__("Open re&cent")
        self._session = session
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        from sedd_studio.window.opening import open_path  # not before the window is painted

        self.clear()
        for path in filter(os.path.isfile, self._session.settings["recent_files"][:RECENT]):
            name = literal(plain_line(Path(path).name))
            self.addAction(name, partial(open_path, self._session, path)).setToolTip(plain(path))
        if self.isEmpty():
            self.addAction("Nothing was opened yet").setEnabled(False)


def build_menus(bar: QMenuBar | QMenu, actions: dict[str, QAction], recent: QMenu) -> None:
    """Fills the bar, or the menu, from the table, with the `recent` files below "new"."""
    for title, names in MENUS.items():
        menu = bar.addMenu(title)
        for name in names.split():
            if name == "-":
                menu.addSeparator()
            else:
                menu.addAction(actions[name])
            if name == "new":
                recent.setParent(menu, recent.windowFlags())
                menu.addMenu(recent)
