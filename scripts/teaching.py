"""Does every step of docs/teaching.md in the window, and draws its pictures: `python -m scripts.teaching [FOLDER]`.

A lesson is a heading of two signs, a step one of three; a row of a table is one thing that is done, by real keys and
clicks.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from sedd_studio.window.page_names import LEARN

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from sedd_studio.session.learning import Learning
    from sedd_studio.widgets.controls.basic import Slider
    from sedd_studio.widgets.dialogs.presenter import Presenter
    from sedd_studio.widgets.panels.learn_panel import LearnPanel
    from sedd_studio.window.main_window import MainWindow

DOCUMENT = Path(__file__).parent.parent / "docs" / "teaching.md"
HEAD = ["Chapter", "Key or control", "Value", "The figure says"]
KEYS = {"Page Down": "PgDown", "Page Up": "PgUp"}
SECONDS = 60.0
"""For a figure to say what it is to."""
COLOURS = 48
"""Of a picture, so that it is small."""


@dataclass(frozen=True)
class Doing:
    """One thing that is done in a `chapter`, empty where it is the one before: by a `key`, or a `control`."""

    chapter: str
    key: str
    control: str
    value: str
    says: str


@dataclass(frozen=True)
class TeachingStep:
    """A step of a lesson, with its picture."""

    lesson: str
    title: str
    doings: tuple[Doing, ...]
    picture: str


def steps_of(document: str) -> list[TeachingStep]:
    """Every step in a document; a ValueError where a row is none."""
    found = list[TeachingStep]()
    for lesson in re.split(r"^## ", document, flags=re.MULTILINE)[1:]:
        for step in re.split(r"^### ", lesson, flags=re.MULTILINE)[1:]:
            pictures = re.findall(r"!\[[^\]]+\]\(images/([^)]+)\)", step)
            rows = [line for line in step.splitlines() if line.startswith("|")]
            title = step.splitlines()[0]
            if len(pictures) != 1 or _cells(rows[0]) != HEAD:
                raise ValueError(f"{title} has no picture of its own, or a table of another kind")
            doings = tuple(map(_doing, rows[2:]))
            found.append(TeachingStep(lesson.splitlines()[0], title, doings, pictures[0]))
    return found


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def _doing(row: str) -> Doing:
    chapter, what, value, says = _cells(row)
    read = re.fullmatch(r"`(?P<key>[^`]+)`|\*\*(?P<control>[^*]+)\*\*", what)
    if read is None or not says:
        raise ValueError(f"neither a key nor a control, or nothing is said: {row}")
    return Doing(chapter, read["key"] or "", read["control"] or "", value, says)


class Teacher:
    """Does steps in a window, from the begin of Learn on; `wait` returns once something holds."""

    def __init__(self, window: MainWindow, wait: Callable[[Callable[[], bool]], object]) -> None:
        self._window, self._wait = window, wait

    @property
    def learning(self) -> Learning:
        return self._window.services.learning

    @property
    def panel(self) -> LearnPanel:
        from sedd_studio.widgets.panels.learn_panel import LearnPanel

        (found,) = self._window.findChildren(LearnPanel)
        return found

    @property
    def presenter(self) -> Presenter | None:
        from sedd_studio.widgets.dialogs.presenter import Presenter

        return self._window.findChild(Presenter)

    def heard(self) -> str:
        """What is said aloud or stands in words now."""
        presenter = self.presenter
        if presenter is not None and presenter.black.isVisible():
            return presenter.black.accessibleName()
        if presenter is not None:
            return str(presenter.stage.caption.text())  # type: ignore[attr-defined]
        panel = self.panel
        lines = panel.formula.lines if panel.formula_card.isVisible() else ()
        return "\n".join([panel.figure.accessibleDescription(), *lines])

    def do(self, doing: Doing) -> None:
        """Does it, and waits until the figure says what it is to."""
        if doing.chapter and (self._window.places.page == LEARN) and self.learning.title != doing.chapter:
            self._open(doing.chapter)
        if doing.key:
            times = int(doing.value.removesuffix(" times") or 1) if doing.value else 1
            for _ in range(times):
                self._press(doing.key)
        else:
            self._set(doing.control, doing.value)
        self._wait(lambda: doing.says in self.heard())
        if doing.chapter and self.learning.title != doing.chapter:
            raise ValueError(f"another chapter is open: {self.learning.title}")

    def _open(self, title: str) -> None:
        """By a click on its row."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        rows = self.panel.chapters
        (item,) = rows.findItems(title, Qt.MatchFlag.MatchExactly)
        QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.visualItemRect(item).center())
        self._wait(lambda: self.learning.shown is not None)

    def _press(self, name: str) -> None:
        """A key goes to the figure, or to what is presented."""
        from PySide6.QtCore import QKeyCombination
        from PySide6.QtGui import QKeySequence
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication

        pressed: QKeyCombination = QKeySequence(KEYS.get(name, name))[0]  # type: ignore[index]
        presenter, target = self.presenter, None
        if presenter is not None:
            target = QApplication.focusWidget()
        elif self._window.places.page == LEARN:
            target = self.panel.figure
            target.setFocus()
        QTest.keyClick(target or self._window, pressed.key(), pressed.keyboardModifiers())
        if name == "F5":
            self._wait(lambda: self.presenter is not None and self.presenter.isActiveWindow())
        if presenter is not None and name == "Esc":
            self._wait(lambda: self.presenter is None)

    def _set(self, title: str, value: str) -> None:
        """A control is given a value, or pressed."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        from sedd_studio.record.chapters.chapter import Press

        learning, panel, left = self.learning, self.panel, Qt.MouseButton.LeftButton
        if title == panel.formula_button.text():
            QTest.mouseClick(panel.formula_button, left)
            return
        figure = None if learning.shown is None else learning.shown.figure
        known = (*learning.chapter.about(learning.choices), *learning.chapter.controls(learning.choices, figure))
        names = [each.name for each in known if title in (each.title, *_buttons(each))]
        made = (panel.controls.controls | panel.about.controls)[names[0]]
        if isinstance(next(each for each in known if each.name == names[0]), Press):
            (button,) = (each for each in made.buttons.values() if each.text() == title)  # type: ignore[union-attr]
            QTest.mouseClick(button, left)
        else:
            self._give(made, names[0], value)

    def _slide(self, slider: Slider, name: str, value: str) -> None:
        """From the nearer end to the first notch that begins with the value."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        from sedd_studio.record.chapters.chapter import Slide

        learning, begins = self.learning, re.compile(rf"{re.escape(value)}(?![\d.])")
        figure = None if learning.shown is None else learning.shown.figure

        def says(notch: int) -> str:
            controls = learning.chapter.controls({**learning.choices, name: notch}, figure)
            return next(each.says for each in controls if isinstance(each, Slide) and each.name == name)

        notch = next((each for each in range(slider.maximum() + 1) if begins.match(says(each))), None)
        if notch is None:
            raise ValueError(f"{slider.accessibleName()} is never {value}")
        slider.setFocus()
        back = slider.maximum() - notch
        QTest.keyClick(slider, Qt.Key.Key_Home if notch <= back else Qt.Key.Key_End)
        for _ in range(min(notch, back)):
            QTest.keyClick(slider, Qt.Key.Key_Right if notch <= back else Qt.Key.Key_Left)

    def _give(self, made: QWidget, name: str, value: str) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        from sedd_studio.widgets.controls.lesson_controls import PickControl, SlideControl, WriteControl

        match made:
            case SlideControl():
                self._slide(made.slider, name, value)
            case WriteControl():
                made.line.setFocus()
                made.line.selectAll()
                QTest.keyClicks(made.line, value)
            case PickControl() if made.list is not None:
                made.list.setFocus()
                QTest.keyClick(made.list, Qt.Key.Key_Home)
                while made.list.currentText() != value:
                    if made.list.currentIndex() == made.list.count() - 1:
                        raise ValueError(f"there is no {value} to choose")
                    QTest.keyClick(made.list, Qt.Key.Key_Down)
            case PickControl():
                (button,) = (each for each in made.buttons.values() if each.text() == value)
                QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def _buttons(control: object) -> list[str]:
    from sedd_studio.record.chapters.chapter import Press

    return [*control.options.values()] if isinstance(control, Press) else []


def draw(learning: Learning, path: Path) -> None:
    """The figure on show, as a small file."""
    from PIL import Image

    from sedd_studio.painting.lessons.export import ChapterPicture
    from sedd_studio.painting.theme import LIGHT

    assert learning.shown is not None
    made = Image.open(BytesIO(ChapterPicture(learning.name, learning.shown, LIGHT).as_png(1.0)))
    made.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def main(folder: Path) -> None:
    """Does both lessons, each in a window of its own."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from sedd_studio.painting import theme as themes
    from sedd_studio.record.settings import Settings
    from sedd_studio.window.main_window import MainWindow
    from sedd_studio.window.services import build

    app = QApplication(["teaching", *themes.STYLE])
    themes.apply(app, themes.LIGHT)
    steps = steps_of(DOCUMENT.read_text(encoding="utf-8"))

    def wait(holds: Callable[[], bool]) -> None:
        end = time.monotonic() + SECONDS
        while not holds():
            if time.monotonic() > end:
                raise SystemExit(f"It does not come to that; what is said: {teacher.heard()}")
            QApplication.processEvents()
            time.sleep(0.005)

    for lesson in dict.fromkeys(step.lesson for step in steps):
        with tempfile.TemporaryDirectory() as home:
            settings = Settings(Path(home) / "settings.json")
            settings.set("reduced_motion", True)
            services = build(settings, Path(home) / "history.sqlite3")
            window = MainWindow(services, themes.LIGHT)
            window.resize(1280, 720)
            window.show()
            services.session.models.open()
            wait(lambda services=services: services.session.models.ready)  # type: ignore[misc]
            teacher = Teacher(window, wait)
            for step in (each for each in steps if each.lesson == lesson):
                for doing in step.doings:
                    teacher.do(doing)
                wait(lambda teacher=teacher: not teacher.learning.waits)  # type: ignore[misc]
                draw(teacher.learning, folder / step.picture)
                print(f"{lesson}: {step.title}")
            window.close()
            services.close()
            services.keeper.close()


if __name__ == "__main__":
    main(*(map(Path, sys.argv[1:]) if sys.argv[1:] else [DOCUMENT.parent / "images"]))
