"""Other fills of what is selected, that one goes through in their place."""

from __future__ import annotations

import numpy as np

from sedd_studio.session.ranking import Ranking
from sedd_studio.session.session import Session

COUNT = 5
"""Fills that are drawn at once."""


class Alternatives:
    """The samples of a run in which only the selection was free."""

    def __init__(self, session: Session, ranking: Ranking) -> None:
        self._session, self._ranking = session, ranking

    @property
    def there(self) -> bool:
        """Whether the run on show is one of fills of the selection."""
        run, chosen = self._session.view.run, self._session.runs.chosen()
        return run is not None and run.samples > 1 and np.array_equal(~run.locked, chosen)

    @property
    def count(self) -> int:
        """How many they are."""
        return self._session.playhead.samples

    @property
    def place(self) -> int:
        """Which of them is on show, from 0, in the order in which one goes through them."""
        return self._order().index(self._session.playhead.sample)

    def next(self, by: int = 1) -> None:
        """Draws them, or shows the one after the one on show, round and round; by -1 the one before."""
        if not self.there:
            self._session.runs.draw_again(COUNT)
            return
        order = self._order()
        self._session.playhead.set_sample(order[(self.place + by) % len(order)])

    def _order(self) -> list[int]:
        """The samples, the likeliest first once all are ranked."""
        samples = list(range(self.count))
        places = [self._ranking.place(sample) for sample in samples]
        ranks = [place.rank for place in places if place is not None]
        return sorted(samples, key=ranks.__getitem__) if len(ranks) == len(samples) else samples
