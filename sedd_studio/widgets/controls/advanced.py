"""The folded part of the run form: spacing, the shape of each token's law, constraints, and how locks are honoured."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QStringListModel
from PySide6.QtWidgets import QCompleter, QLineEdit, QVBoxLayout, QWidget

from sedd_studio.painting.theme import Theme
from sedd_studio.record.settings import SETTINGS
from sedd_studio.session.session import Session
from sedd_studio.widgets.controls.basic import Choice, Decimal
from sedd_studio.widgets.controls.form import add_field

SPACINGS = {"time": "Even in time", "sigma": "Even in noise, logarithmic", "cosine": "Cosine: finer at the end"}
LOCKINGS = {
    "auto": "The best for this model",
    "clamp": "Hold them",
    "gibbs": "Hold, and redraw",
    "particles": "Particles",
}
ABSORBING_ONLY = "Works with absorbing noise only."


class Advanced(QWidget):
    """Edits the rarer entries of `session.form`."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.spacing = choice("Spacing of the steps", SPACINGS, theme)
        self.temperature = Decimal("Temperature", 0.0, 5.0, theme)
        self.top_p = Decimal("Top-p", 0.01, 1.0, theme)
        self.locking = choice("How locks are honoured", LOCKINGS, theme)
        self.banned, self.pattern = QLineEdit(), QLineEdit()
        self.banned.setAccessibleName("Banned words")
        self.pattern.setAccessibleName("Pattern")
        self._names = QStringListModel(self)
        offered = QCompleter(self._names, self)
        offered.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        offered.activated.connect(lambda name: session.set_form(pattern=name))
        self.pattern.setCompleter(offered)
        self._arrange()
        for name in ("spacing", "locking"):
            box: Choice = getattr(self, name)
            box.activated.connect(lambda _row, name=name, box=box: session.set_form(**{name: box.currentData()}))
        for name in ("temperature", "top_p"):
            number: Decimal = getattr(self, name)
            number.valueChanged.connect(lambda value, name=name: session.set_form(**{name: round(value, 2)}))
        for name in ("banned", "pattern"):
            line: QLineEdit = getattr(self, name)
            line.textEdited.connect(lambda text, name=name: session.set_form(**{name: text}))
        session.settings_changed.connect(self.refresh)
        session.model_changed.connect(self.refresh)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Draw icons in the colours of `theme`."""
        for part in (self.spacing, self.temperature, self.top_p, self.locking):
            part.set_theme(theme)

    def refresh(self) -> None:
        """Show the session's form, and what of it goes with the model's noise."""
        form, info = self._session.form, self._session.info
        with QSignalBlocker(self.temperature), QSignalBlocker(self.top_p):
            self.temperature.setValue(form.temperature)
            self.top_p.setValue(form.top_p)
        self.spacing.setCurrentIndex(list(SPACINGS).index(form.spacing))
        self.locking.setCurrentIndex(list(LOCKINGS).index(form.locking))
        self._names.setStringList([*self._session.domain.patterns])
        self.pattern.setPlaceholderText(", ".join(self._session.domain.patterns))
        absorb, uniform = info is None or info.noise == "absorb", info is not None and info.noise == "uniform"
        self.spacing.setEnabled(absorb or uniform)
        for line, text in ((self.banned, form.banned), (self.pattern, form.pattern)):
            if line.text() != text and not line.hasFocus():
                line.setText(text)
            line.setEnabled(absorb)
            line.setToolTip("" if absorb else ABSORBING_ONLY)
        self._locking_field.setVisible(uniform)

    def changed(self) -> int:
        """How many entries are not the usual ones: what is folded away should not be forgotten."""
        names = ("spacing", "temperature", "top_p", "locking", "banned", "pattern")
        return sum(getattr(self._session.form, name) != SETTINGS[name].default for name in names)

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        add_field(column, "Spacing", [self.spacing], "Where between noise and text the steps lie.")
        add_field(column, "Temperature", [self.temperature], "Below 1 the likely words become likelier still.")
        add_field(column, "Top-p", [self.top_p], "Only the likeliest tokens with this much probability; 1 is the law.")
        self._locking_field = add_field(
            column, "Locks", [self.locking], "Under uniform noise a given word is not easily believed."
        )
        add_field(column, "Banned words", [self.banned], "With commas between them; they never appear.")
        add_field(column, "Pattern", [self.pattern], "A regular expression that the whole text matches.")


def choice(name: str, titles: dict[str, str], theme: Theme) -> Choice:
    """A list of titles, each with its name as data."""
    box = Choice(name, theme)
    for value, title in titles.items():
        box.addItem(title, value)
    return box
