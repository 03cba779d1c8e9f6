"""The compare panel: what is compared, panes beside each other on a shared timeline, and what their figures say."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QInputDialog, QSizePolicy, QSlider, QWidget

from engine.language.domains import NO_JUDGE
from engine.protocol import UserError
from engine.protocol.option_kinds import SEED
from sedd_studio.painting.theme import Look
from sedd_studio.record.noises import NOISES
from sedd_studio.record.pace import until_done
from sedd_studio.session.compare_kinds import KINDS, MOST, Rows, samplers_of
from sedd_studio.session.compare_reading import planned, reading
from sedd_studio.session.panes import first_texts
from sedd_studio.turns import Piece
from sedd_studio.widgets.controls.basic import Choice, Elided, Number, ProgressLine, keep_up, label
from sedd_studio.widgets.controls.buttons import IconButton, PushButton
from sedd_studio.widgets.controls.chips import Chips
from sedd_studio.widgets.controls.empty import Filled
from sedd_studio.widgets.controls.flow import Flow, Turning
from sedd_studio.widgets.controls.layouts import Sheet, column, row
from sedd_studio.widgets.controls.model_table import ModelTable
from sedd_studio.widgets.controls.pane_card import PaneCard
from sedd_studio.widgets.controls.quality_curve import QualityCurve
from sedd_studio.widgets.controls.saving import Content, ask_and_write, ask_where, writing
from sedd_studio.widgets.controls.typo_choice import TypoChoice

if TYPE_CHECKING:
    from sedd_studio.background.jobs import Jobs
    from sedd_studio.session.comparing import Comparison
    from sedd_studio.session.session import Session
    from sedd_studio.session.vocabulary import Vocabulary

TICKS = 1000
MOST_TEXTS, MOST_STEPS = 256, 4096
EMPTY: dict[Rows, str] = {
    "": "The prompt in several ways beside each other: each with its calls, perplexity and entropy, on one timeline.",
    "text": "What the text in the studio costs each model in bits a byte, and how well each fills what is not locked.",
    "typo": "One word of the text in the studio is spoilt: which model mends it, at which noise, what else changes.",
}
OTHER_PROMPT = "These are of another prompt than the one in the studio."
DIFFERS = "Marked words differ from the largest budget or the last sampler."
DIFFERS_RECORDED = "Marked words differ from the last run."
CHOICES = {
    "steps": ("Steps", "budget"),
    "samplers": ("Sampler", "sampler"),
    "noises": ("Noise", "noise"),
    "seeds": ("Seeds", "seed"),
    "models": ("Beside", "model"),
}
"""Titles of what is chosen, and how one of it is called."""
SUGGESTED = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class ComparePanel(QWidget):
    """Chooses what `comparison` lays beside each other, starts it and plays it."""

    def __init__(self, session: Session, comparison: Comparison, jobs: Jobs, words: Vocabulary, look: Look) -> None:
        super().__init__()
        self._session, self._comparison, self._jobs, self._words = session, comparison, jobs, words
        self._look = look
        self.kind = Choice("Quick choices", look, {None: "Quick choices …"})
        for name, kind in KINDS.items():
            self.kind.addItem(kind.title, name)
        self.samples = Number("Texts of each pane", 1, MOST_TEXTS, look)
        self.start = PushButton("Compare", "play", look, comparison.start, primary=True)
        self.stop = PushButton("Cancel all", "stop", look, comparison.cancel_all)
        self.each = label("", "muted")
        self.summary = Elided("help")
        self.chips = dict(self._chips())
        self.play = IconButton("play", "Play all panes", look, comparison.toggle)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, TICKS)
        self.slider.setAccessibleName("Noise level of every pane, from all noise to none")
        self.level = label("", "help")
        self.note, self.says = label("", "help"), label("")
        for text in (self.note, self.says):
            text.setWordWrap(True)
        self.page = PushButton("Page …", "page", look, self._export_page)
        self.page.setToolTip("One file (HTML) that plays the panes beside each other in any browser.")
        self.film = PushButton("Film …", "film", look, self._export_film)
        self.film.setToolTip("The panes beside each other as a film: GIF, WebP or MP4.")
        self.export = PushButton("Table …", "table", look, self._export)
        self.export.setToolTip("The table for other programs (CSV), or the curves as a picture (PNG).")
        self.progress = ProgressLine("How far the comparison is")
        self.curve = QualityCurve(comparison, words, look)
        self.table = ModelTable(comparison.models, words)
        self.typo = TypoChoice(comparison.choice, look)
        self.cards: list[PaneCard] = []
        self._next_card = Piece(self, self._make_card)
        self._document = session.view.document
        self._arrange()
        self.kind.activated.connect(self._choose_kind)
        self.samples.valueChanged.connect(lambda value: comparison.choice.choose(samples=int(value)))
        self.slider.valueChanged.connect(lambda value: comparison.seek(value / TICKS))
        comparison.changed.connect(self.refresh)
        comparison.moved.connect(self.refresh)
        session.runs.changed.connect(self._enable)
        session.view.changed.connect(self._follow_prompt)
        session.models.loading_changed.connect(self._plan)
        keep_up(self._speak, words.changed)
        keep_up(self._plan, comparison.choice.changed)

    # ---- what is chosen

    def _chips(self) -> list[tuple[str, Chips]]:
        ask = {"steps": self._ask_for_steps, "seeds": self._ask_for_seed}

        def made(name: str, title: str, what: str) -> Chips:
            find = self._comparison.choice.look_for_models if name == "models" else None
            return Chips(title, what, self._look, lambda values: self._choose(name, values), ask.get(name), find, MOST)

        return [(name, made(name, *words)) for name, words in CHOICES.items()]

    def _choose(self, name: str, values: tuple[Any, ...]) -> None:
        self._comparison.choice.choose(**{name: tuple(sorted(values)) if name in ("steps", "seeds") else values})

    def _choose_kind(self) -> None:
        name = self.kind.currentData()
        self.kind.setCurrentIndex(0)
        if name is not None:
            self._comparison.choice.choose_kind(name)

    def _ask_for_steps(self) -> int | None:
        number, agreed = QInputDialog.getInt(self, "Other steps", "Number of steps", 32, 1, MOST_STEPS)
        return number if agreed else None

    def _ask_for_seed(self) -> int | None:
        now = min(self._session.form.now.seed + 1, 2**31 - 1)
        number, agreed = QInputDialog.getInt(self, "Another seed", "Seed", now, int(SEED.low), 2**31 - 1)
        return number if agreed else None

    def _speak(self) -> None:
        """Says all in the words that are chosen."""
        say = self._words.say
        for place, kind in enumerate(KINDS.values(), start=1):
            self.kind.setItemText(place, say(kind.title))
        for name, words in CHOICES.items():
            self.chips[name].call(*map(say, words))
        self._drop_cards()
        self._plan()

    def _plan(self) -> None:
        """Shows what is chosen, what comes of it, or why nothing can."""
        if not self.isVisible():
            return
        choice = self._comparison.choice
        chosen, asked, form = choice.chosen, choice.asked, self._session.form.now
        noise, say = asked.info.noise if asked is not None else "absorb", self._words.say
        samplers = {name: say(title) for name, title in samplers_of(noise).items()}
        offered: dict[str, tuple[Mapping[Any, str], str]] = {
            "steps": ({steps: str(steps) for steps in sorted({*SUGGESTED, *chosen.steps})}, str(form.steps)),
            "samplers": (samplers, samplers.get(form.sampler, next(iter(samplers.values())))),
            "noises": ({n: say(NOISES[n].title) for n in (asked.noises() if asked else [])}, say(NOISES[noise].title)),
            "seeds": ({seed: str(seed) for seed in (form.seed, *chosen.seeds)}, str(form.seed)),
            "models": (
                {other: Path(other[0]).name for other in (*choice.others, *chosen.models)},
                "",
            ),
        }
        for name, (titles, usual) in offered.items():
            self.chips[name].show_chosen(getattr(chosen, name), titles, usual)
        for name, chips in self.chips.items():
            chips.setVisible(name == "models" or not chosen.rows)
        self.each.setText(
            say("texts a level" if chosen.rows == "typo" else "texts a model" if chosen.rows else "texts a pane")
        )
        self.typo.setVisible(chosen.rows == "typo")
        self.typo.refresh()
        with QSignalBlocker(self.samples):
            self.samples.setValue(chosen.samples)
        try:
            self.summary.show_text(planned(self._comparison, say))
        except UserError as error:
            self.summary.show_text(say(str(error)))
        self.refresh()

    def _follow_prompt(self) -> None:
        """Looks again where the prompt is another, and not at every step that is shown."""
        document = self._session.view.document
        if document is not self._document and self.isVisible():
            self._document = document
            self._plan()

    # ---- what comes of it

    def refresh(self) -> None:
        if not self.isVisible():
            return
        comparison = self._comparison
        self._want_card()
        rows = comparison.choice.chosen.rows
        self._show_parts(rows)
        for card in self.cards:
            card.refresh()
        self.curve.refresh()
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(comparison.position * TICKS))
        level, say = 1 - comparison.position, self._words.say
        self.level.setText(say("noise level {level:.2f}", level=level, noise=100 * level))
        self.progress.show_share(comparison.share)
        left = comparison.seconds_left
        about = "\n".join(comparison.models.told) if rows else self._about_panes()
        self.note.setText(about if left is None else f"{until_done(left).capitalize()}. {about}")
        said = comparison.models.reading(say) if rows else reading(comparison.panes, say)
        self.says.setText(said)
        self.says.setEnabled(bool(rows) or not comparison.of_another_prompt)
        self.play.sign.show("pause" if comparison.playing else "play")
        self._enable()

    def _show_parts(self, rows: Rows) -> None:
        """Panes on their playhead, or the table of models; or what one will get."""
        there = self._comparison.models.answers(rows) if rows else bool(self._comparison.panes)
        self.filled.say(self._words.say(EMPTY[rows]))
        self.filled.show_content(there)
        for part in (self.across, self.player, self.curve, self.page, self.film):
            part.setVisible(not rows)
        self.table.setVisible(bool(rows))
        self.table.refresh()

    def _about_panes(self) -> str:
        comparison = self._comparison
        differs = DIFFERS_RECORDED if comparison.recorded else self._words.say(DIFFERS)
        about = OTHER_PROMPT if comparison.of_another_prompt else differs
        lacking = comparison.panes and comparison.choice.judge and comparison.choice.fitting_judge is None
        return f"{about} {NO_JUDGE}" if lacking else about

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._plan()

    def _enable(self) -> None:
        ready = not self._session.runs.hindrance
        self.start.setEnabled(ready)
        self.stop.setEnabled(self._comparison.busy)
        comparison = self._comparison
        rows = comparison.choice.chosen.rows
        known = comparison.models.known if rows else any(pane.texts for pane in comparison.panes)
        for button in (self.page, self.film, self.export):
            button.setEnabled(known)

    def _export(self) -> None:
        from sedd_studio.session.compare_table import as_csv  # with all exports

        kinds: dict[str, Content] = {"Table (*.csv)": lambda: as_csv(self._comparison).encode()}
        if not self._comparison.choice.chosen.rows:
            kinds["Picture of the curves (*.png)"] = self.curve.as_png
        ask_and_write(self, "Export the comparison", "comparison", kinds, self._jobs)

    def _export_page(self) -> None:
        from sedd_studio.record.exports import compared_as_html

        shown = first_texts(self._comparison.panes)
        path = ask_where(self, "Export: page that plays the panes", "comparison.html", ["Page (*.html)"])
        if path is not None:
            title = f"Writing {path.name}"
            self._jobs.start(title, lambda: writing(path, lambda: compared_as_html(shown()).encode()), path)

    def _export_film(self) -> None:
        from sedd_studio.painting.compared_film import ComparedFilm
        from sedd_studio.painting.film import ENCODERS, write_film

        shown, theme = first_texts(self._comparison.panes), self._look.theme
        kind = f"Film ({' '.join('*' + ending for ending in ENCODERS)})"
        path = ask_where(self, "Export: film of the panes", "comparison.gif", [kind])
        if path is not None:
            self._jobs.start(f"Writing {path.name}", lambda: write_film(ComparedFilm(shown(), theme), path), path)

    def _want_card(self) -> None:
        """Has the cards made that lack, one in each turn of the event loop: all of them take as long as five pictures
        of the window. Nothing of them is painted before they are all there."""
        panes = self._comparison.panes
        if [card.pane for card in self.cards] != panes[: len(self.cards)]:
            self._drop_cards()
        self.across.setUpdatesEnabled(len(self.cards) == len(panes))
        if len(self.cards) < len(panes):
            self._next_card.want()

    def _make_card(self) -> None:
        panes = self._comparison.panes
        if not self.isVisible() or len(self.cards) >= len(panes):
            return
        card = PaneCard(self._comparison, panes[len(self.cards)], self._words.say, self._look)
        self.cards.append(card)
        self._row.addWidget(card, 1)
        card.refresh()
        self._want_card()
        if not self._next_card.wanted:
            self._order()
            self._enable()

    def _drop_cards(self) -> None:
        for card in self.cards:
            self._row.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = []

    def _order(self) -> None:
        """Tab goes from one card to the next."""
        parts = [part for card in self.cards for part in (card.text, card.open, card.cancel)]
        for one, other in pairwise((self.play, *parts, self.play) if parts else ()):
            self.setTabOrder(one, other)

    def _arrange(self) -> None:
        self.kind.setMinimumWidth(150)
        self.samples.setMinimumWidth(84)
        self.summary.setMinimumWidth(200)
        self.summary.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        choices, panes, below, says, content, whole = QFrame(), QWidget(), QFrame(), QWidget(), QWidget(), QWidget()
        for frame in (choices, below):
            frame.setObjectName("card")
        head = Flow(self.start, self.stop, self.kind, self.each, self.samples, self.summary)
        groups = Flow(self.typo, *self.chips.values(), gap=9)
        column(head, groups, gap=8, margins=(12, 10, 12, 10), of=choices)
        self._row = row(gap=10, of=panes)
        self.across = scroll = Sheet(panes)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # the texts scroll by themselves
        scroll.setMinimumHeight(200)
        self.player = QWidget()
        parts = (self.play, label("noise", "help"), (self.slider, 1), label("text", "help"), self.level)
        row(*parts, gap=8, of=self.player)
        column(
            label("WHAT IT SAYS", "section"),
            self.says,
            self.note,
            None,
            Flow(self.page, self.film, self.export, gap=6),
            gap=6,
            of=says,
        )
        column(Turning((self.curve, 7), (says, 2)), margins=(12, 8, 12, 8), of=below)
        column((self.table, 5), (scroll, 3), self.player, (below, 2), gap=8, of=content)
        self.filled = Filled(content, EMPTY[""])
        column(choices, self.progress, (self.filled, 1), gap=6, margins=(14, 10, 14, 10), of=whole)
        column(Sheet(whole), of=self)
