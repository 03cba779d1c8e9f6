"""An exception that nobody expected: the banner tells it, nothing stays half drawn, and the program goes on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import FrameType, TracebackType

import pytest
from PySide6.QtGui import QPainter
from pytestqt.qtbot import QtBot

import sedd_studio
from sedd_studio.painting.token_paint import TokenPainter
from sedd_studio.session.errors import Errors
from tests.sedd_studio.scene import Scene
from tests.sedd_studio.windows import window_of

ROOT = Path(__file__).parents[2]


def slip(*_: object, **__: object) -> None:
    raise ValueError("a slip")


def painters(trace: TracebackType | None) -> list[QPainter]:
    """Those in the frames of a traceback: as long as it is kept, they are."""
    frames: list[FrameType] = []
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    return [value for frame in frames for value in frame.f_locals.values() if isinstance(value, QPainter)]


def test_what_fails_while_it_paints_has_ended_its_painter(
    scene: Scene, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = window_of(scene.session, scene.settings, qtbot)
    viewport = window.canvas.viewport()
    with monkeypatch.context() as patch:
        patch.setattr(TokenPainter, "paint", slip)
        with pytest.raises(ValueError, match="a slip") as told:
            viewport.repaint()
    found = painters(told.tb)
    assert found
    assert not any(painter.isActive() for painter in found)
    viewport.repaint()  # it goes on


def test_every_painter_that_is_made_ends_with_its_block() -> None:
    for path in Path(sedd_studio.__file__).parent.rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            lends = path.name == "icons.py" and line.strip() in ("painter.save()", "painter.restore()")  # `lent` itself
            if re.search(r"[^:] QPainter\(|painter\.(save|restore)\(", line) and not lends:
                assert line.strip().startswith("with QPainter("), f"{path.name}: {line}"


def test_an_error_that_comes_with_every_picture_is_told_once(qapp: object) -> None:
    errors, told = Errors(), []
    errors.changed.connect(lambda: told.append(errors.current))
    for _ in range(3):
        errors.show("a slip")
    assert len(told) == 1
    errors.dismiss()
    errors.show("a slip")
    assert len(told) == 3


PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from PySide6.QtGui import QPainter
from sedd_studio.session.errors import Errors
from sedd_studio.window.app import install_error_hook

class Banner(QLabel):
    def paintEvent(self, event):
        with QPainter(self) as painter:
            painter.save()
            raise ValueError("while it paints")

app = QApplication([])
errors, banner = Errors(), Banner("x")
errors.changed.connect(lambda: (print(errors.current.headline, flush=True), banner.setText("y"), banner.repaint()))
install_error_hook(errors)
banner.show()
QTimer.singleShot(200, lambda: 1 / 0)
QTimer.singleShot(400, app.quit)
app.exec()
banner.close()
print("ended")
"""


def test_a_window_that_cannot_paint_itself_and_a_timer_that_fails_do_not_end_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "Something unexpected went wrong: while it paints" in lines
    assert "Something unexpected went wrong: division by zero" in lines
    assert lines[-1] == "ended"
