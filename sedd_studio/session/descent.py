"""From which run another comes, and what was changed."""

from __future__ import annotations

import numpy as np

from engine.protocol import FREE
from engine.runs.trajectory import Came
from sedd_studio.session.notices import number_of
from sedd_studio.session.view import View


def descent(view: View, step: int, change: str) -> Came | None:
    """That of a run which takes up the one on show after a step; None where none is on show."""
    run = view.run
    if run is None or run.origin is None:
        return None
    return Came(run.origin.key, step, change)


def edits(view: View) -> str:
    """What is otherwise on show than in the run at that step: "2 locks added, 1 token changed"; empty for nothing."""
    run, document, playhead = view.run, view.document, view.playhead
    if run is None or len(document.locked) != run.length:
        return ""
    before, now = run.shown(run.at(playhead.step, playhead.sample)[0]), view.canvas().tokens
    added, taken = document.locked & ~run.locked, run.locked & ~document.locked
    changed = (before != now) & (before != FREE)
    counts = ((added, "lock", "added"), (taken, "lock", "taken away"), (changed, "token", "changed"))
    return ", ".join(f"{number_of(int(np.sum(which)), what)} {done}" for which, what, done in counts if which.any())
