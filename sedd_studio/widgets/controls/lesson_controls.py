"""The controls of a chapter of Learn, as its table has them: sliders, choices, buttons and lines to type in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QPushButton, QToolButton, QWidget

from sedd_studio.painting.theme import Look
from sedd_studio.record.chapters.chapter import Choices, Control, Pick, Press, Slide, Write
from sedd_studio.widgets.controls.basic import Choice, Slider, label, literal
from sedd_studio.widgets.controls.buttons import IconButton
from sedd_studio.widgets.controls.helping import explain
from sedd_studio.widgets.controls.layouts import NOTHING, row
from sedd_studio.widgets.controls.segments import Segments

SEGMENTS = 3
"""Options that are buttons beside each other; more are a list."""


class SlideControl(QWidget):
    """A slider with its title and what its notch stands for; a button has it move by itself."""

    def __init__(self, control: Slide, look: Look, take: Callable[[Any], object], play: Callable[[], object]) -> None:
        super().__init__()
        self.title, self.says = label(control.title), label("", "muted")
        self.slider = Slider(control.title, (0, control.last), float, float, (1, max(1, control.last // 10)))
        self.play = IconButton("play", f"Play: {control.title}", look, play)
        self.slider.valueChanged.connect(take)
        row(self.play, self.title, (self.slider, 1), self.says, gap=10, of=self)
        explain(self.slider, control.help)

    def refresh(self, control: Slide, value: int, playing: bool, calm: bool) -> None:
        self.title.setText(control.title)
        self.slider.setAccessibleName(control.title)
        self.says.setText(control.says)
        self.slider.setAccessibleDescription(control.says)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, control.last)
            self.slider.setValue(value)
        self.play.setVisible(bool(control.seconds) and not calm)
        self.play.sign.show("pause" if playing else "play")
        self.play.set_name(f"Pause: {control.title}" if playing else f"Play: {control.title}")


class PickControl(QWidget):
    """Buttons beside each other of which one is down, or a list of more."""

    def __init__(self, control: Pick, look: Look, take: Callable[[Any], object]) -> None:
        super().__init__()
        self._take = take
        self.buttons: dict[Any, QToolButton] = {}
        self.list: Choice | None = None
        if len(control.options) > SEGMENTS:
            self.list = shown = Choice(control.title, look, control.options)
            shown.activated.connect(lambda place: take(shown.itemData(place)))
            row(label(control.title), shown, gap=10, of=self)
        else:
            self.segments = Segments(control.title, control.options, take)
            self.buttons = self.segments.buttons
            row(*([label(control.title)] if control.titled else []), self.segments, gap=10, of=self)
        explain(self, control.help)

    def refresh(self, control: Pick, value: Any) -> None:
        if self.list is not None:
            with QSignalBlocker(self.list):
                if [self.list.itemText(place) for place in range(self.list.count())] != [*control.options.values()]:
                    self.list.clear()
                    for each, title in control.options.items():
                        self.list.addItem(title, each)
                self.list.setCurrentIndex(self.list.findData(value))
        else:
            self.segments.choose(value)


class PressControl(QWidget):
    """Buttons that do something each time."""

    def __init__(self, control: Press, take: Callable[[Any], object]) -> None:
        super().__init__()
        self.buttons: dict[Any, QPushButton] = {}
        for value, title in control.options.items():
            self.buttons[value] = button = QPushButton(literal(title))
            button.setAccessibleName(f"{control.title}: {title}" if control.title else title)
            button.clicked.connect(lambda _=False, value=value: take(value))
        row(*([label(control.title)] if control.title else []), *self.buttons.values(), gap=6, of=self)
        explain(self, control.help)

    def refresh(self, control: Press) -> None:
        for value, button in self.buttons.items():
            button.setText(literal(control.options.get(value, "")))
            button.setEnabled(value in control.options)


class WriteControl(QWidget):
    """A line to type in; what is typed is taken letter by letter."""

    def __init__(self, control: Write, take: Callable[[Any], object], end: Callable[[], object]) -> None:
        super().__init__()
        self.line = QLineEdit()
        self.line.setMaxLength(control.longest)
        self.line.setPlaceholderText(control.hint)
        self.line.setAccessibleName(control.title)
        self.line.textEdited.connect(take)
        self.line.returnPressed.connect(end)
        row(label(control.title), (self.line, 1), gap=10, of=self)
        explain(self.line, control.help)

    def refresh(self, value: str) -> None:
        if self.line.text() != value:
            with QSignalBlocker(self.line):
                self.line.setText(value)
                self.line.setCursorPosition(0)  # a sentence is read from its begin


class LessonControls(QFrame):
    """The controls of one chapter beside each other, by name in `controls`. What is chosen is `chosen`; `played` names
    a slider that is to move by itself, or to stop."""

    chosen = Signal(str, object)
    played = Signal(str)
    written = Signal()
    """What is typed is as it is to be."""
    made = Signal()
    """Other controls stand here than before."""

    def __init__(self, look: Look, framed: bool = True) -> None:
        super().__init__()
        if framed:
            self.setObjectName("card")
        self._look = look
        self._row = row(gap=18, margins=(14, 8, 14, 8) if framed else NOTHING, of=self)
        self._rows: tuple[tuple[type, str], ...] = ()
        self.controls: dict[str, SlideControl | PickControl | PressControl | WriteControl] = {}

    def show_controls(self, controls: Sequence[Control], choices: Choices, playing: str, calm: bool) -> None:
        """Shows controls with what is chosen; they are made anew only where they are others."""
        rows = tuple((type(each), each.name) for each in controls)
        if rows != self._rows:
            self._rows = rows
            self._make(controls)
        for control in controls:
            made = self.controls[control.name]
            match made, control:
                case SlideControl(), Slide():
                    made.refresh(control, choices[control.name], control.name == playing, calm)
                case PickControl(), Pick():
                    made.refresh(control, choices[control.name])
                case PressControl(), Press():
                    made.refresh(control)
                case WriteControl(), Write():
                    made.refresh(choices[control.name])

    def _make(self, controls: Sequence[Control]) -> None:
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.controls = {each.name: self._made(each) for each in controls}
        for each in controls:
            share = each.share if isinstance(each, Write) else int(isinstance(each, Slide))
            self._row.addWidget(self.controls[each.name], share)
        if not any(isinstance(each, Slide | Write) for each in controls):
            self._row.addStretch(1)
        self.made.emit()

    def in_order(self) -> list[QWidget]:
        """What can have the focus, from the left."""
        found: list[QWidget] = []
        for made in self.controls.values():
            match made:
                case SlideControl():
                    found += [made.play, made.slider]
                case PickControl():
                    found += [*made.buttons.values(), *([made.list] if made.list is not None else [])]
                case PressControl():
                    found += made.buttons.values()
                case WriteControl():
                    found.append(made.line)
        return found

    def _made(self, control: Control) -> SlideControl | PickControl | PressControl | WriteControl:
        def take(value: Any) -> None:
            self.chosen.emit(control.name, value)

        match control:
            case Slide():
                return SlideControl(control, self._look, take, lambda: self.played.emit(control.name))
            case Pick():
                return PickControl(control, self._look, take)
            case Press():
                return PressControl(control, take)
            case Write():
                return WriteControl(control, take, self.written.emit)
