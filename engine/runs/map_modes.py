"""What the colours of a run's map mean: one row a mode. Each turns the numbers of a map into codes, a byte a cell.

A code below `RAMP` is a kind of cell, from there on a number between a low and a high end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.runs.map_table import caption_of
from engine.runs.run_map import MOST_COUNTED, NEVER, Cells, Difference, RunMap, State, difference
from engine.runs.trajectory import Trajectory

RAMP = 16
"""The code of the low end; that of the high one is `HIGHEST`."""
HIGHEST = 255
PLAIN = 5
"""The code of a token that has no number."""
OFFSET = 8
"""What a `Difference` adds to become a code."""
MOST_CHANGES, MOST_REGRET, MOST_ENTROPY = 6, 4.0, 5.0
"""Changes, and nats, of the high end."""

KINDS: dict[int, str] = {
    State.HIDDEN: "hidden",
    State.UNSETTLED: "unsettled: it changes again",
    State.SETTLED: "settled",
    State.LOCKED: "locked",
    State.TO_COME: "not yet made",
    OFFSET + Difference.SAME: "the same token",
    OFFSET + Difference.OTHER: "another token",
    OFFSET + Difference.HERE_ALONE: "there in this run alone",
    OFFSET + Difference.THERE_ALONE: "there in the other alone",
    OFFSET + Difference.HIDDEN: "hidden in both",
    OFFSET + Difference.TO_COME: "not yet made",
}
"""What the codes of kinds stand for, as a legend says it."""


@dataclass(frozen=True)
class MapMode:
    """A way to colour a map: the `codes` (steps + 1, L) uint8; which `kinds` its legend lists, and what the ends of its
    numbers are, with their unit, if it has any. One with a `column` needs a number (L,) of each position, or None, that
    the model is asked for, of that name. `plain` is what a token without a number is called."""

    title: str
    codes: Callable[[RunMap, np.ndarray | None], Cells]
    kinds: tuple[int, ...]
    low: Callable[[RunMap], str] = lambda run_map: ""
    high: Callable[[RunMap], str] = lambda run_map: ""
    column: str = ""
    plain: str = ""

    def legend(self, codes: Cells) -> list[tuple[int, str]]:
        """The kinds of cells that a legend of these codes lists, each with what it is called."""
        named = [(code, KINDS[code]) for code in self.kinds]
        return [*named, (PLAIN, self.plain)] if self.plain and (codes == PLAIN).any() else named


def _of_state(run_map: RunMap, column: np.ndarray | None) -> Cells:
    return run_map.state


def _of_changes(run_map: RunMap, column: np.ndarray | None) -> Cells:
    return _ramped(run_map, run_map.changes > 0, _BY_CHANGES[run_map.changes])


def _when_settled(run_map: RunMap, column: np.ndarray | None) -> Cells:
    share = np.maximum(run_map.last, 0) / max(1, run_map.run.steps)
    return _ramped(run_map, (run_map.state == State.SETTLED) & (run_map.last != NEVER), ramp(share)[None])


def _of_column(share: Callable[[np.ndarray], np.ndarray]) -> Callable[[RunMap, np.ndarray | None], Cells]:
    """Settled tokens by a number of theirs, NaN where it is not known."""

    def codes(run_map: RunMap, column: np.ndarray | None) -> Cells:
        numbers = np.full(run_map.run.length, np.nan) if column is None else column
        known = ~np.isnan(numbers)
        shares = share(np.where(known, numbers, 0.0))
        return _ramped(run_map, (run_map.state == State.SETTLED) & known[None], ramp(shares)[None])

    return codes


def _ramped(run_map: RunMap, known: np.ndarray, numbers: Cells) -> Cells:
    """The codes of numbers where they are `known` of a token; elsewhere what kind of cell it is."""
    codes = _BASE[run_map.state]
    np.copyto(codes, numbers, where=known & (codes == PLAIN))
    return codes


def ramp(share: np.ndarray) -> Cells:
    """The codes of shares from 0, the low end, to 1, the high one."""
    return np.asarray(np.rint(RAMP + (HIGHEST - RAMP) * np.clip(share, 0.0, 1.0)), np.uint8)


_BASE = np.array([State.HIDDEN, PLAIN, PLAIN, State.LOCKED, State.TO_COME], np.uint8)
"""The kind of a cell in the modes that tell numbers."""
_BY_CHANGES = ramp((np.arange(MOST_COUNTED + 1) - 1) / (MOST_CHANGES - 1))
"""The code of each number of changes."""
GIVEN = (State.HIDDEN, State.LOCKED)
NOT_KNOWN = "it changes again, or is not asked about"
MAP_MODES: dict[str, MapMode] = {
    "state": MapMode("State", _of_state, (State.HIDDEN, State.UNSETTLED, State.SETTLED, State.LOCKED)),
    "changes": MapMode(
        "How often it changed",
        _of_changes,
        GIVEN,
        lambda m: "1 change",
        lambda m: f"{MOST_CHANGES} and more",
        plain="not changed yet",
    ),
    "settled": MapMode(
        "When it settled",
        _when_settled,
        GIVEN,
        lambda m: "step 1",
        lambda m: f"step {m.run.steps}",
        plain="it changes again",
    ),
    "regret": MapMode(
        "Regret",
        _of_column(lambda ratio: -ratio / MOST_REGRET),
        GIVEN,
        lambda m: "as likely now as when chosen",
        lambda m: f"{MOST_REGRET:g} nats less",
        "regret",
        NOT_KNOWN,
    ),
    "confidence": MapMode(
        "Confidence when chosen",
        _of_column(lambda probability: probability),
        GIVEN,
        lambda m: "0%",
        lambda m: "100%",
        "confidence",
        NOT_KNOWN,
    ),
    "entropy": MapMode(
        "Entropy when chosen",
        _of_column(lambda nats: nats / MOST_ENTROPY),
        GIVEN,
        lambda m: "0 nats: sure",
        lambda m: f"{MOST_ENTROPY:g} nats and more",
        "entropy",
        NOT_KNOWN,
    ),
}
"""Ways to colour the map of a run."""
DIFFERENCE_KINDS = tuple(OFFSET + kind for kind in Difference if kind is not Difference.TO_COME)
"""What the legend of a difference lists."""


def difference_codes(found: Cells) -> Cells:
    """The codes of a difference map."""
    return np.asarray(found + OFFSET, np.uint8)


def against(other: Trajectory, sample: int) -> MapMode:
    """Colours that hold a run against a sample of another one, at the same noise."""
    return MapMode(
        f"Against {caption_of(other, sample)}",
        lambda run_map, _: difference_codes(difference(run_map.run, run_map.sample, other, sample)),
        DIFFERENCE_KINDS,
    )


ORDERS = {
    "drawn": "As drawn",
    "changes": "Fewest changes first",
    "early": "Settled early first",
    "likelihood": "Likeliest first",
    "regret": "Least regret first",
}
"""In which order samples may stand; what is not known of a sample comes last."""
