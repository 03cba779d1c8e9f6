"""Builds the studio and wires it up; the only place that does."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from types import TracebackType

from PySide6.QtCore import QByteArray, QTimer
from PySide6.QtWidgets import QApplication

from sedd_studio import theme
from sedd_studio.main_window import MainWindow
from sedd_studio.models import BUNDLED
from sedd_studio.opening import open_path
from sedd_studio.runner import Runner
from sedd_studio.session import Session
from sedd_studio.settings import Settings

NO_DISPLAY = (
    "SEDD Studio needs a display and found none; start it on a desktop (or under Xvfb), "
    "or use the command line: sedd sample"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the studio; returns the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="sedd-studio", description="Watch text appear out of noise around words you lock."
    )
    parser.add_argument("model", nargs="?", default=str(BUNDLED), help="folder of a model, or a run file, to open")
    arguments = parser.parse_args(argv)
    if not has_display():
        sys.stderr.write(NO_DISPLAY + "\n")
        return 1
    app = QApplication(sys.argv[:1])
    app.setApplicationName("sedd-studio")
    app.setApplicationDisplayName("SEDD Studio")
    settings = Settings()
    look = theme.resolve(settings["theme"])
    theme.apply(app, look)
    session = Session(Runner(), settings)
    window = MainWindow(session, look, settings)
    restore(window, settings)
    install_error_hook(session)
    window.show()
    # Torch is imported by the first request: after the window has been painted.
    QTimer.singleShot(0, lambda: QTimer.singleShot(50, lambda: open_path(session, arguments.model)))
    code = app.exec()
    settings.set("geometry", bytes(window.saveGeometry().toBase64().data()).decode())
    session.shutdown()
    return code


def has_display() -> bool:
    """Whether Qt can open a window here. Off Linux there always is a display."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def restore(window: MainWindow, settings: Settings) -> None:
    """Gives the window the place, the size and the zoom that it had."""
    if settings["geometry"]:
        window.restoreGeometry(QByteArray.fromBase64(settings["geometry"].encode()))
    window.canvas.set_zoom(settings["zoom"])
    window.canvas.set_reduced_motion(settings["reduced_motion"])


def install_error_hook(session: Session) -> None:
    """An exception that nobody expected goes to the banner, and the program goes on."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        detail = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(detail)
        session.show_error(f"Something unexpected went wrong: {str(error) or kind.__name__}", detail)

    sys.excepthook = hook


if __name__ == "__main__":
    sys.exit(main())
