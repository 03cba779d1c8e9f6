"""Colours, sizes and type of the window, light, dark and with high contrast, and how they are put on the application.

One accent (blue) stands for what the user holds: locks and Run. One (amber) stands for what is new. The two stay
apart for colour-blind readers, and neither is ever the only sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from string import Template

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette, QPixmapCache
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from shiboken6 import isValid

from sedd_studio.turns import Piece

STYLE = ("-style", "fusion")
"""Arguments of an application. Asked about its style it would make an object of it, which takes as long as a frame."""
STYLESHEET = Path(__file__).with_name("stylesheet.qss")

FAMILIES = (
    "Inter",
    "SF Pro Text",
    "Segoe UI Variable Text",
    "Segoe UI",
    "Noto Sans",
    "Cantarell",
    "Ubuntu",
    "Liberation Sans",
    "DejaVu Sans",
)
"""Sans families in order of preference; the first that the machine has is used."""


NAMES = ("light", "dark", "contrast")
COLOURS: dict[str, tuple[str, str, str]] = {
    "window": ("#f6f7f9", "#131519", "#000000"),
    "panel": ("#ffffff", "#1a1d23", "#000000"),
    "field": ("#f2f4f7", "#22262e", "#000000"),
    "hover": ("#e8ebf1", "#2b303a", "#333333"),
    "border": ("#dde1e8", "#2c313a", "#ffffff"),
    "strong_border": ("#b9c0cc", "#465060", "#ffffff"),
    "text": ("#191c22", "#e9ebef", "#ffffff"),
    "muted": ("#5c6473", "#9aa1ae", "#ffffff"),
    "faint": ("#8b93a1", "#6f7785", "#a0a0a0"),
    "accent": ("#2b5fd9", "#7ba3ff", "#4de4ff"),
    "accent_hover": ("#1f4fc0", "#98b7ff", "#9ff1ff"),
    "on_accent": ("#ffffff", "#0b1326", "#000000"),
    "lock_fill": ("#dfe8ff", "#2b3a66", "#00354a"),
    "lock_text": ("#1c3c91", "#d3dfff", "#ffffff"),
    "selection": ("#cfd9ee", "#34405a", "#004f9e"),
    "fresh": ("#ad5a00", "#ffb454", "#ffe14d"),
    "mask": ("#e1e5ec", "#282d36", "#3d3d3d"),
    "mask_edge": ("#d3d9e2", "#333a45", "#ffffff"),
    "error": ("#b3261e", "#ff8a80", "#ffa6a0"),
    "error_fill": ("#fdeeec", "#3a2224", "#4a0000"),
}
"""Every colour of the window in each theme, as "#rrggbb"."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Lengths in device-independent pixels; `text` and `token` are font sizes."""

    text: int = 13
    small: int = 12
    token: int = 20
    radius: int = 8
    control: int = 32
    gap: int = 12
    margin: int = 16
    side_panel: int = 320


@dataclass(frozen=True, eq=False)
class Theme:
    """A complete look. `dark` says which of the two families it belongs to."""

    name: str
    dark: bool
    colours: Mapping[str, str]
    sizes: Sizes = Sizes()

    def colour(self, name: str, opacity: float = 1.0) -> QColor:
        """The colour called `name` in `COLOURS`; at `opacity` 0 nothing of it is seen."""
        colour = QColor(self.colours[name])
        colour.setAlphaF(opacity)
        return colour


WORN = "worn"
"""The property of a dressed part that holds the name of the theme whose style sheet it has."""
PIXMAPS = 1024
"""Kilobytes of pixmaps that Qt keeps. It keeps each icon that it has scaled anew for every palette that the program
has had: 16 kB for a change of theme, and keys that take as much, up to ten times this number unless it is set."""
PAUSE = 50
"""Milliseconds before a hidden part is dressed."""


class Look(QObject):
    """The theme that a window is drawn in now. What holds on to its colours listens to `changed`; the parts that are
    dressed have its style sheet.

    To dress takes a sixth of a millisecond a widget, and there are hundreds. So one part is dressed at a turn of the
    event loop, what is on show before what is hidden. A window keeps its picture until all of it that is on show is
    dressed: else it would be empty for a moment, and then come back part by part.
    """

    changed = Signal()

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.theme, self.sizes = theme, theme.sizes
        self._dressed: list[QWidget] = []
        self._held: list[QWidget] = []
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._next = Piece(self, self._dress_next)
        self._pause.timeout.connect(self._next.want)

    def change(self, theme: Theme) -> None:
        self.theme = theme
        self._hold()
        self._next.want()
        self.changed.emit()

    def dress(self, *parts: QWidget, later: bool = False) -> None:
        """Puts the style sheet on parts and all that is in them, now or `later`, when they are shown; and every other
        theme's after it."""
        for part in parts:
            self._dressed.append(part)
            part.installEventFilter(self)
            if not later:
                self._dress(part)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and self._is_undressed(watched):
            if watched.property(WORN) is None:  # it would be laid out without its margins
                self._dress(watched)
            else:
                self._hold()
                self._next.want()
        return super().eventFilter(watched, event)

    def _dress_next(self) -> None:
        """Dresses a part; a hidden one after a pause, in which what somebody does comes first."""
        undressed = sorted(self._undressed(), key=QWidget.isVisible)
        if undressed:
            self._dress(undressed.pop())
        self._hold()
        if undressed and undressed[-1].isVisible():
            self._next.want()
        elif undressed:
            self._pause.start()

    def _hold(self) -> None:
        """Holds the pictures of windows that show what is not dressed, and lets those go on that were held and do not;
        one whose picture somebody else holds is left alone."""
        undressed = {part.window() for part in self._undressed() if part.isVisible()}
        for window in filter(isValid, self._held):
            window.setUpdatesEnabled(window not in undressed)
        held = [window for window in undressed if window in self._held or window.updatesEnabled()]
        for window in held:
            window.setUpdatesEnabled(False)
        self._held = held

    def _undressed(self) -> list[QWidget]:
        self._dressed = [part for part in self._dressed if isValid(part)]
        return list(filter(self._is_undressed, self._dressed))

    def _is_undressed(self, part: QWidget) -> bool:
        return bool(part.property(WORN) != self.theme.name)

    def _dress(self, part: QWidget) -> None:
        part.setProperty(WORN, self.theme.name)
        part.setStyleSheet(stylesheet(self.theme))

    def colour(self, name: str, opacity: float = 1.0) -> QColor:
        return self.theme.colour(name, opacity)


LIGHT, DARK, CONTRAST = (
    Theme(name, name != "light", {colour: values[place] for colour, values in COLOURS.items()})
    for place, name in enumerate(NAMES)
)
"""The last is white on black, every edge drawn: for those who need more than the usual difference."""

THEMES = {theme.name: theme for theme in (LIGHT, DARK, CONTRAST)}


def system_theme() -> Theme:
    """The theme that the desktop asks for; light where it does not say."""
    hints = QApplication.styleHints()
    if hints.accessibility().contrastPreference() is Qt.ContrastPreference.HighContrast:
        return CONTRAST
    return DARK if hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT


def resolve(choice: str) -> Theme:
    """The theme of that name, or for any other name the one that the system asks for."""
    return THEMES.get(choice) or system_theme()


def family() -> str:
    """The first of `FAMILIES` on this machine, or the system's own general font."""
    present = set(QFontDatabase.families())
    return (
        next((name for name in FAMILIES if name in present), "")
        or QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    )


def token_font(theme: Theme, zoom: float) -> QFont:
    """The canvas's font at `zoom` times its normal size, unhinted so that widths scale evenly."""
    font = QFont(family())
    font.setPixelSize(max(8, round(theme.sizes.token * zoom)))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def palette(theme: Theme) -> QPalette:
    """The Qt palette that goes with `theme`."""
    role = QPalette.ColorRole
    dimmed = (role.WindowText, role.Text, role.ButtonText)
    roles = {
        "window": (role.Window,),
        "panel": (role.AlternateBase,),
        "field": (role.Base, role.Button, role.ToolTipBase),
        "text": (*dimmed, role.ToolTipText),
        "muted": (role.PlaceholderText,),
        "accent": (role.Highlight, role.Link, role.Accent),
        "on_accent": (role.HighlightedText,),
    }
    made = QPalette()
    for name, drawn in roles.items():
        for each in drawn:
            made.setColor(each, theme.colour(name))
    for each in dimmed:
        made.setColor(QPalette.ColorGroup.Disabled, each, theme.colour("faint"))
    return made


@lru_cache
def stylesheet(theme: Theme) -> str:
    """The style sheet with the colours and sizes of `theme` filled in."""
    sizes = {f"{name}_px": f"{value}px" for name, value in asdict(theme.sizes).items()}
    return Template(STYLESHEET.read_text(encoding="utf-8")).substitute(theme.colours, **sizes)


def apply(app: QApplication, theme: Theme) -> None:
    """Give the whole application the palette and font of `theme`; a style sheet is for a `Look` to give."""
    font = QFont(family())
    font.setPixelSize(theme.sizes.text)
    app.setFont(font)
    QPixmapCache.setCacheLimit(PIXMAPS)
    app.setPalette(palette(theme))
    QToolTip.setPalette(palette(theme))
