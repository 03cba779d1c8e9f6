"""The window: makes the widgets and arranges them, nothing else."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QStatusBar,
    QTabBar,
    QWidget,
)

from engine.plain_text import plain_line
from sedd_studio.painting import theme as themes
from sedd_studio.painting.theme import Look, Theme
from sedd_studio.record.trajectory import Trajectory
from sedd_studio.session.recovery import bring_back
from sedd_studio.session.session import Session
from sedd_studio.widgets.canvas.candidates_popover import CandidatesPopover
from sedd_studio.widgets.canvas.example_row import ExampleRow
from sedd_studio.widgets.canvas.selection_bar import SelectionBar
from sedd_studio.widgets.canvas.token_canvas import TokenCanvas
from sedd_studio.widgets.controls.basic import Number, keep_up
from sedd_studio.widgets.controls.dock import Dock
from sedd_studio.widgets.controls.layouts import column, row
from sedd_studio.widgets.controls.preset_choice import PresetChoice
from sedd_studio.widgets.panels.colour_legend import ColourLegend
from sedd_studio.widgets.panels.compare_panel import ComparePanel
from sedd_studio.widgets.panels.error_banner import ErrorBanner
from sedd_studio.widgets.panels.guess_panel import GuessPanel
from sedd_studio.widgets.panels.history_panel import HistoryPanel
from sedd_studio.widgets.panels.job_line import JobLine
from sedd_studio.widgets.panels.likelihood_panel import LikelihoodPanel
from sedd_studio.widgets.panels.model_picker import ModelPicker
from sedd_studio.widgets.panels.noise_picker import NoisePicker
from sedd_studio.widgets.panels.position_panel import PositionPanel
from sedd_studio.widgets.panels.prompt_editor import PromptEditor
from sedd_studio.widgets.panels.queue_panel import QueuePanel
from sedd_studio.widgets.panels.recovery_bar import RecoveryBar
from sedd_studio.widgets.panels.run_form import RunForm
from sedd_studio.widgets.panels.sample_picture import SamplePicture
from sedd_studio.widgets.panels.sample_strip import SampleStrip
from sedd_studio.widgets.panels.status_line import StatusLine
from sedd_studio.widgets.panels.timeline import Timeline
from sedd_studio.widgets.panels.top_bar import TopBar
from sedd_studio.window.doing import score_file, show_settings
from sedd_studio.window.dropping import Dropping
from sedd_studio.window.focus import FocusKeeper, KeyGuard
from sedd_studio.window.menus import RecentFiles, build_actions, build_menus
from sedd_studio.window.services import Services

DOCK_HEIGHT = 260
"""Of a panel at the foot of the window, at first."""


class MainWindow(QMainWindow):
    """Everything on screen. It reads the session and calls it; it keeps no state of its own but the theme."""

    closing = Signal()
    """Told first of all, when the window is asked to close."""

    def __init__(self, services: Services, theme: Theme) -> None:
        super().__init__()
        services.setParent(self)
        self.services: Services = services
        self.session: Session = services.session
        self.settings = services.settings
        self.look = look = Look(theme, self)
        self.resize(1280, 820)
        self.setMinimumSize(860, 560)
        session, view = self.session, self.session.view
        self.canvas: TokenCanvas = TokenCanvas(session.models, view, session.editor, look)
        self.position = PositionPanel(session.runs, services.pointer, services.words, look)
        self.picture = SamplePicture(session.models, view, session.editor, look)
        self.banner = ErrorBanner(session.errors, look)
        self.recovery_bar = RecoveryBar(look)
        self.prompt: PromptEditor = PromptEditor(view, session.editor, look)
        self.timeline = Timeline(view, session.runs, services.words, look)
        self.samples: SampleStrip = SampleStrip(session, services.favourites, services.ranking, look)
        presets = PresetChoice(session.errors, services.presets, look)
        self.run_form = RunForm(session.form, session.models, presets, services.words, look)
        self.picker: ModelPicker = ModelPicker(session.models, services.fetcher, look)
        self.noise_picker = NoisePicker(session.models, services.words, look)
        self.top_bar = TopBar(session, look, self.picker, self.noise_picker)
        self.status_line = StatusLine(session, look)
        self.job_line = JobLine(services.jobs, look)
        self.legend = ColourLegend(services.colouring, look)
        self.likelihood: LikelihoodPanel = LikelihoodPanel(
            session.models, services.scorer, services.ranking, services.colouring, look
        )
        self.compare: ComparePanel = ComparePanel(session, services.comparison, services.jobs, look)
        self.guess: GuessPanel = GuessPanel(session.models, view, services.guesser, look)
        self.history: HistoryPanel = HistoryPanel(session, services.keeper, look)
        self.queue_panel: QueuePanel = QueuePanel(session.models, services.queue, look)
        self._arrange()
        self.docks: dict[str, Dock] = {
            "history": self._dock("history", "History", self.history),
            "likelihood": self._dock("likelihood", "Likelihood", self.likelihood),
            "compare": self._dock("compare", "Compare", self.compare),
            "guess": self._dock("guess", "Best guess", self.guess),
            "queue": self._dock("queue", "Queue", self.queue_panel),
        }
        for one, other in pairwise(self.docks.values()):
            self.tabifyDockWidget(one, other)
        self.first_layout: QByteArray = self.saveState()
        self._name_tabs()
        self.actions_by_name: dict[str, QAction] = build_actions(self)
        build_menus(self.menuBar(), self.actions_by_name, RecentFiles(self.session))
        self.popover = CandidatesPopover(self.canvas, view, session.runs, services.pointer, look, self)
        self.selection_bar = SelectionBar(self.canvas, view, services.alternatives, self.actions_by_name, look)
        self.example_row = ExampleRow(self.canvas, session.examples)
        self.status_line.help.listen(self)
        self._guard, self._focus = KeyGuard(self), FocusKeeper(self, self.canvas)
        self._connect()
        QApplication.styleHints().colorSchemeChanged.connect(self._follow_system)
        self._dropping = Dropping(self, self._open)
        self.canvas.setFocus()

    def _connect(self) -> None:
        """What one part of the window says goes to the others."""
        services, colouring = self.services, self.services.colouring
        colouring.changed.connect(lambda: self.canvas.set_shares(colouring.shares()))
        self.history.compared.connect(self._compare)
        self.likelihood.file_wanted.connect(lambda: score_file(self))
        self.recovery_bar.wanted.connect(lambda left: bring_back(services.session, left))
        self.top_bar.run_button.aimed.connect(self.canvas.set_dimmed)
        for part in (self.canvas, self.picture):
            part.pointed.connect(services.pointer.point_at)
        self.top_bar.device.clicked.connect(lambda: show_settings(self, "device"))
        self.prompt.submitted.connect(self.session.runs.start)
        self.session.editor.typed.add(self._take_numbers)
        keep_up(self._title, self.session.pages.named, self.session.view.changed)
        self.canvas.zoom_changed.connect(lambda zoom: services.settings.set("zoom", zoom))

    def set_theme(self, theme: Theme) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            themes.apply(app, theme)
        self.look.change(theme)

    def _title(self) -> None:
        """The file's name, or how the prompt begins."""
        prompt = plain_line(self.session.view.prompt)
        name = plain_line(self.session.pages.name) or (f"{prompt[:40].rstrip()} …" if len(prompt) > 40 else prompt)
        name = name.replace("[*]", "[*][*]")  # once, it would stand for a document that was changed
        self.setWindowTitle(f"{name} - SEDD Studio" if name else "SEDD Studio")

    def _take_numbers(self) -> bool:
        """Has numbers taken that are being typed."""
        refused = [number for number in self.findChildren(Number) if not number.take()]
        if refused:
            self.session.errors.show(refused[0].refusal)
        return not refused

    def show_dock(self, dock: QDockWidget) -> None:
        """Show a panel, in front of those that it shares its place with."""
        dock.show()
        dock.raise_()
        self._name_tabs()

    def _name_tabs(self) -> None:
        """Qt makes the tabs of docks by itself, without a name for those who hear the window."""
        for bar in self.findChildren(QTabBar):
            bar.setAccessibleName("Panels")

    def _dock(self, name: str, title: str, panel: QWidget) -> Dock:
        """A panel at the foot of the window, closed at first."""
        dock = Dock(name, title, panel, self.look, self)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
        self.resizeDocks([dock], [DOCK_HEIGHT], Qt.Orientation.Vertical)
        dock.hide()
        return dock

    def _compare(self, runs: list[Trajectory]) -> None:
        self.services.comparison.show_runs(runs)
        self.show_dock(self.docks["compare"])

    def _follow_system(self) -> None:
        if self.settings["theme"] == "system":
            self.set_theme(themes.system_theme())

    def _open(self, path: str) -> None:
        from sedd_studio.window.opening import open_path  # not before the window is painted

        open_path(self.session, path)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        self.services.end()
        super().closeEvent(event)

    def _arrange(self) -> None:
        sizes = self.look.sizes
        page, whole = QWidget(), QWidget()
        page.setObjectName("canvasColumn")
        above = (self.recovery_bar, self.banner, self.prompt)
        below = (self.legend, self.samples, self.timeline)
        column(*above, (self.canvas, 1), (self.picture, 1), *below, gap=sizes.gap, margins=(sizes.margin,) * 4, of=page)
        side = column((self.run_form, 1), self.position, gap=0)
        column(self.top_bar, (row((page, 1), side, gap=0), 1), gap=0, of=whole)
        self.setCentralWidget(whole)
        foot = QStatusBar()
        foot.setSizeGripEnabled(False)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.addWidget(self.status_line, 1)
        foot.addPermanentWidget(self.job_line)
        self.setStatusBar(foot)
