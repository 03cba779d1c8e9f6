"""Starts the studio and ends it."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import platformdirs
from PySide6.QtCore import QByteArray, QSize, QTimer
from PySide6.QtWidgets import QApplication, QStyle

from engine.bundled_models import DEFAULT_MODEL
from engine.plain_text import plain
from engine.protocol import UserError
from sedd_studio.background.ahead import Ahead
from sedd_studio.background.collector import Collector
from sedd_studio.background.memory import keep_little
from sedd_studio.background.standing_back import stand_back
from sedd_studio.painting import theme
from sedd_studio.record.history import LeftOver, default_path
from sedd_studio.record.settings import Settings
from sedd_studio.session.errors import Errors
from sedd_studio.session.recovery import bring_back, keep_unfinished
from sedd_studio.window.interrupts import Deadline, Interrupts
from sedd_studio.window.main_window import MainWindow
from sedd_studio.window.services import build

CLOSING = 1.2
"""Seconds that closing waits, for everything together, from when it was asked for."""
LATER, REST = ("pyqtgraph", "ziamath"), 1000
"""What the first plot and the first formula need, imported once the first model has come and nothing has been asked of
the engine, or moved by itself, for so many milliseconds."""
TURN = 0.0002
"""Seconds after which a thread gives the interpreter's lock to another that waits for it: the window's asks often."""
LONGEST_REASON = 300
"""Characters of what an exception says."""
NO_DISPLAY = (
    "SEDD Studio needs a display and found none; start it on a desktop (or under Xvfb), "
    "or use the command line: sedd sample"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the studio; returns the process's exit code."""
    parser = Arguments(prog="sedd-studio", description="Watch text appear out of noise around words you lock.")
    parser.add_argument("model", nargs="?", help="folder of a model, a run file or a text, to open")
    parser.add_argument("--register", action="store_true", help="have a double click on a run file open the studio")
    arguments = parser.parse_args(argv)
    if arguments.register:
        return tell_desktop()
    if not has_display():
        sys.stderr.write(NO_DISPLAY + "\n")
        return 1
    keep_little()
    sys.setswitchinterval(TURN)
    app = QApplication([*sys.argv[:1], *theme.STYLE])
    app.setApplicationName("sedd-studio")
    app.setApplicationDisplayName("SEDD Studio")
    with ExitStack() as ends:
        return studio(app, arguments.model, ends)


def studio(app: QApplication, model: str | None, ends: ExitStack) -> int:
    """The window from its start to its end; returns the process's exit code. What has to be closed then is in `ends`,
    which is done whatever fails before."""
    deadline = Deadline(CLOSING)
    ends.callback(deadline.cancel)
    collector, interrupts = Collector(), Interrupts(deadline)
    ends.callback(collector.close)
    ends.callback(interrupts.close)
    settings = Settings()
    writer = ThreadPoolExecutor(1, "settings", stand_back)
    settings.put_off(writer.submit)
    ends.callback(writer.shutdown)
    look = theme.resolve(settings["theme"])
    theme.apply(app, look)
    services = build(settings, default_path())
    keeper, errors = services.keeper, services.session.errors
    ends.callback(keeper.close)
    window = MainWindow(services, look)
    window.closing.connect(lambda: deadline.begin(0))
    restore(window, settings)
    install_error_hook(errors)
    window.show()
    recorder = services.record()

    goes_on = iter([bring_back] if settings["start"] == "left" else [])

    def take(left: LeftOver) -> None:
        """What was left is gone on with if it was closed, the newest alone, or else offered."""
        keep_unfinished(keeper, left)
        if not left.closed:
            window.recovery_bar.offer(left)
        elif (show := next(goes_on, None)) is not None:
            show(services.session, services.queue, left)

    keeper.found.connect(take)

    def begin() -> None:
        """What takes longer than a blink: torch is imported by the first request, after the window has been painted."""
        keeper.look_back(closed=model is None)
        if trouble := settings.trouble():
            errors.add(trouble)
        window.open(model or str(DEFAULT_MODEL))
        if model is not None:
            from sedd_studio.window.opening import never_without  # not before the window is painted

            never_without(services.session)
        elif not settings["toured"]:
            from sedd_studio.window.touring import offer  # once in the life of the settings

            offer(window)

    QTimer.singleShot(0, lambda: QTimer.singleShot(50, begin))
    ahead = Ahead(LATER, lambda: services.session.clock.has_rested(REST / 1000))
    ends.callback(ahead.close)
    ends.callback(services.close)
    services.session.models.came.connect(ahead.begin)
    code = app.exec()
    deadline.begin(code)
    window.close()
    closed = settings["start"] == "left"
    keeps = interrupts.came or closed
    recorder.finish(keeps, closed)
    keeper.end(keeps)
    settings.set("geometry", bytes(window.saveGeometry().toBase64().data()).decode())
    settings.set("beside", window.places.beside)
    return code


class Arguments(argparse.ArgumentParser):
    """What it says of arguments repeats them, as plain text."""

    def error(self, message: str) -> NoReturn:
        super().error(plain(message))


def tell_desktop() -> int:
    """Registers run files with the desktop; returns the process's exit code."""
    from sedd_studio.window.registering import register  # no window needs it

    command = Path(sys.argv[0]).resolve()
    try:
        files = register(Path(platformdirs.user_data_dir()), str(command))
    except UserError as error:
        sys.stderr.write(f"{plain(str(error))}\n")
        return 2
    sys.stdout.write("Run files now open in the studio; written were:\n" + "".join(f"  {path}\n" for path in files))
    return 0


def has_display() -> bool:
    """Whether Qt can open a window here. Off Linux there always is a display."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def restore(window: MainWindow, settings: Settings) -> None:
    """Gives the window the place, the size, the panels and the zoom that it had."""
    fit(window)
    if settings["geometry"]:
        window.restoreGeometry(QByteArray.fromBase64(settings["geometry"].encode()))
    window.places.show_beside(settings["beside"])
    window.canvas.set_zoom(settings["zoom"])
    window.canvas.picture.set_reduced_motion(settings["reduced_motion"])


def fit(window: MainWindow) -> None:
    """Makes it no larger than what is free of its screen, below a title bar, as far as it can be so small."""
    free, title = window.screen().availableSize(), window.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
    window.resize(window.size().boundedTo(QSize(free.width(), free.height() - title)))


def install_error_hook(errors: Errors) -> None:
    """An exception that nobody expected, in a slot, a timer or while something is painted, goes to the banner, and the
    program goes on. The banner is changed once that work is over: what is painted must not change meanwhile."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        detail = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(plain(detail))
        headline = f"Something unexpected went wrong: {str(error)[:LONGEST_REASON] or kind.__name__}"
        QTimer.singleShot(0, errors, lambda: errors.show(headline, detail))

    sys.excepthook = hook


if __name__ == "__main__":
    sys.exit(main())
