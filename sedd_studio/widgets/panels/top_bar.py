"""The top bar: the model, what drives a run, and what the run will use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, Signal
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame

from sedd_studio.painting.theme import Look
from sedd_studio.widgets.controls.basic import keep_up, literal
from sedd_studio.widgets.controls.buttons import PushButton
from sedd_studio.widgets.controls.entry_chips import SamplesChip, SeedChip
from sedd_studio.widgets.controls.helping import explain
from sedd_studio.widgets.controls.layouts import row
from sedd_studio.widgets.controls.menu_button import MenuButton, Picker

if TYPE_CHECKING:
    from sedd_studio.session.session import Session

RUN_WIDTHS = (180, 112)
"""Room for "Filling 256 tokens" and, where that is short, for "Fill 256"."""
PAUSE_WIDTH = 88
"""Room for "Pause", so that nothing moves when the button says "Go on"."""
LINE = 3
"""Pixels of the line at the foot of the button that shows how far a run is, and of the room round it."""
TIGHTEST = 5
"""How often the bar can be made narrower."""
LEAST_NAME = 90
"""Pixels of the model's name that stay, at least, in the tightest bar."""


class RunButton(PushButton):
    """Says how many tokens a run fills, and is its progress bar; `aimed` is told when the pointer, which may press it,
    comes and goes."""

    aimed = Signal(bool)

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__("Run", "play", look, session.runs.start, primary=True)
        self._session, self._look = session, look
        self.short = False
        self.share = 0.0
        self.clicked.connect(lambda: self.aimed.emit(False))  # it is done, and is to be watched

    def refresh(self) -> None:
        session = self._session
        running, run, locked = session.runs.running, session.view.run, session.view.document.locked
        count = run.free if running and run is not None else int((~locked).sum())
        tokens = f"{count} {'token' if count == 1 else 'tokens'}"
        whole = f"{'Filling' if running else 'Fill'} {tokens}"
        if session.runs.awaits_model:
            whole = "Fill when loaded"
        self.setText(f"Fill {count}" if self.short else whole)
        self.setAccessibleName(f"Run: {whole.lower()}")
        self.setEnabled(session.models.ready or session.models.loading)
        self._show_share(session.runs.progress.share if running else 0.0)
        held = int(locked.sum())
        stays = f"; the {held} locked ones stay" if held else ""
        explain(self, f"Writes {tokens}{stays} (Ctrl+Enter).")

    def _show_share(self, share: float) -> None:
        if share != self.share:
            self.share = share
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.share:
            line = QRectF(LINE, self.height() - 2 * LINE, self.share * (self.width() - 2 * LINE), LINE)
            with QPainter(self) as painter:
                painter.fillRect(line, self._look.colour("on_accent"))

    def shorten(self, short: bool) -> None:
        self.short = short
        self.setFixedWidth(RUN_WIDTHS[short])
        self.refresh()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.aimed.emit(True)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.aimed.emit(False)


class TopBar(QFrame):
    """Run, Pause, Step and Stop in the middle; the pickers, made by the window, at the left; at the right the seed, the
    number of samples and the device, whose button the window connects. Each is in the window only here."""

    def __init__(self, session: Session, look: Look, picker: Picker, noise: MenuButton) -> None:
        super().__init__()
        self._session = session
        self._fitted: tuple[object, ...] = ()
        self.setObjectName("topBar")
        self.picker, self.noise = picker, noise
        self.run_button = RunButton(session, look)
        self.pause = PushButton("Pause", "pause", look, session.pausing.toggle)
        self.step = PushButton("Step", "step", look, session.pausing.step)
        self.stop = PushButton("Stop", "stop", look, session.stop)
        self.seed = SeedChip(session.form, look)
        self.samples = SamplesChip(session.form, look)
        self.device = PushButton("Device", "chip", look)
        explain(self.device, "What the model runs on, and in which precision; opens the settings of both.")
        left = row(picker, noise, None, gap=8)
        middle = row(self.run_button, self.pause, self.step, self.stop, gap=8)
        right = row(None, self.seed, self.samples, self.device, gap=8)
        self._line = row((left, 1), middle, (right, 1), gap=10, margins=(12, 9, 12, 9), of=self)
        told = (session.models, session.runs, session.view, session.form, session.reader)
        keep_up(self.refresh, *(part.changed for part in told))

    def refresh(self) -> None:
        session, info = self._session, self._session.models.info
        running, paused = session.runs.running, session.runs.paused
        self.run_button.refresh()
        self.pause.setAccessibleName("Go on" if paused else "Pause")
        self.pause.sign.show("play" if paused else "pause")
        self.pause.setEnabled(running)
        self.step.setEnabled(running or session.playhead.step < session.playhead.recorded)
        self.stop.setEnabled(running or session.runs.awaits_model or session.reader.busy)
        self.noise.setVisible(info is not None)
        self.device.setVisible(info is not None)
        if info is not None:
            self.device.setAccessibleName(f"Device: {info.device.upper()} · {info.precision}")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fitted = ()  # how wide things are is known only now that they are dressed
        self._fit()

    def _fit(self) -> None:
        """Makes it as narrow as the window needs, and no narrower."""
        fitted = (
            self.width(),
            self.picker.whole,
            self.noise.whole,
            self.device.accessibleName(),
            self.pause.accessibleName(),
        )
        if fitted == self._fitted:
            return
        self._fitted = fitted
        for tightness in range(TIGHTEST + 1):
            self._tighten(tightness)
            for chip in (self.seed, self.samples):
                fields = chip.layout()
                assert fields is not None
                fields.invalidate()
                chip.updateGeometry()
            self._line.activate()  # else it goes by what its parts were
            if self._line.sizeHint().width() <= self.width():
                break

    def _tighten(self, tightness: int) -> None:
        """0: all is said; then facts of the model, the long name of the noise, texts of buttons, names of what is known
        by its place, are not."""
        self.picker.shorten(tightness > 0)
        self.noise.shorten(tightness > 1)
        for button in (self.pause, self.step, self.stop):
            button.setText("" if tightness > 2 else button.accessibleName())
            button.setToolTip(button.accessibleName())
        self.pause.setMinimumWidth(0 if tightness > 2 else PAUSE_WIDTH)
        for part in (self.seed, self.samples, self.run_button):
            part.shorten(tightness > 3)
        self.picker.setMinimumWidth(LEAST_NAME if tightness > 4 else 0)
        device, _, precision = self.device.accessibleName().removeprefix("Device: ").partition(" · ")
        self.device.setText(literal(device if tightness > 4 else f"{device} · {precision}"))
