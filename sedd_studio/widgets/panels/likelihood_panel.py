"""The likelihood panel: an upper bound on the cost of the text as it tightens, in every unit, and word by word."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.protocol.units import in_units
from sedd_studio.painting.theme import Look
from sedd_studio.record.pace import until_done
from sedd_studio.session.models import Models
from sedd_studio.session.vocabulary import Vocabulary
from sedd_studio.widgets.controls.basic import Check, Choice, Elided, ProgressLine, keep_up, label
from sedd_studio.widgets.controls.buttons import PushButton
from sedd_studio.widgets.controls.empty import Filled
from sedd_studio.widgets.controls.flow import Flow, Turning
from sedd_studio.widgets.controls.later import Later
from sedd_studio.widgets.controls.layouts import Sheet, column
from sedd_studio.widgets.controls.plot import dress, make_plot

if TYPE_CHECKING:
    import pyqtgraph

    from sedd_studio.session.colouring import Colouring
    from sedd_studio.session.ranking import Ranking
    from sedd_studio.session.score_queue import ScoreQueue
    from sedd_studio.session.scoring import Scorer

PRECISIONS = (0.1, 0.05, 0.02, 0.01)
"""Halves of the 95 % interval, nats a token, at which a bound may stop."""
UNITS = {
    "nats_per_token": "nats a token",
    "bits_per_token": "bits a token",
    "bits_per_byte": "bits a byte",
    "perplexity": "perplexity",
}
BOUND = "nats a token <="
WIDEST = 460
"""Pixels of the figures beside the plots."""
EMPTY = "What the text costs this model, as an upper bound in nats, bits and perplexity, and where it comes from."
RANKING = "Score what each sample filled in, given the locked words; the cards of the samples show it."
MEANING = "An upper bound: the model gives the text at least this much probability. ± is half of the 95 % interval."
EXACT = "Exact: a model that writes from left to right gives the text just this much probability."
ONLY_WHOLE = "A model that writes from left to right sees only that side, so it scores whole texts alone."


class LikelihoodPanel(QWidget):
    """Works `scorer` and `ranking`, and may have the words on the canvas coloured by what they cost."""

    file_wanted = Signal()
    """The texts of a file are to be scored."""

    def __init__(
        self,
        models: Models,
        scorer: Scorer,
        ranking: Ranking,
        colouring: Colouring,
        words: Vocabulary,
        look: Look,
    ) -> None:
        super().__init__()
        self._models, self._scorer, self._ranking, self._look = models, scorer, ranking, look
        self._colouring, self._words = colouring, words
        self.start = PushButton("Score this text", "play", look, self._start, primary=True)
        self.rank = PushButton("Rank samples", "columns", look, self.start_ranking)
        self.stop = PushButton("Stop", "stop", look, self._stop)
        self.file = PushButton("A file …", "folder", look, self.file_wanted.emit)
        self.file.setAccessibleName("Score the texts of a file")
        self.file.setToolTip("Score every text of a file, in a table.")
        self.precision = Choice("Stop at a precision of", look, dict.fromkeys(PRECISIONS, ""))
        self.precision.setCurrentIndex(1)
        self.precision.setMinimumWidth(190)
        self.given = Check("Given the locked words", look)
        self.given.setToolTip("Score what was filled in, given the words that are locked.")
        self.colour = Check("Colour words by cost", look)
        self.titles = {unit: label("", "help") for unit in UNITS}
        self.values = {unit: label("", "strong") for unit in UNITS}
        self.exact = {unit: label("", "muted") for unit in UNITS}
        self.beside, self.writer = label("", "help"), Elided("help")
        self.note = label("", "help")
        self.note.setWordWrap(True)
        self.other = label("", "notice")
        self.other.setWordWrap(True)
        self.progress = ProgressLine("How far the score is")
        self._plot = Later(lambda: make_plot("The bound as it tightens"))
        self._profile = Later(lambda: make_plot("Where along the noise the bound comes from"))
        self._drawn: tuple[object, ...] = ()
        self._arrange()
        self.colour.toggled.connect(lambda on: colouring.choose("cost" if on else "plain"))
        colouring.changed.connect(self._follow_colours)
        look.changed.connect(self._draw)
        self._follow_colours()
        keep_up(self._speak, words.changed)
        keep_up(self.refresh, scorer.changed, ranking.changed, models.changed, words.changed)

    def _speak(self) -> None:
        """Calls all by the words that are chosen."""
        say = self._words.say
        for row, width in enumerate(PRECISIONS):
            self.precision.setItemText(row, say("95 % within ± {width:g} nats", width=width))
        for unit, title in UNITS.items():
            self.titles[unit].setText(say(title))
        self._draw()

    def _start(self) -> None:
        self._scorer.start(self.precision.currentData(), self.given.isChecked())

    def start_ranking(self) -> None:
        """Rank the samples to the precision that is chosen, unless something is being scored."""
        if not self._busy:
            self._ranking.start(self.precision.currentData())

    @property
    def _busy(self) -> bool:
        return self._scorer.scoring or self._ranking.queue.busy

    def refresh(self) -> None:
        scorer, ranking, say = self._scorer, self._ranking, self._words.say
        hindrance, busy = scorer.hindrance, self._busy
        self.stop.setEnabled(busy or self.stop.isEnabled())  # the focus may go to it before the others lose it
        self.start.setEnabled(not hindrance and not busy)
        self.rank.setEnabled(not ranking.hindrance and not busy)
        self.rank.setToolTip(ranking.hindrance or RANKING)
        self.stop.setEnabled(busy)
        self.file.setEnabled(self._models.ready)
        self.given.setEnabled(not self._models.exact)
        self.given.setToolTip(ONLY_WHOLE if self._models.exact else "")
        self.figures.show_content(bool(scorer.points) or busy)
        self.figures.say(f"{say(EMPTY)} {hindrance}".strip())
        self.beside.setText("" if scorer.exact is None else "exact")
        self.writer.show_text("" if scorer.exact is None else f"Exact: {scorer.exact.name}, from left to right.")
        self.writer.setVisible(scorer.exact is not None)
        for part in (self.beside, self.writer):
            part.setEnabled(scorer.on_show)
        for value in (*self.values.values(), *self.exact.values()):
            value.setText("")
            value.setEnabled(scorer.on_show)
        if scorer.points:
            last = scorer.points[-1]
            for unit, (figure, error) in in_units(last.nats, last.half_width, last.tokens, scorer.size).items():
                wide = "" if math.isnan(error) else f" ± {error:.3f}"
                self.values[unit].setText(f"{figure:.3f}" if error == 0 else f"<= {figure:.3f}{wide}")
        if scorer.exact is not None:
            nats = scorer.exact.nats
            for unit, (figure, _) in in_units(float(nats.mean()), 0.0, len(nats), scorer.size).items():
                self.exact[unit].setText(f"{figure:.3f}")
        calls = say(" {calls:,} network calls.", calls=scorer.points[-1].calls) if scorer.points else ""
        if scorer.scoring:
            calls += say(" It goes on until that is {precision:g} nats a token.", precision=scorer.precision)
        left = scorer.seconds_left
        wait = "" if left is None else f" {until_done(left).capitalize()}."
        meaning = (EXACT if self._models.exact else say(MEANING)) + calls + wait
        other = bool(scorer.points) and not scorer.on_show
        self.other.setText(f"Of {scorer.about}, not of the text on show." if other else "")
        self.other.setVisible(other)
        if scorer.points and self._models.info is not None and scorer.tokens is not None:
            meaning += " " + self._models.info.unfamiliar(len(scorer.tokens))
        self.note.setText(hindrance if hindrance and not scorer.points else meaning)
        self.progress.show_share(ranking.queue.share if ranking.queue.busy else scorer.share)
        if ranking.queue.busy:
            self.note.setText(progress(ranking.queue))
        self._draw()

    def _stop(self) -> None:
        self._scorer.stop()
        self._ranking.queue.cancel()

    def _follow_colours(self) -> None:
        with QSignalBlocker(self.colour):
            self.colour.setChecked(self._colouring.name == "cost")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _draw(self) -> None:
        """The plots, if they can be seen and show anything else than before."""
        scorer = self._scorer
        about = self._look.theme, self._words.say(BOUND), scorer.on_show
        what = (*about, len(scorer.points), *scorer.points[-1:], scorer.profile.tobytes())
        if self.isVisible() and what != self._drawn:
            self._drawn = what
            self._draw_bound()
            self._draw_profile()

    @property
    def _ink(self) -> str:
        """Plots of another text than the one on show are grey."""
        return "accent" if self._scorer.on_show else "muted"

    def _draw_profile(self) -> None:
        """A bar for each part of the noise, as high as what it adds a token and unit."""
        profile = self._scorer.profile
        known = ~np.isnan(profile)
        self._profile.setVisible(bool(known.any()))
        if not known.any():
            return
        import pyqtgraph

        plot = self._emptied(self._profile, "noised share", "nats a token")
        width = 1 / len(profile)
        centres = (np.arange(len(profile)) + 0.5) * width
        bar, edge = self._look.colour(self._ink, 150 / 255), pyqtgraph.mkPen(self._look.colour("panel"))
        heights = profile[known]
        plot.addItem(pyqtgraph.BarGraphItem(x=centres[known], height=heights, width=width, brush=bar, pen=edge))

    def _draw_bound(self) -> None:
        points = [point for point in self._scorer.points if point.half_width > 0]
        self._plot.setVisible(bool(points))
        if not points:
            return
        import pyqtgraph

        plot = self._emptied(self._plot, "network calls", BOUND)
        calls = [point.calls for point in points]
        band = self._look.colour(self._ink, 50 / 255)
        edges = [
            plot.plot(calls, [point.nats + sign * point.half_width for point in points], pen=band) for sign in (1, -1)
        ]
        plot.addItem(pyqtgraph.FillBetweenItem(*edges, brush=band))
        plot.plot(calls, [point.nats for point in points], pen=pyqtgraph.mkPen(self._look.colour(self._ink), width=2))

    def _emptied(self, place: Later[pyqtgraph.PlotWidget], bottom: str, left: str) -> pyqtgraph.PlotWidget:
        """A plot to draw in, with its axes named."""
        plot = place.made
        plot.clear()
        dress(plot, self._look)
        plot.setLabel("bottom", self._words.say(bottom))
        plot.setLabel("left", self._words.say(left))
        return plot

    def _arrange(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(5)
        grid.addWidget(label("this model", "help"), 0, 1)
        grid.addWidget(self.beside, 0, 2)
        for place, unit in enumerate(UNITS, start=1):
            grid.addWidget(self.titles[unit], place, 0)
            grid.addWidget(self.values[unit], place, 1)
            grid.addWidget(self.exact[unit], place, 2)
        grid.setColumnStretch(2, 1)
        figures, plots, whole = QWidget(), QWidget(), QWidget()
        column(grid, self.writer, self.other, self.note, None, gap=10, of=figures)
        figures.setMaximumWidth(WIDEST)
        column((self._plot, 1), (self._profile, 1), gap=10, of=plots)
        for plot in (self._plot, self._profile):
            plot.hide()  # until there is something to draw
        self.figures = Filled(Turning((figures, 2), (plots, 3)), EMPTY)
        head = Flow(self.start, self.stop, self.rank, self.file, self.precision, self.given, self.colour)
        column(head, self.progress, (self.figures, 1), gap=8, margins=(14, 10, 14, 10), of=whole)
        column(Sheet(whole), of=self)


def progress(queue: ScoreQueue) -> str:
    """How far a ranking is."""
    left = "" if queue.seconds_left is None else f" {until_done(queue.seconds_left).capitalize()}."
    return f"Ranking: {queue.done} of {len(queue.scores)} samples scored.{left}"
