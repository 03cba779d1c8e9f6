"""The run form at the right: steps, sampler, seed and samples, each with a line that says what it does."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.messages import SAMPLERS, SamplerInfo
from sedd_studio.parts.controls import Choice, IconButton, LogSlider, Number, label
from sedd_studio.session import Session
from sedd_studio.theme import Theme

MOST_STEPS = 1024
MOST_SAMPLES = 64
MOST_SEED = 2**31 - 1


class RunForm(QFrame):
    """Edits `session.form`. What is typed is taken at once; a run that is going on keeps what it began with."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setObjectName("sidePanel")
        self.setFixedWidth(theme.sizes.side_panel)
        self.slider = LogSlider("Steps, logarithmic", MOST_STEPS)
        self.steps = Number("Steps", 1, MOST_STEPS, theme)
        self.sampler = Choice("Sampler", theme)
        self.seed = Number("Seed", 0, MOST_SEED, theme)
        self.dice = IconButton("dice", "New seed", theme, kind="boxed")
        self.samples = Number("Samples", 1, MOST_SAMPLES, theme)
        self.sampler_help = label(role="help")
        self.dice.setFixedSize(44, theme.sizes.control)
        self._arrange()
        self.slider.valueChanged.connect(lambda: session.set_form(steps=self.slider.number()))
        self.steps.valueChanged.connect(lambda value: session.set_form(steps=value))
        self.sampler.activated.connect(lambda: session.set_form(sampler=self.sampler.currentData()))
        self.seed.valueChanged.connect(lambda value: session.set_form(seed=value))
        self.samples.valueChanged.connect(lambda value: session.set_form(samples=value))
        self.dice.clicked.connect(session.new_seed)
        session.settings_changed.connect(self.refresh)
        session.model_changed.connect(self.refresh)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Draw icons in the colours of `theme`."""
        for part in (self.steps, self.sampler, self.seed, self.dice, self.samples):
            part.set_theme(theme)

    def refresh(self) -> None:
        """Show the session's form."""
        form = self._session.form
        with QSignalBlocker(self.steps), QSignalBlocker(self.seed), QSignalBlocker(self.samples):
            self.steps.setValue(form.steps)
            self.seed.setValue(form.seed)
            self.samples.setValue(form.samples)
        if self.slider.number() != form.steps:
            self.slider.show_number(form.steps)
        self._fill_samplers(form.sampler)

    def offered(self) -> list[SamplerInfo]:
        """The samplers that work with the model's noise; all of them before a model is there."""
        info = self._session.info
        return [sampler for sampler in SAMPLERS if info is None or info.noise in sampler.noises]

    def _fill_samplers(self, chosen: str) -> None:
        offered = self.offered()
        names = [sampler.name for sampler in offered]
        if names != [self.sampler.itemData(row) for row in range(self.sampler.count())]:
            self.sampler.clear()
            for row, sampler in enumerate(offered):
                self.sampler.addItem(sampler.title, sampler.name)
                cost = f"{sampler.summary}\nNetwork calls: {sampler.calls} (N steps, L free tokens)."
                self.sampler.setItemData(row, cost, Qt.ItemDataRole.ToolTipRole)
        row = names.index(chosen) if chosen in names else 0
        self.sampler.setCurrentIndex(row)
        self.sampler_help.setText(offered[row].summary)

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
        column.addSpacing(16)
        self.steps.setFixedWidth(76)
        self._field(column, "Steps", [self.slider, self.steps], "More steps take longer and fit words together better.")
        self._field(column, "Sampler", [self.sampler], self.sampler_help)
        self._field(column, "Seed", [self.seed, self.dice], "The same seed gives the same text again.")
        self._field(column, "Samples", [self.samples], "Texts made side by side from one prompt.")
        column.addStretch(1)

    def _field(self, column: QVBoxLayout, title: str, controls: list[QWidget], help_text: str | QWidget) -> None:
        name = label(title, "strong")
        name.setBuddy(controls[-1] if title == "Steps" else controls[0])
        row = QHBoxLayout()
        row.setSpacing(12)
        for control in controls:
            row.addWidget(control, 0 if isinstance(control, IconButton) else 1)
        help_label = label(help_text, "help") if isinstance(help_text, str) else help_text
        help_label.setWordWrap(True)  # type: ignore[attr-defined]
        column.addWidget(name)
        column.addSpacing(6)
        column.addLayout(row)
        column.addSpacing(6)
        column.addWidget(help_label)
        column.addSpacing(20)
