"""The run form at the right: steps, sampler, seed and samples, each with a line that says what it does; more folded."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from engine.protocol.sampler_table import SAMPLERS, SamplerInfo, samplers_for
from sedd_studio.painting.theme import Theme
from sedd_studio.session.presets import Presets
from sedd_studio.session.session import MOST_SEED, Session
from sedd_studio.widgets.controls.advanced import Advanced
from sedd_studio.widgets.controls.basic import Choice, Decimal, IconButton, LogSlider, Number, label
from sedd_studio.widgets.controls.form import add_field
from sedd_studio.widgets.controls.preset_choice import PresetChoice

MORE_STEPS = "More steps take longer and fit words together better."
EACH_A_STEP = "From left to right each free token is a step."
MOST_STEPS = 1024
MOST_SAMPLES = 64


class RunForm(QFrame):
    """Edits `session.form`. What is typed is taken at once; a run that is going on keeps what it began with."""

    def __init__(self, session: Session, presets: Presets, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self.setObjectName("sidePanel")
        self.setFixedWidth(theme.sizes.side_panel)
        self.presets = PresetChoice(session, presets, theme)
        self.slider = LogSlider("Steps, logarithmic", MOST_STEPS)
        self.steps = Number("Steps", 1, MOST_STEPS, theme)
        self.sampler = Choice("Sampler", theme)
        self.options: dict[str, Decimal] = {}
        self._numbers = QWidget()
        self._option_fields: list[QWidget] = []
        self.seed = Number("Seed", 0, MOST_SEED, theme)
        self.dice = IconButton("dice", "New seed", theme, kind="boxed")
        self.samples = Number("Samples", 1, MOST_SAMPLES, theme)
        self.steps_help, self.sampler_help = label(role="help"), label(role="help")
        self.more = IconButton("chevron-right", "Show more settings", theme, "More", "disclosure")
        self.more.setCheckable(True)
        self.advanced = Advanced(session, theme)
        self.dice.setFixedSize(44, theme.sizes.control)
        self._arrange()
        self.slider.valueChanged.connect(lambda: session.set_form(steps=self.slider.number()))
        self.steps.valueChanged.connect(lambda value: session.set_form(steps=value))
        self.sampler.activated.connect(lambda: session.set_form(sampler=self.sampler.currentData()))
        self.seed.valueChanged.connect(lambda value: session.set_form(seed=value))
        self.samples.valueChanged.connect(lambda value: session.set_form(samples=value))
        self.dice.clicked.connect(session.new_seed)
        self.more.toggled.connect(self._disclose)
        session.settings_changed.connect(self.refresh)
        session.model_changed.connect(self.refresh)
        self._disclose(False)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Draw icons in the colours of `theme`."""
        self._theme = theme
        for part in (
            self.presets,
            self.steps,
            self.sampler,
            self.seed,
            self.dice,
            self.samples,
            self.more,
            self.advanced,
        ):
            part.set_theme(theme)
        for field in self.options.values():
            field.set_theme(theme)

    def refresh(self) -> None:
        """Show the session's form."""
        form = self._session.form
        with QSignalBlocker(self.steps), QSignalBlocker(self.seed), QSignalBlocker(self.samples):
            self.steps.setValue(form.steps)
            self.seed.setValue(form.seed)
            self.samples.setValue(form.samples)
        if self.slider.number() != form.steps:
            self.slider.show_number(form.steps)
        info = self._session.info
        by_steps = info is None or info.noise != "none"
        self.steps_help.setText(MORE_STEPS if by_steps else EACH_A_STEP)
        for part in (self.slider, self.steps):
            part.setEnabled(by_steps)
        self._fill_samplers(form.sampler)
        changed = self.advanced.changed() + sum(
            form.options.get(option.name, option.default) != option.default for option in self._sampler().options
        )
        self.more.setText(f"More · {changed} changed" if changed else "More")

    def offered(self) -> list[SamplerInfo]:
        """The samplers that work with the model's noise; all of them before a model is there."""
        info = self._session.info
        return list(SAMPLERS) if info is None else samplers_for(info.noise)

    def _fill_samplers(self, chosen: str) -> None:
        offered = self.offered()
        names = [sampler.name for sampler in offered]
        if names != [self.sampler.itemData(row) for row in range(self.sampler.count())]:
            self.sampler.clear()
            for row, sampler in enumerate(offered):
                self.sampler.addItem(sampler.title, sampler.name)
                cost = f"{sampler.summary}\nNetwork calls: {sampler.calls} (N steps, L free tokens)."
                self.sampler.setItemData(row, cost, Qt.ItemDataRole.ToolTipRole)
        self.sampler.setCurrentIndex(names.index(chosen) if chosen in names else 0)
        self.sampler_help.setText(self._sampler().summary)
        self._show_options(self._sampler())

    def _sampler(self) -> SamplerInfo:
        """The sampler on show."""
        return self.offered()[self.sampler.currentIndex()]

    def _show_options(self, sampler: SamplerInfo) -> None:
        """Fields for the numbers that the sampler takes."""
        if list(self.options) != [option.name for option in sampler.options]:
            for field in self._option_fields:
                field.deleteLater()
            self._option_fields.clear()
            self.options = {option.name: self._option_field(option.name, sampler) for option in sampler.options}
        for option in sampler.options:
            number = self.options[option.name]
            with QSignalBlocker(number):
                number.setValue(self._session.form.options.get(option.name, option.default))

    def _option_field(self, name: str, sampler: SamplerInfo) -> Decimal:
        option = next(option for option in sampler.options if option.name == name)
        field = Decimal(name.capitalize(), option.low, option.high, self._theme)
        field.valueChanged.connect(
            lambda value: self._session.set_form(options={**self._session.form.options, name: round(value, 2)})
        )
        self._option_fields.append(add_field(self._options_column, name.capitalize(), [field], option.summary))
        return field

    def _disclose(self, shown: bool) -> None:
        self._numbers.setVisible(shown)
        self.advanced.setVisible(shown)
        self.more.set_icon("chevron-down" if shown else "chevron-right", self._theme)
        self.more.set_name("Show fewer settings" if shown else "Show more settings")

    def _arrange(self) -> None:
        fields = QWidget()
        fields.setObjectName("fields")
        scroll = QScrollArea()
        scroll.setWidget(fields)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
        column = QVBoxLayout(fields)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(0)
        column.addWidget(label("RUN", "section"))
        column.addSpacing(12)
        column.addWidget(self.presets)
        column.addSpacing(18)
        self.steps.setFixedWidth(76)
        add_field(column, "Steps", [self.slider, self.steps], self.steps_help)
        add_field(column, "Sampler", [self.sampler], self.sampler_help)
        add_field(column, "Seed", [self.seed, self.dice], "The same seed gives the same text again.")
        add_field(column, "Samples", [self.samples], "Texts made side by side from one prompt.")
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(12)
        self._options_column = QVBoxLayout(self._numbers)
        self._options_column.setContentsMargins(0, 0, 0, 0)
        self._options_column.setSpacing(0)
        column.addWidget(self._numbers)
        column.addWidget(self.advanced)
        column.addStretch(1)
