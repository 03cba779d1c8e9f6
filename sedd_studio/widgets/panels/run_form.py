"""The run form at the right: preset, steps, sampler and how tokens are drawn, titles at the left; more folded."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from engine.protocol.option_kinds import Numbers
from engine.protocol.options import ENTRIES
from engine.protocol.sampler_table import SAMPLERS, SamplerInfo, SamplerOption, samplers_for
from sedd_studio.painting.theme import Look
from sedd_studio.session.current_form import CurrentForm
from sedd_studio.session.models import Models
from sedd_studio.session.vocabulary import Vocabulary
from sedd_studio.widgets.controls.basic import Choice, Elided, keep_up
from sedd_studio.widgets.controls.buttons import IconButton
from sedd_studio.widgets.controls.layouts import GAP, Field, Sheet, column, row
from sedd_studio.widgets.controls.option_fields import IN_TOP_BAR, Control, OptionFields, control_for, show_entry
from sedd_studio.widgets.controls.preset_choice import PresetChoice

SHOWN = ("steps", "sampler", "spacing", "temperature", "top_p", "label", "guidance")
FOLDED = [
    name for name, entry in ENTRIES.items() if name not in SHOWN + IN_TOP_BAR and not isinstance(entry.kind, Numbers)
]
SIDE = 16
LEAST = 4
"""Fields that are seen at once, at least, while the form is not folded."""


class RunForm(QFrame):
    """Edits the form. What is typed is taken at once; a run that is going on keeps what it began with.

    `main` and `folded` are the options of the table, `options` the numbers of the sampler on show. `head` folds all of
    it to one line.
    """

    def __init__(self, form: CurrentForm, models: Models, presets: PresetChoice, words: Vocabulary, look: Look) -> None:
        super().__init__()
        self._form, self._models, self._words, self._look = form, models, words, look
        self.setObjectName("runForm")
        self.setFixedWidth(look.sizes.side_panel)
        self.presets = presets
        self.main = OptionFields(form, models, words, SHOWN, look)
        self.folded = OptionFields(form, models, words, FOLDED, look)
        sampler = self.main.controls["sampler"]
        assert isinstance(sampler, Choice)
        self.sampler = sampler
        self.options: dict[str, Control] = {}
        self._helps: dict[str, str] = {}
        self.head = IconButton("chevron-down", "Fold the run form", look, text="RUN", kind="disclosure")
        self.summary = Elided("help")
        place = self.summary.sizePolicy()
        place.setRetainSizeWhenHidden(True)
        self.summary.setSizePolicy(place)
        self._numbers, self._fields = QWidget(), QWidget()
        self.more = IconButton("chevron-right", "Show more settings", look, text="More", kind="disclosure")
        self._arrange()
        self.head.toggled.connect(lambda shown: self.set_folded(not shown))
        self.more.toggled.connect(self._disclose)
        self._disclose(False)
        self.set_folded(False)
        keep_up(self.refresh, form.changed, models.changed, words.changed)

    def refresh(self) -> None:
        form, info = self._form.now, self._models.info
        self._fill_samplers()
        self.main.refresh()
        self.folded.refresh()
        self._show_options(self._sampler())
        changed = self.folded.changed() + sum(
            form.options.get(option.name, option.default) != option.default for option in self._sampler().options
        )
        inside = [
            self._words.say(ENTRIES[name].title).lower()
            for name, field in self.folded.fields.items()
            if not field.isHidden()
        ]
        self.more.setText(f"More · {changed} changed" if changed else f"More: {', '.join(inside)}")
        steps = () if info is not None and "steps" in info.kind.fixed else (f"{form.steps} steps",)
        temperature = self._words.say("temp. {temperature:.2f}", temperature=form.temperature)
        classes = (f"class {form.label}",) if form.label >= 0 and info is not None and info.classes else ()
        self.summary.show_text(" · ".join((self.sampler.currentText(), *steps, temperature, *classes)))

    def set_folded(self, folded: bool) -> None:
        """Leaves one line of it, which says what it holds; or shows all again."""
        self._scroll.setHidden(folded)
        self.summary.setVisible(folded)
        self.head.setChecked(not folded)
        self.head.disclose(not folded, "Show the run form" if folded else "Fold the run form")
        upright = QSizePolicy.Policy.Fixed if folded else QSizePolicy.Policy.Preferred
        self.setSizePolicy(QSizePolicy.Policy.Preferred, upright)

    def sizeHint(self) -> QSize:
        return self._size(self._fields.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self._size(LEAST * (self._look.sizes.control + GAP))

    @property
    def whole_height(self) -> int:
        """Pixels that it takes, without the settings that are folded out on wish."""
        more = sum(part.sizeHint().height() for part in (self._numbers, self.folded) if not part.isHidden())
        return self._line.sizeHint().height() + self._fields.sizeHint().height() - more

    def _size(self, fields: int) -> QSize:
        head = self._line.sizeHint().height()
        return QSize(self._look.sizes.side_panel, head + (0 if self._scroll.isHidden() else fields))

    def offered(self) -> list[SamplerInfo]:
        """The samplers that work with the model's noise; all of them before a model is there."""
        info = self._models.info
        return list(SAMPLERS) if info is None else samplers_for(info.noise)

    def _fill_samplers(self) -> None:
        offered = self.offered()
        titles = [self._words.say(sampler.title) for sampler in offered]
        if titles != [self.sampler.itemText(row) for row in range(self.sampler.count())]:
            self.sampler.clear()
            for row, (sampler, title) in enumerate(zip(offered, titles, strict=True)):
                self.sampler.addItem(title, sampler.name)
                told = "{summary}\nNetwork calls: {calls} (N steps, L free tokens)."
                cost = self._words.say(told, summary=sampler.summary, calls=sampler.calls)
                self.sampler.setItemData(row, cost, Qt.ItemDataRole.ToolTipRole)
                self.sampler.setItemData(row, sampler.summary, Qt.ItemDataRole.StatusTipRole)

    def _sampler(self) -> SamplerInfo:
        return self.offered()[self.sampler.currentIndex()]

    def _show_options(self, sampler: SamplerInfo) -> None:
        """Fields for the numbers that the sampler takes."""
        helps = {option.name: self._words.say(option.summary) for option in sampler.options}
        if helps != self._helps:
            self._helps = helps
            for field in self._numbers.findChildren(Field):
                field.hide()
                field.deleteLater()
            self.options = {option.name: self._number_for(option) for option in sampler.options}
            self._disclose(self.more.isChecked())
            for one, other in pairwise((self.more, *self.options.values())):
                self.setTabOrder(one, other)
        for option in sampler.options:
            show_entry(self.options[option.name], self._form.now.options.get(option.name, option.default))

    def _number_for(self, option: SamplerOption) -> Control:
        title = option.name.capitalize()
        number = control_for(title, option.kind, self._look, partial(self._take_number, option.name))
        self._numbers_column.addWidget(Field(title, number, self._words.say(option.summary)))
        return number

    def _take_number(self, name: str, number: float) -> None:
        self._form.set(options={**self._form.now.options, name: number})

    def _disclose(self, shown: bool) -> None:
        self._numbers.setVisible(shown and bool(self.options))
        self.folded.setVisible(shown)
        self.more.disclose(shown, "Show fewer settings" if shown else "Show more settings")

    def _arrange(self) -> None:
        self._fields.setObjectName("fields")
        self._scroll = Sheet(self._fields)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.head.setProperty("role", "section")
        self._line = QWidget()
        row(self.head, (self.summary, 1), gap=4, margins=(SIDE - 6, 8, SIDE, 4), of=self._line)
        column(self._line, (self._scroll, 1), gap=0, of=self)
        self._numbers_column = column(gap=GAP, of=self._numbers)
        preset = Field("Preset", self.presets, "Settings that are known to go together, and those that you kept.")
        parts = (preset, self.main, self.more, self._numbers, self.folded, None)
        whole = column(*parts, gap=GAP, margins=(SIDE, 2, SIDE, 12), of=self._fields)
        whole.setAlignment(self.more, Qt.AlignmentFlag.AlignLeft)
