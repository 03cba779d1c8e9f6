"""The run form at the right: steps, sampler, seed and samples, each with a line that says what it does; more folded."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QWidget

from engine.protocol.option_kinds import Numbers
from engine.protocol.options import ENTRIES
from engine.protocol.sampler_table import SAMPLERS, SamplerInfo, SamplerOption, samplers_for
from sedd_studio.painting.theme import Look
from sedd_studio.session.current_form import CurrentForm
from sedd_studio.session.models import Models
from sedd_studio.widgets.controls.basic import Choice, IconButton, LogSlider, keep_up, label
from sedd_studio.widgets.controls.layouts import Field, column, scrolled
from sedd_studio.widgets.controls.option_fields import Control, OptionFields, control_for, show_entry
from sedd_studio.widgets.controls.preset_choice import PresetChoice

SLIDER_STEPS = 1024
"""More are typed."""
EACH_A_STEP = "From left to right each free token is a step."
FOLDED = [name for name, row in ENTRIES.items() if not row.main and not isinstance(row.kind, Numbers)]


class RunForm(QFrame):
    """Edits the form. What is typed is taken at once; a run that is going on keeps what it began with.

    `main` and `folded` are the options of the table, `options` the numbers of the sampler on show.
    """

    def __init__(self, form: CurrentForm, models: Models, presets: PresetChoice, look: Look) -> None:
        super().__init__()
        self._form, self._models, self._look = form, models, look
        self.setObjectName("sidePanel")
        self.setFixedWidth(look.sizes.side_panel)
        self.presets = presets
        self.main = OptionFields(form, models, [name for name, row in ENTRIES.items() if row.main], look)
        self.folded = OptionFields(form, models, FOLDED, look)
        sampler = self.main.controls["sampler"]
        assert isinstance(sampler, Choice)
        self.sampler = sampler
        self.slider = LogSlider("Steps, logarithmic", SLIDER_STEPS)
        self.dice = IconButton("dice", "New seed", look, form.new_seed, kind="boxed")
        self.options: dict[str, Control] = {}
        self._numbers = QWidget()
        self.more = IconButton("chevron-right", "Show more settings", look, text="More", kind="disclosure")
        self._arrange()
        self.slider.valueChanged.connect(lambda: form.set(steps=self.slider.number()))
        self.more.toggled.connect(self._disclose)
        self._disclose(False)
        keep_up(self.refresh, form.changed, models.changed)

    def refresh(self) -> None:
        form, info = self._form.now, self._models.info
        if self.slider.number() != form.steps:
            self.slider.show_number(form.steps)
        by_steps = info is None or info.noise in ENTRIES["steps"].noises
        self.slider.setEnabled(by_steps)
        self.main.fields["steps"].help.setText(ENTRIES["steps"].help if by_steps else EACH_A_STEP)
        self._fill_samplers(form.sampler)
        changed = self.folded.changed() + sum(
            form.options.get(option.name, option.default) != option.default for option in self._sampler().options
        )
        self.more.setText(f"More · {changed} changed" if changed else "More")

    def offered(self) -> list[SamplerInfo]:
        """The samplers that work with the model's noise; all of them before a model is there."""
        info = self._models.info
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
        self.main.fields["sampler"].help.setText(self._sampler().summary)
        self._show_options(self._sampler())

    def _sampler(self) -> SamplerInfo:
        return self.offered()[self.sampler.currentIndex()]

    def _show_options(self, sampler: SamplerInfo) -> None:
        """Fields for the numbers that the sampler takes."""
        if list(self.options) != [option.name for option in sampler.options]:
            for field in self._numbers.findChildren(Field):
                field.deleteLater()
            self.options = {option.name: self._number_for(option) for option in sampler.options}
        for option in sampler.options:
            show_entry(self.options[option.name], self._form.now.options.get(option.name, option.default))

    def _number_for(self, option: SamplerOption) -> Control:
        title = option.name.capitalize()
        number = control_for(title, option.kind, self._look, partial(self._take_number, option.name))
        self._numbers_column.addWidget(Field(title, number, option.summary))
        return number

    def _take_number(self, name: str, number: float) -> None:
        self._form.set(options={**self._form.now.options, name: number})

    def _disclose(self, shown: bool) -> None:
        self._numbers.setVisible(shown)
        self.folded.setVisible(shown)
        self.more.disclose(shown, "Show fewer settings" if shown else "Show more settings")

    def _arrange(self) -> None:
        fields = QWidget()
        fields.setObjectName("fields")
        scroll = scrolled(fields)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column(scroll, gap=0, of=self)
        self.main.controls["steps"].setFixedWidth(76)
        self.main.fields["steps"].row.insertWidget(0, self.slider, 1)
        self.dice.setFixedSize(44, self._look.sizes.control)
        self.main.fields["seed"].row.addWidget(self.dice)
        self._numbers_column = column(gap=0, of=self._numbers)
        head = (label("RUN", "section"), 12, self.presets, 18)
        parts = (self.main, self.more, 12, self._numbers, self.folded, None)
        whole = column(*head, *parts, gap=0, margins=(20, 20, 20, 20), of=fields)
        whole.setAlignment(self.more, Qt.AlignmentFlag.AlignLeft)
