"""The window: makes the widgets and arranges them, nothing else."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QStackedWidget, QStatusBar, QWidget

from engine.plain_text import plain_line
from engine.runs.trajectory import Trajectory
from sedd_studio.painting import theme as themes
from sedd_studio.painting.theme import Look, Theme
from sedd_studio.record.previews import shortened
from sedd_studio.session.recovery import bring_back
from sedd_studio.session.session import Session
from sedd_studio.widgets.canvas.candidates_popover import CandidatesPopover
from sedd_studio.widgets.canvas.example_row import ExampleRow
from sedd_studio.widgets.canvas.selection_bar import SelectionBar
from sedd_studio.widgets.canvas.token_canvas import TokenCanvas
from sedd_studio.widgets.controls.basic import Number, keep_up
from sedd_studio.widgets.controls.later import Later
from sedd_studio.widgets.controls.layouts import column, row
from sedd_studio.widgets.controls.preset_choice import PresetChoice
from sedd_studio.widgets.controls.rail import Rail
from sedd_studio.widgets.controls.side_panel import SidePanel
from sedd_studio.widgets.panels.colour_legend import ColourLegend
from sedd_studio.widgets.panels.document_bar import DocumentBar
from sedd_studio.widgets.panels.error_banner import ErrorBanner
from sedd_studio.widgets.panels.job_line import JobLine
from sedd_studio.widgets.panels.model_picker import ModelPicker
from sedd_studio.widgets.panels.noise_picker import NoisePicker
from sedd_studio.widgets.panels.prompt_editor import PromptEditor
from sedd_studio.widgets.panels.recovery_bar import RecoveryBar
from sedd_studio.widgets.panels.run_form import RunForm
from sedd_studio.widgets.panels.sample_picture import SamplePicture
from sedd_studio.widgets.panels.sample_strip import SampleStrip
from sedd_studio.widgets.panels.status_line import StatusLine
from sedd_studio.widgets.panels.timeline import Timeline
from sedd_studio.widgets.panels.top_bar import TopBar
from sedd_studio.window.doing import show_settings
from sedd_studio.window.dropping import Dropping
from sedd_studio.window.focus import FocusKeeper, KeyGuard
from sedd_studio.window.menus import RecentFiles, build_actions, build_menus
from sedd_studio.window.page_names import STUDIO, USUAL
from sedd_studio.window.panels import BESIDE, PAGES, PANELS, Panel
from sedd_studio.window.places import Places
from sedd_studio.window.services import Services
from sedd_studio.window.side_column import SideColumn


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
        self.setMinimumSize(900, 560)
        session, view = self.session, self.session.view
        self.canvas: TokenCanvas = TokenCanvas(session.models, view, session.editor, look)
        self.picture = SamplePicture(session.models, view, session.editor, look)
        self.banner = ErrorBanner(session.errors, look)
        self.recovery_bar = RecoveryBar(look)
        self.prompt: PromptEditor = PromptEditor(view, session.editor, session.questions, look)
        self.timeline: Timeline = Timeline(view, session.runs, services.words, look)
        self.samples: SampleStrip = SampleStrip(session, services.favourites, services.ranking, services.words, look)
        presets = PresetChoice(session.errors, services.presets, look)
        self.run_form = RunForm(session.form, session.models, presets, services.words, look)
        self.picker: ModelPicker = ModelPicker(session.models, look)
        self.noise_picker = NoisePicker(session.models, services.words, look)
        self.top_bar: TopBar = TopBar(session, look, self.picker, self.noise_picker)
        self.status_line = StatusLine(session, services.words, look)
        self.job_line, self.download_line = JobLine(services.jobs, look), JobLine(services.downloads, look)
        self.legend = ColourLegend(services.colouring, services.words, look)
        self.document_bar = DocumentBar(
            session.pages, services.colouring, self.legend, self.prompt.toggle, services.words, look
        )
        panels = {name: self._later(panel) for name, panel in PANELS.items()}
        self._stack = QStackedWidget()
        self.studio = self._studio()
        self._stack.addWidget(self.studio)
        self.places: Places = Places(panels, self._stack, self.side_panel)
        menu = QMenu(self)
        self.actions_by_name: dict[str, QAction] = build_actions(self)
        build_menus(menu, self.actions_by_name, RecentFiles(self.session))
        titles = {STUDIO: ("Studio", "page")} | {name: (PANELS[name].title, PANELS[name].icon) for name in PAGES}
        foot = {"question": self.actions_by_name["shortcuts"], "gear": self.actions_by_name["settings"]}
        self.rail: Rail = Rail(titles, menu, foot, look)
        self._arrange()
        look.dress(*self.places.pages.values(), later=True)
        look.dress(self.canvas_column, self._side_column, self.rail, self.top_bar, self.recovery_bar, self.banner)
        look.dress(self.statusBar(), menu)
        self.popover = CandidatesPopover(self.canvas, view, session.runs, services.pointer, look, self)
        look.dress(self.popover)
        self.selection_bar = SelectionBar(self.canvas, view, services.alternatives, self.actions_by_name, look)
        self.example_row = ExampleRow(self.canvas, session.examples)
        self.status_line.help.listen(self)
        kept: list[QWidget] = [panel for name, panel in panels.items() if name != USUAL]
        self._guard, self._focus = KeyGuard(self), FocusKeeper(self, self.canvas, kept)
        self._connect()
        QApplication.styleHints().colorSchemeChanged.connect(self._follow_system)
        self._dropping = Dropping(self, self.open)
        self.canvas.setFocus()

    def _connect(self) -> None:
        """What one part of the window says goes to the others."""
        services, colouring = self.services, self.services.colouring
        colouring.changed.connect(
            lambda: self.canvas.set_shares(colouring.shares(), colouring.notes(), colouring.arcs())
        )
        keep_up(lambda: services.influencer.see(self.canvas.seen), self.canvas.moved)
        self.rail.chosen.connect(self.places.show_page)
        self.picker.clicked.connect(lambda: self.places.toggle("models"))
        keep_up(self._follow_places, self.places.changed)
        self.session.view.run_changed.connect(self._show_text)
        self.recovery_bar.wanted.connect(lambda left: bring_back(services.session, services.queue, left))
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

    def _later(self, panel: Panel) -> Later[QWidget]:
        """The place of a panel that is made when it is wanted."""

        def whole() -> QWidget:
            made = panel.make(self)
            self._dropping.watch(made)
            return made

        return Later(whole)

    def panel(self, name: str) -> Any:
        """A panel of `PANELS`; it is made if it was not wanted before."""
        return self.places.widgets[name].made

    def _follow_places(self) -> None:
        self.rail.show_page(self.places.page)
        self.top_bar.setVisible(self.places.page == STUDIO or PANELS[self.places.page].has_bar)
        self.status_line.show_hint(self.places.page == STUDIO)
        self._side_column.make_room(usual=self.places.beside == USUAL)

    def _show_text(self) -> None:
        """Another run is on show: its text is wanted, unless all of it is seen at once already."""
        if self.places.page == STUDIO or not PANELS[self.places.page].of_run:
            self.places.show_page(STUDIO)

    def _title(self) -> None:
        """The file's name, or how the prompt begins."""
        name = plain_line(self.session.pages.name) or shortened(self.session.view.prompt, 40)
        name = name.replace("[*]", "[*][*]")  # once, it would stand for a document that was changed
        self.setWindowTitle(f"{name} - SEDD Studio" if name else "SEDD Studio")

    def _take_numbers(self) -> bool:
        """Has numbers taken that are being typed."""
        refused = [number for number in self.findChildren(Number) if not number.take()]
        if refused:
            self.session.errors.show(refused[0].refusal)
        return not refused

    def show_panel(self, name: str) -> None:
        """Show a panel where it opens."""
        self.places.show(name)

    def compare(self, runs: list[Trajectory]) -> None:
        """Shows runs beside each other."""
        self.services.comparison.show_runs(runs)
        self.show_panel("compare")

    def _follow_system(self) -> None:
        if self.settings["theme"] == "system":
            self.set_theme(themes.system_theme())

    def open(self, path: str) -> None:
        """Opens what lies at a path; a model that is not here and that the hub may have is offered for download."""
        from sedd_studio.window.opening import named_on_hub, open_path  # not before the window is painted

        if name := named_on_hub(path):
            self.places.show_page("models")
            self.services.shelf.offer(name)
        else:
            open_path(self.session, path)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.timeline.fit()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        self.services.end()
        super().closeEvent(event)

    def _studio(self) -> QWidget:
        """The page with the canvas, and beside it the form above a panel."""
        sizes = self.look.sizes
        self.canvas_column = text = QWidget()
        studio = QWidget()
        text.setObjectName("canvasColumn")
        parts = (self.document_bar, self.prompt, (self.canvas, 1), (self.picture, 1), self.samples, self.timeline)
        column(*parts, gap=8, margins=(sizes.margin, 8, sizes.margin, 10), of=text)
        self.side_panel = SidePanel({name: PANELS[name].title for name in BESIDE}, self.look)
        self._side_column = SideColumn(self.run_form, self.side_panel, sizes.side_panel)
        row((text, 1), self._side_column, gap=0, of=studio)
        return studio

    def _arrange(self) -> None:
        whole = QWidget()
        right = column(self.top_bar, (self._stack, 1), gap=0)
        row(self.rail, (right, 1), gap=0, of=whole)
        self.setCentralWidget(whole)
        offer, banner, device = self.recovery_bar, self.banner, self.top_bar.device
        offer.lie_over(self._stack, (self.timeline,), device, offer.restore_button, offer.dismiss_button)
        parts = (banner.details, banner.close_button, banner.detail_text)
        banner.lie_over(self._stack, (offer, self.timeline), offer.dismiss_button, *parts)
        banner.refresh()
        foot = QStatusBar()
        foot.setSizeGripEnabled(False)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.addWidget(self.status_line, 1)
        for line in (self.download_line, self.job_line):
            foot.addPermanentWidget(line)
        self.setStatusBar(foot)
