"""A probe in the place of a user; prints seconds as one JSON object."""

from __future__ import annotations

import json
import os
import time

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow


class Probe(QObject):
    """Watches the canvas being painted, presses Run once the model is there, then Stop, then ends the program."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window, self.session = window, window.session
        self.result: dict[str, float] = {}
        self.pressed = self.stopped = 0.0
        window.canvas.viewport().installEventFilter(self)
        self.session.runs.changed.connect(self.look)
        self.session.models.changed.connect(lambda: QTimer.singleShot(300, self.run))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self.painted)
        return False

    def painted(self) -> None:
        now = time.time()
        if "start" not in self.result:
            self.result["start"] = now - float(os.environ["SEDD_STARTED"])
        elif self.pressed and "first" not in self.result and self.session.view.step_info().settled:
            self.result["first"] = now - self.pressed
            QTimer.singleShot(200, self.stop)

    def run(self) -> None:
        self.session.form.set(steps=1024, samples=1, seed=1)  # still running when Stop comes
        self.pressed = time.time()
        self.click("run_button")

    def stop(self) -> None:
        self.stopped = time.time()
        self.click("stop")

    def click(self, button: str) -> None:
        from PySide6.QtTest import QTest  # not while the start is being timed

        QTest.mouseClick(getattr(self.window.top_bar, button), Qt.MouseButton.LeftButton)

    def look(self) -> None:
        if self.session.runs.state is RunState.STOPPED and "stop" not in self.result:
            self.result["stop"] = time.time() - self.stopped
            print(json.dumps(self.result), flush=True)
            QApplication.quit()


class ProbedWindow(MainWindow):
    """The window with its probe."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.probe = Probe(self)
