"""Pictures of the window in its states, in every theme. `python scripts/screenshots.py FOLDER [--scale 2]`.

With `--model FOLDER` pictures are taken of a real run of that model; without, the states are shown with a scripted
run. `--small` makes the small pictures, in one font on every machine, that `tests/sedd_studio/test_screenshots.py`
compares with those in `tests/screenshots`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.window_states import STATES
from scripts.window_states.pages import HISTORY

SIZE = (1280, 820)
SMALL = 320
"""Width of small pictures."""
SIZES = {"light": (1280, 720), "dark": (1366, 768), "contrast": (1600, 1000)}
"""Of the window on small pictures, by theme: displays that are often met."""
SECONDS_FOR_A_RUN = 120.0


def main() -> int:
    """Take the pictures that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", default="1")
    parser.add_argument("--size", default="x".join(map(str, SIZE)), help="of the window, as in 1366x768")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--only", nargs="+", help="states to show, all without")
    parser.add_argument(
        "--film", type=Path, help="with --model: the run as the studio exports it, for instance run.webp"
    )
    parser.add_argument("--small", action="store_true", help="small, and in one font everywhere")
    arguments = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["QT_SCALE_FACTOR"] = arguments.scale
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.film and arguments.model:
        film(arguments.model, arguments.film)
        return 0
    suffix = "" if arguments.small else f"@{arguments.scale}x"
    wide, high = map(int, arguments.size.split("x"))
    take_all(arguments.folder, suffix, arguments.model, arguments.only, arguments.small, (wide, high))
    return 0


def take_all(
    folder: Path,
    suffix: str,
    model: Path | None,
    only: list[str] | None,
    small: bool,
    size: tuple[int, int],
) -> None:
    """One picture for each state, or for those named, and theme, named STATE-THEME@SCALEx.png."""
    from PySide6.QtWidgets import QApplication

    from sedd_studio.painting import theme as themes

    app = QApplication(["screenshots", *themes.STYLE])
    if small:
        use_one_font()
    parts = {"live-fresh": 0.0, "live-running": 0.6, "live-finished": 1.0}
    states = {name: partial(live, model, part) for name, part in parts.items()} if model else STATES
    for theme in themes.THEMES.values():
        themes.apply(app, theme)
        for name, make in states.items():
            if only and name not in only:
                continue
            with tempfile.TemporaryDirectory() as home:
                picture(make(Path(home)), Path(home), theme, folder / f"{name}-{theme.name}{suffix}.png", small, size)


def use_one_font() -> None:
    """The font that a plotting library brings along: pictures do not depend on the fonts of the machine."""
    from matplotlib import get_data_path
    from PySide6.QtGui import QFontDatabase

    from sedd_studio.painting import theme as themes

    for name in ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique"):
        QFontDatabase.addApplicationFont(str(Path(get_data_path(), "fonts", "ttf", f"{name}.ttf")))
    setattr(themes, "FAMILIES", ("DejaVu Sans",))  # noqa: B010 - replaced on purpose


def picture(
    made: object,
    home: Path,
    theme: object,
    path: Path,
    small: bool = False,
    size: tuple[int, int] = SIZE,
) -> None:
    """Show the window for a session, or for a session and what to do in the window, and keep how it looks.

    Its settings and its history are in `home`.
    """
    from PySide6.QtWidgets import QApplication

    from sedd_studio.background.keeper import Keeper
    from sedd_studio.painting.theme import Theme
    from sedd_studio.record.settings import Settings
    from sedd_studio.session.session import Session
    from sedd_studio.turns import turns
    from sedd_studio.window.main_window import MainWindow
    from sedd_studio.window.services import Services

    session, prepare = made if isinstance(made, tuple) else (made, None)
    assert isinstance(session, Session)
    assert isinstance(theme, Theme)
    services = Services(session, Settings(home / "window.json"), Keeper(home / HISTORY))
    window = MainWindow(services, theme)
    window.resize(*(SIZES[theme.name] if small else size))
    window.show()
    if prepare:
        prepare(window)
    for _ in range(5):
        QApplication.processEvents()
    while turns().busy:
        QApplication.processEvents()
    QApplication.processEvents()
    shot = on_top(window, SIZES[theme.name] if small else size).grab().toImage()
    if small:
        from PySide6.QtCore import Qt

        shot = shot.scaledToWidth(SMALL, Qt.TransformationMode.SmoothTransformation)
    shot.save(str(path))
    print(path)
    window.close()
    services.keeper.close()


def on_top(window: QWidget, size: tuple[int, int]) -> QWidget:
    """What fills the screen, as large as a display of that size; else the window."""
    from PySide6.QtWidgets import QApplication

    from sedd_studio.widgets.dialogs.presenter import Presenter

    for shown in window.findChildren(Presenter):
        shown.resize(*size)
        QApplication.processEvents()
        if not shown.laser.isHidden():
            shown.laser.put(shown.rect().center() / 1.5)
        return shown
    return window


def live(model: Path, part: float, home: Path) -> object:
    """A real run of `model`, shown after `part` of its steps; a part of 0 is before any run."""
    from PySide6.QtWidgets import QApplication

    from sedd_studio.background.reader import Reader
    from sedd_studio.background.runner import Runner
    from sedd_studio.record.settings import Settings
    from sedd_studio.session.session import Session
    from sedd_studio.session.state import RunState

    session = Session(Runner(), Reader(), Settings(home / "settings.json"))
    end = time.monotonic() + SECONDS_FOR_A_RUN

    def wait(state: RunState) -> None:
        while session.runs.state is state and time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.005)

    session.models.open(str(model))
    wait(RunState.LOADING)
    if part:
        session.runs.start()
        wait(RunState.RUNNING)
        session.playhead.seek(round(session.playhead.recorded * part))
    return session


def film(model: Path, path: Path) -> None:
    """A real run of `model` as a film, by the studio's own export."""
    from PySide6.QtWidgets import QApplication

    from sedd_studio.painting import theme as themes
    from sedd_studio.session.session import Session
    from sedd_studio.window.export_kinds import EXPORTS, View

    app = QApplication(["screenshots", *themes.STYLE])
    themes.apply(app, themes.LIGHT)
    with tempfile.TemporaryDirectory() as home:
        session = live(model, 1.0, Path(home))
        assert isinstance(session, Session)
        assert session.view.run is not None
        list(EXPORTS["film"].write(View(session.view.run.snapshot(), 0, 0, themes.LIGHT), path))
        session.shutdown()
    print(path)


if __name__ == "__main__":
    sys.exit(main())
