"""A user who does anything, in any order: seeded, so that what goes wrong can be done again."""

from __future__ import annotations

import os
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QDialog, QLineEdit, QWidget

from engine.runs.runfile import save_run
from sedd_studio.painting.film import Film, write_picture
from sedd_studio.painting.theme import LIGHT
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.scene import Scene

KEYS = (
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End),
    *(Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Space, Qt.Key.Key_Delete, Qt.Key.Key_Backspace),
    *(Qt.Key.Key_L, Qt.Key.Key_F, Qt.Key.Key_S, Qt.Key.Key_A, Qt.Key.Key_3, Qt.Key.Key_F2),
    *(Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_C, Qt.Key.Key_X, Qt.Key.Key_R),
)
MODIFIERS = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
LEFT = Qt.MouseButton.LeftButton
os.environ["HF_HUB_OFFLINE"] = "1"  # a click on the page of models downloads nothing
PASTED = {
    "words": "Once upon a time [9] the end.",
    "spaces": f"a{' ' * 40_000}[3]",
    "a book": "Once upon a time. " * 300_000,
    "a line": "a" * 100_000,
    "nothing": "",
}
LEAVE_OUT = "quit"
"""What would end the game."""


@dataclass
class RandomUser:
    """Acts on a window. `files` are dropped on it, `models` opened; `last` holds what was done last,
    `done` how much was done."""

    window: MainWindow
    seed: int
    files: list[Path]
    models: list[str]
    last: deque[str] = field(default_factory=lambda: deque(maxlen=5))
    done: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.actions: tuple[tuple[Callable[[], str], int], ...] = (
            (self.key, 6),
            (self.click, 6),
            (self.drag, 2),
            (self.double_click, 1),
            (self.wheel, 1),
            (self.command, 5),
            (self.control, 5),
            (self.drop, 1),
            (self.resize, 1),
            (self.load, 1),
            (self.wait, 3),
            (self.paste, 1),
        )

    def act(self) -> None:
        """Does one thing, and lets Qt work it off."""
        chosen = self.random.choices([act for act, _ in self.actions], [weight for _, weight in self.actions])[0]
        self.last.append(chosen())
        self.done += 1
        QApplication.processEvents()
        for dialog in self.window.findChildren(QDialog):
            dialog.close()

    def point(self, widget: QWidget) -> QPoint:
        return QPoint(self.random.randrange(max(1, widget.width())), self.random.randrange(max(1, widget.height())))

    def key(self) -> str:
        target = self.random.choice([self.window.canvas, self.window.timeline, self.window, self.focused()])
        key, modifier = self.random.choice(KEYS), self.random.choice(MODIFIERS)
        QTest.keyClick(target, key, modifier)
        return f"key {key} {modifier} on {type(target).__name__}"

    def focused(self) -> QWidget:
        return QApplication.focusWidget() or self.window

    def click(self) -> str:
        viewport, modifier = self.window.canvas.viewport(), self.random.choice(MODIFIERS)
        point = self.point(viewport)
        QTest.mouseMove(viewport, point)
        QTest.mouseClick(viewport, LEFT, modifier, point)
        return f"click {point.toTuple()}"

    def double_click(self) -> str:
        viewport = self.window.canvas.viewport()
        point = self.point(viewport)
        QTest.mouseClick(viewport, LEFT, MODIFIERS[0], point)
        QTest.mouseDClick(viewport, LEFT, MODIFIERS[0], point)
        QTest.keyClick(self.window.canvas, self.random.choice([Qt.Key.Key_F2, Qt.Key.Key_W]))
        if self.window.canvas.line.editor is not None:
            QTest.keyClicks(
                self.window.canvas.line.editor, self.random.choice(["fox", "a [3] b", "", "[99999]", "____"])
            )
            QTest.keyClick(self.window.canvas.line.editor, self.random.choice([Qt.Key.Key_Return, Qt.Key.Key_Escape]))
        return f"double click {point.toTuple()}"

    def drag(self) -> str:
        viewport = self.window.canvas.viewport()
        start, stop = self.point(viewport), self.point(viewport)
        QTest.mousePress(viewport, LEFT, MODIFIERS[0], start)
        QTest.mouseMove(viewport, stop)
        QTest.mouseRelease(viewport, LEFT, MODIFIERS[0], stop)
        return f"drag {start.toTuple()} to {stop.toTuple()}"

    def wheel(self) -> str:
        viewport, modifier = self.window.canvas.viewport(), self.random.choice(MODIFIERS)
        point, turned = self.point(viewport), QPoint(0, self.random.choice([-120, 120]))
        none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
        where = viewport.mapToGlobal(point).toPointF()
        QApplication.sendEvent(
            viewport, QWheelEvent(point.toPointF(), where, QPoint(), turned, none, modifier, phase, False)
        )
        return f"wheel {turned.y()}"

    def command(self) -> str:
        names = [name for name in self.window.actions_by_name if name != LEAVE_OUT]
        name = self.random.choice(names)
        self.window.actions_by_name[name].trigger()
        return f"command {name}"

    def control(self) -> str:
        kinds = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit)
        parts = [part for kind in kinds for part in self.window.findChildren(kind) if part.isVisible()]
        part = self.random.choice(parts)
        if isinstance(part, QAbstractButton):
            if getattr(part, "menu", lambda: None)() is None:  # an open menu would wait for a choice
                QTest.mouseClick(part, LEFT)
        elif isinstance(part, QComboBox):
            QTest.keyClick(part, self.random.choice([Qt.Key.Key_Up, Qt.Key.Key_Down]))
        elif isinstance(part, QLineEdit):
            QTest.keyClicks(part, self.random.choice(["7", "fox", "(", ""]))
        else:
            QTest.keyClick(part, self.random.choice([Qt.Key.Key_Up, Qt.Key.Key_Down]))
        return f"{type(part).__name__} {part.accessibleName()}"

    def drop(self) -> str:
        path = self.random.choice(self.files)
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
        part = self.random.choice([self.window, self.window.canvas.viewport(), self.focused()])
        QApplication.sendEvent(part, QDragEnterEvent(QPoint(9, 9), copy, data, LEFT, none))
        QApplication.sendEvent(part, QDropEvent(QPoint(9, 9), copy, data, LEFT, none))
        return f"drop {path.name} on {type(part).__name__}"

    def resize(self) -> str:
        self.window.resize(self.random.randrange(900, 1600), self.random.randrange(560, 1000))
        return "resize"

    def load(self) -> str:
        model = self.random.choice(self.models)
        self.window.session.models.open(model)
        return f"load {model}"

    def paste(self) -> str:
        """A text of any size, on the canvas or into the prompt."""
        kind = self.random.choice(list(PASTED))
        QApplication.clipboard().setText(PASTED[kind])
        target = self.random.choice([self.window.canvas, self.window.prompt.editor])
        QTest.keyClick(target, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
        return f"paste {kind} on {type(target).__name__}"

    def wait(self) -> str:
        QTest.qWait(self.random.choice([1, 5, 40]))
        return "wait"


def files(folder: Path) -> list[Path]:
    """Something good and something bad of each kind that can be dropped."""
    folder.mkdir()
    scene = Scene(folder)
    scene.run(12)
    scene.play(12)
    run = scene.session.view.run
    assert run is not None
    save_run(folder / "run.sedd", run)
    list(write_picture(Film(run, 0, LIGHT), 12, folder / "run.png"))
    (folder / "prompt.txt").write_text("Once [5] the end.", encoding="utf-8")
    (folder / "long.txt").write_text("[60]" * 30, encoding="utf-8")
    (folder / "cut.sedd").write_bytes((folder / "run.sedd").read_bytes()[:200])
    (folder / "noise.png").write_bytes(b"\x00" * 90)
    return sorted(folder.iterdir())
