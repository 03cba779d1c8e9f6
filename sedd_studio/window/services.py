"""Builds what works behind the window; the only place that does."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from sedd_studio.background.jobs import Jobs
from sedd_studio.background.keeper import Keeper
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.session.alternatives import Alternatives
from sedd_studio.session.colour_modes import Sources
from sedd_studio.session.colouring import Colouring
from sedd_studio.session.favourites import Favourites
from sedd_studio.session.fetching import Fetcher
from sedd_studio.session.guessing import Guesser
from sedd_studio.session.hindsight import Hindsight
from sedd_studio.session.identifying import Identifier
from sedd_studio.session.influencing import Influencer
from sedd_studio.session.pointing import Pointer
from sedd_studio.session.presets import Presets
from sedd_studio.session.queueing import RunQueue
from sedd_studio.session.ranking import Ranking
from sedd_studio.session.recovery import Recorder
from sedd_studio.session.score_queue import TextScores
from sedd_studio.session.scoring import Scorer
from sedd_studio.session.session import Session
from sedd_studio.session.vocabulary import Vocabulary

if TYPE_CHECKING:
    from sedd_studio.session.comparing import Comparison
    from sedd_studio.session.learning import Learning
    from sedd_studio.session.map_on_show import MapOnShow
    from sedd_studio.session.map_samples import MapSamples
    from sedd_studio.session.presented_run import PresentedRun
    from sedd_studio.session.presenting import Presenting
    from sedd_studio.session.shelf import Shelf
    from sedd_studio.session.trying import Trying


def build(settings: Settings, history: Path) -> Services:
    """All of it, with the threads that run the engine, read files and write the history."""
    return Services(Session(Runner(), Reader(), settings), settings, Keeper(history))


class Services(QObject):
    """The session, its settings, the keeper of the history, and what works with them."""

    def __init__(self, session: Session, settings: Settings, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self.settings, self.keeper = session, settings, keeper
        keeper.failed.connect(session.errors.add)  # before the panels look into the history
        self.jobs = Jobs(self)
        self.jobs.failed.connect(session.errors.show)
        self.downloads, self._looks, self._removals = Jobs(self), Jobs(self), Jobs(self)
        for jobs in (self.downloads, self._looks, self._removals):
            jobs.failed.connect(session.errors.show)
        self.formulas = Reader(self, "formulas")
        self.fetcher = Fetcher(self.downloads, self)
        self.fetcher.came.connect(lambda name: session.notices.say(f"{name} is here and can be opened"))
        self.words = Vocabulary(session.models, settings, self)
        self.scorer = Scorer(session, self.words.say, self)
        self.pointer = Pointer(session, self.scorer, self)
        self.guesser = Guesser(session, self)
        self.identifier = Identifier(session, keeper, self)
        self.hindsight = Hindsight(session, self)
        self.influencer = Influencer(session, self.pointer, self)
        sources = Sources(session.view, self.scorer, self.guesser, self.hindsight, self.influencer)
        self.colouring = Colouring(sources, settings, self)
        self.ranking = Ranking(session, self)
        self.alternatives = Alternatives(session, self.ranking)
        self.presets = Presets(session.form, settings, self)
        self.favourites = Favourites(session.view, session.runs, keeper, self)
        self.queue = RunQueue(session, keeper, self)
        self.jobs.saved.connect(session.notices.say_saved)
        for worker in (self.scorer, self.hindsight, self.influencer, self.ranking.queue, self.queue):
            session.notices.watch(worker)

    @cached_property
    def comparison(self) -> Comparison:
        """Runs, budgets and models beside each other."""
        from sedd_studio.session.comparing import Comparison  # not before the window is painted

        made = Comparison(self.session, self)
        made.taken_over.connect(self.keeper.keep)
        self.session.notices.watch(made)
        return made

    @cached_property
    def shelf(self) -> Shelf:
        """The models on offer."""
        from sedd_studio.session.shelf import Shelf  # not before the window is painted

        return Shelf(self.session, self.fetcher, self._looks, self._removals, self)

    @cached_property
    def learning(self) -> Learning:
        """The chapters of Learn."""
        from sedd_studio.session.learning import Learning  # not before one learns

        return Learning(self.session, self)

    @cached_property
    def presenting(self) -> Presenting:
        """The chapters of Learn, step by step."""
        from sedd_studio.session.presenting import Presenting  # not before one presents

        return Presenting(self.learning, self.session.clock, self)

    @cached_property
    def presented_run(self) -> PresentedRun:
        """The run on show, part by part."""
        from sedd_studio.session.presented_run import PresentedRun  # not before one presents

        return PresentedRun(self.session, self)

    @cached_property
    def trying(self) -> Trying:
        """What a chapter has set up in the studio."""
        from sedd_studio.session.trying import Trying  # not before one learns

        return Trying(self.session, self)

    @cached_property
    def map(self) -> MapOnShow:
        """The map of the run on show."""
        from sedd_studio.session.map_on_show import MapOnShow  # not before the window is painted

        return MapOnShow(self.session, self.hindsight, self.settings, self)

    @cached_property
    def map_samples(self) -> MapSamples:
        """The maps of all samples of the run on show."""
        from sedd_studio.session.map_samples import MapSamples  # not before the window is painted

        return MapSamples(self.session, self.map, self.ranking, self.hindsight, self)

    def text_scores(self) -> TextScores:
        """Scores of the texts of a file."""
        scores = TextScores(self.session)
        self.session.notices.watch(scores)
        return scores

    def record(self) -> Recorder:
        """Has everything written to the history."""
        return Recorder(self.session, self.keeper, self.queue)

    def end(self) -> None:
        """Has all end that goes on beside the window's thread, and waits for none; the history goes on."""
        for jobs in (self.jobs, self.downloads, self._looks, self._removals):
            jobs.end()
        self.formulas.end()
        self.session.end()

    def close(self) -> None:
        """Ends it and waits for it; the history is closed by whoever began it."""
        self.end()
        for jobs in (self.jobs, self.downloads, self._looks, self._removals):
            jobs.close()
        self.formulas.close()
        self.session.shutdown()
