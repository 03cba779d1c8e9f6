"""A whole run of one sample as arrays: steps down, positions across.

Row s of every array is the sample after step s; row 0 is the noise that it began with. The arrays grow with the record,
so the map of a run that goes on costs as much as what has come since. Memory: two bytes for each cell, `MOST_CELLS` at
most.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from engine.protocol import UserError
from engine.runs.trajectory import Trajectory
from engine.stopping import look

MOST_CELLS = 2**23
"""Of a map: more are neither seen apart nor coloured in a moment. A run file may tell of 500 times as many."""
MOST_COUNTED = 255
"""Changes of one position that are counted; more are not told apart."""
AT_ONCE = 128
"""Steps that are read at a time: a fraction of a frame."""
NEVER = -1


class State(IntEnum):
    """What stands in a cell: a mask; a token that is not the last one there; the last one; a given one. `TO_COME` is a
    step that was not recorded."""

    HIDDEN = 0
    UNSETTLED = 1
    SETTLED = 2
    LOCKED = 3
    TO_COME = 4


Cells = npt.NDArray[np.uint8]


def too_large(run: Trajectory) -> str:
    """Why a run has no map, as a sentence; empty if it has one."""
    if (run.steps + 1) * run.length <= MOST_CELLS:
        return ""
    return f"A run of {run.steps:,} steps and {run.length:,} positions is too large for a map; run fewer steps."


class RunMap:
    """The map of one `sample` of a run; a UserError if it is `too_large`.

    `state` (steps + 1, L) uint8 holds a `State`; it says the same as `Trajectory.unsettled` does of a step. `changes`
    (steps + 1, L) uint8 counts how often a position has changed up to a step, `MOST_COUNTED` at most. `first` and
    `last` (L,) are the steps in which a position changed first and last, `NEVER` where it has not. `read` steps of the
    record are in it.
    """

    def __init__(self, run: Trajectory, sample: int) -> None:
        if said := too_large(run):
            raise UserError(said)
        self.run, self.sample = run, sample
        shape = run.steps + 1, run.length
        self.state: Cells = np.full(shape, State.TO_COME, np.uint8)
        self.changes: Cells = np.zeros(shape, np.uint8)
        self.first = np.full(run.length, NEVER, np.int64)
        self.last = np.full(run.length, NEVER, np.int64)
        self.read = 0
        self._locked = np.asarray(run.locked, bool)
        begun, _ = run.at(0, sample)
        shown = State.SETTLED if run.hides else State.UNSETTLED
        self.state[0] = np.where(begun == run.mask, State.HIDDEN, shown)
        self.state[0, self._locked] = State.LOCKED
        self._settle_if_over()

    @property
    def complete(self) -> bool:
        """Whether all that was recorded is in it."""
        return self.read >= self.run.recorded

    @property
    def rows(self) -> int:
        """Number of steps that are in it, the beginning among them."""
        return self.read + 1

    def grow(self, most: int = AT_ONCE) -> bool:
        """Reads on, `most` steps at most; returns whether there was anything to read."""
        stop = min(self.run.recorded, self.read + most)
        if stop <= self.read:
            return False
        while self.read < stop:
            look()
            self._read_step(self.read + 1)
        self._settle_if_over()
        return True

    def grown(self) -> RunMap:
        """It, with all that was recorded."""
        self.grow(self.run.recorded)
        return self

    def _read_step(self, step: int) -> None:
        samples, positions, tokens = self.run.changes[step - 1]
        own = samples == self.sample
        at, put = positions[own], tokens[own]
        self.state[step], self.changes[step] = self.state[step - 1], self.changes[step - 1]
        # What stood there was not the last: unsettled from where it came to the step before.
        for position, since in zip(at.tolist(), np.maximum(self.last[at], 0).tolist(), strict=True):
            column = self.state[since:step, position]
            column[column == State.SETTLED] = State.UNSETTLED
        self.state[step, at] = np.where(put == self.run.mask, State.HIDDEN, State.SETTLED)
        self.state[step, self._locked] = State.LOCKED
        counted = self.changes[step, at]
        self.changes[step, at] = counted + (counted < MOST_COUNTED)
        self.first[at] = np.where(self.first[at] == NEVER, step, self.first[at])
        self.last[at] = step
        self.read = step

    def _settle_if_over(self) -> None:
        """What still shows the noise of the beginning counts as settled once nothing more can come."""
        if self.read == self.run.steps:
            still = (self.state[0] == State.UNSETTLED) & (self.last == NEVER)
            self.state[: self.rows, still] = State.SETTLED

    def holds(self, step: int, position: int) -> bool:
        """Whether there is such a cell."""
        return 0 <= step <= self.run.steps and 0 <= position < self.run.length

    def told(self, step: int, position: int) -> State:
        """What stands in a cell."""
        return State(int(self.state[step, position]))


@dataclass(frozen=True)
class Marked:
    """A part of a map: steps and positions, half-open."""

    steps: tuple[int, int]
    positions: tuple[int, int]


def counted(found: RunMap, marked: Marked) -> tuple[int, int]:
    """How many changes there are in a marked part, and how many of its cells are settled."""
    (first, stop), (start, end) = marked.steps, marked.positions
    stop = min(stop, found.rows)
    if stop <= first:
        return 0, 0
    changes = found.changes[:, start:end].astype(np.int64)
    before = changes[first - 1] if first > 0 else 0
    settled = int((found.state[first:stop, start:end] == State.SETTLED).sum())
    return int((changes[stop - 1] - before).sum()), settled


class Difference(IntEnum):
    """How two runs stand to each other in a cell: no mask in both and one token, or two; a mask in either, or both."""

    SAME = 0
    OTHER = 1
    HERE_ALONE = 2
    THERE_ALONE = 3
    HIDDEN = 4
    TO_COME = 5


def difference(one: Trajectory, sample: int, other: Trajectory, other_sample: int) -> Cells:
    """The `Difference` (steps + 1, L) uint8 of each cell of `one` from the step of `other` with the nearest noise.

    Both have as many positions; a ValueError otherwise, a UserError if one is `too_large`. Steps that were not recorded
    are `TO_COME`.
    """
    if said := too_large(one) or too_large(other):
        raise UserError(said)
    if one.length != other.length:
        raise ValueError("runs of different length have no difference map")
    found: Cells = np.full((one.steps + 1, one.length), Difference.TO_COME, np.uint8)
    mine, theirs = tokens_over(one, sample), tokens_over(other, other_sample)
    for step in range(one.recorded + 1):
        look()
        here, there = mine[step], theirs[same_noise(one, step, other)]
        covered, bare = here == one.mask, there == other.mask
        row = np.where(here == there, Difference.SAME, Difference.OTHER)
        row = np.where(covered, Difference.THERE_ALONE, np.where(bare, Difference.HERE_ALONE, row))
        found[step] = np.where(covered & bare, Difference.HIDDEN, row)
    return found


def same_noise(one: Trajectory, step: int, other: Trajectory) -> int:
    """The step of `other` whose noise is nearest to that of one after a step."""
    return other.step_at(1 - one.moments[step].time)


def tokens_over(run: Trajectory, sample: int) -> npt.NDArray[np.int32]:
    """The tokens (recorded + 1, L) of a sample after each step."""
    rows = np.empty((run.recorded + 1, run.length), np.int32)
    rows[0], _ = run.at(0, sample)
    for step, (samples, positions, tokens) in enumerate(run.changes, start=1):
        look()
        own = samples == sample
        rows[step] = rows[step - 1]
        rows[step, positions[own]] = tokens[own]
    return rows
