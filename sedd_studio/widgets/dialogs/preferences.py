"""The page of settings, with a search: one row a setting that a user may want to change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSignalBlocker, QSize
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLineEdit, QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.record.settings import SETTINGS
from sedd_studio.session.colour_modes import MODES
from sedd_studio.widgets.controls.basic import Check, Choice, label
from sedd_studio.widgets.controls.layouts import Field, Sheet, column

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow

SIZE = (520, 620)
TITLES = 170
"""Width of the titles, in pixels."""
ANOTHER_MODEL = "Takes effect with the next model that is opened."


@dataclass(frozen=True)
class Preference:
    """A row: the setting's name, its title, and how a value is put into effect.

    `choices` are titles by value; without any the setting is on or off. `note` is added to the setting's own help.
    """

    name: str
    title: str
    apply: Callable[[MainWindow, Any], object]
    choices: Mapping[Any, str] = field(default_factory=dict)
    note: str = ""

    def matches(self, words: str) -> bool:
        """Whether all of the words stand somewhere in the row."""
        text = " ".join((self.title, SETTINGS[self.name].help, self.note, *self.choices.values())).lower()
        return all(word in text for word in words.lower().split())


def _trigger(group: str) -> Callable[[MainWindow, Any], object]:
    """Chooses as the menu does, so that the menu shows it."""
    return lambda window, value: window.actions_by_name[f"{group}_{value}"].trigger()


def _keep(name: str) -> Callable[[MainWindow, Any], object]:
    return lambda window, value: window.settings.set(name, value)


def _reduce_motion(window: MainWindow, reduced: bool) -> None:
    window.settings.set("reduced_motion", reduced)
    window.canvas.picture.set_reduced_motion(reduced)


PREFERENCES: tuple[Preference, ...] = (
    Preference(
        "theme",
        "Colours of the window",
        _trigger("theme"),
        {"system": "Like the system", "light": "Light", "dark": "Dark", "contrast": "High contrast"},
    ),
    Preference(
        "zoom",
        "Size of the text",
        lambda window, value: window.canvas.set_zoom(value),
        {0.8: "Small", 1.0: "Normal", 1.3: "Large", 1.75: "Very large", 2.5: "For a projector"},
    ),
    Preference(
        "colour", "Colours behind tokens", _trigger("colour"), {name: mode.title for name, mode in MODES.items()}
    ),
    Preference("vocabulary", "Words", _trigger("vocabulary"), {"exact": "Exact terms", "plain": "Plain words"}),
    Preference("reduced_motion", "Reduced motion", _reduce_motion),
    Preference("start", "Start with", _keep("start"), {"left": "Where I left", "fresh": "A fresh page"}),
    Preference("follow", "Follow runs live", lambda window, value: window.session.playhead.set_following(value)),
    Preference(
        "device",
        "Device",
        _keep("device"),
        {"auto": "The fastest there is", "cpu": "CPU", "cuda": "NVIDIA or AMD GPU", "mps": "Apple GPU"},
        ANOTHER_MODEL,
    ),
    Preference(
        "precision",
        "Precision",
        _keep("precision"),
        {"auto": "What suits the device", "fp32": "32 bits", "bf16": "16 bits (bfloat16)"},
        ANOTHER_MODEL,
    ),
)


class PreferencesDialog(QDialog):
    """The page. What is changed is in effect at once."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window.top_bar)  # a part that is always on show, whose style sheet it shares
        self._window = window
        self.setWindowTitle("Settings")
        self.resize(QSize(*SIZE).boundedTo(window.size()))
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search the settings")
        self.search.setAccessibleName("Search the settings")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.nothing = label("No setting has these words.", "muted")
        self.controls: dict[str, Check | Choice] = {}
        self.rows: dict[str, QWidget] = {}
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.RestoreDefaults | QDialogButtonBox.StandardButton.Close
        )
        self.buttons.rejected.connect(self.reject)
        self.buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults).clicked.connect(self._restore)
        self._arrange(window.look)
        self._find("")

    def refresh(self) -> None:
        for row in PREFERENCES:
            control, value = self.controls[row.name], self._window.settings[row.name]
            with QSignalBlocker(control):
                if isinstance(control, Check):
                    control.setChecked(value)
                else:
                    for place, title in enumerate(row.choices.values()):
                        control.setItemText(place, self._window.services.words.say(title))
                    control.setCurrentIndex(control.findData(value))

    def _choose(self, row: Preference, value: Any) -> None:
        row.apply(self._window, value)
        self.refresh()

    def _restore(self) -> None:
        for row in PREFERENCES:
            self._choose(row, SETTINGS[row.name].default)

    def _find(self, words: str) -> None:
        for row in PREFERENCES:
            self.rows[row.name].setVisible(row.matches(words))
        self.nothing.setVisible(not any(row.matches(words) for row in PREFERENCES))

    def _arrange(self, look: Look) -> None:
        for row in PREFERENCES:
            control = self._control(row, look)
            told = f"{SETTINGS[row.name].help} {row.note}".strip()
            self.controls[row.name] = control
            self.rows[row.name] = QWidget()
            field = Field(row.title, control, told, TITLES)
            caption = label(told, "help")
            caption.setWordWrap(True)
            column(field, caption, gap=4, margins=(0, 0, 0, 18), of=self.rows[row.name])
        fields = QWidget()
        fields.setObjectName("fields")
        column(*self.rows.values(), self.nothing, None, gap=0, margins=(2, 2, 12, 2), of=fields)
        self.refresh()
        self.fields = Sheet(fields)
        column(self.search, (self.fields, 1), self.buttons, gap=16, margins=(24, 20, 12, 16), of=self)

    def _control(self, row: Preference, look: Look) -> Check | Choice:
        if not row.choices:
            box = Check("On", look)
            box.setAccessibleName(row.title)
            box.toggled.connect(lambda on: self._choose(row, on))
            return box
        choice = Choice(row.title, look, row.choices)
        choice.activated.connect(lambda _: self._choose(row, choice.currentData()))
        return choice


def show_preferences(window: MainWindow, name: str = "") -> PreferencesDialog:
    """Opens the page over the window, at the setting that is named, and returns it; it closes by Esc.

    A window has but one: of a drop-down list that is put into a part with a style sheet Qt keeps something for good.
    """
    dialog = window.top_bar.findChild(PreferencesDialog) or PreferencesDialog(window)
    dialog.search.clear()
    dialog.refresh()
    dialog.open()
    if name:
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)  # rows are where they stay
        dialog.controls[name].setFocus()
        dialog.fields.ensureWidgetVisible(dialog.rows[name])
    else:
        dialog.search.setFocus()
    return dialog
