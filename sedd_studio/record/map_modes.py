"""What the colours of a run's map mean: one row a mode. Each turns the numbers of a map into codes, a byte a cell.

A code below `RAMP` is a kind of cell, from there on a number between a low and a high end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sedd_studio.record.run_map import NEVER, Cells, Difference, RunMap, State

RAMP = 16
"""The code of the low end; that of the high one is `HIGHEST`."""
HIGHEST = 255
PLAIN = 5
"""The code of a token of which nothing is told."""
OFFSET = 8
"""What a `Difference` adds to become a code."""
MOST_CHANGES = 6
"""Changes of the high end."""

KINDS: dict[int, str] = {
    State.HIDDEN: "hidden",
    State.UNSETTLED: "unsettled: it changes again",
    State.SETTLED: "settled",
    State.LOCKED: "locked",
    State.TO_COME: "not yet made",
    PLAIN: "",
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
    numbers are, with their unit, if it has any."""

    title: str
    codes: Callable[[RunMap], Cells]
    kinds: tuple[int, ...]
    low: Callable[[RunMap], str] = lambda run_map: ""
    high: Callable[[RunMap], str] = lambda run_map: ""


def _of_state(run_map: RunMap) -> Cells:
    return run_map.state


def _of_changes(run_map: RunMap) -> Cells:
    counted = np.minimum(run_map.changes, MOST_CHANGES).astype(np.int64) - 1
    return _ramped(run_map, run_map.changes > 0, counted / (MOST_CHANGES - 1))


def _when_settled(run_map: RunMap) -> Cells:
    share = np.maximum(run_map.last, 0) / max(1, run_map.run.steps)
    return _ramped(run_map, (run_map.state == State.SETTLED) & (run_map.last != NEVER), share[None])


def _ramped(run_map: RunMap, known: np.ndarray, share: np.ndarray) -> Cells:
    """Codes of shares from 0 to 1 where they are `known` of a token; elsewhere what kind of cell it is."""
    codes = _BASE[run_map.state]
    numbers = np.broadcast_to(ramp(share), codes.shape)
    told = known & (codes == PLAIN)
    codes[told] = numbers[told]
    return codes


def ramp(share: np.ndarray) -> Cells:
    """The codes of shares from 0, the low end, to 1, the high one."""
    return np.asarray(np.rint(RAMP + (HIGHEST - RAMP) * np.clip(share, 0.0, 1.0)), np.uint8)


_BASE = np.array([State.HIDDEN, PLAIN, PLAIN, State.LOCKED, State.TO_COME], np.uint8)
"""The kind of a cell in the modes that tell numbers."""
GIVEN = (State.HIDDEN, State.LOCKED)
MAP_MODES: dict[str, MapMode] = {
    "state": MapMode("State", _of_state, (State.HIDDEN, State.UNSETTLED, State.SETTLED, State.LOCKED)),
    "changes": MapMode(
        "How often it changed", _of_changes, GIVEN, lambda m: "1 change", lambda m: f"{MOST_CHANGES} and more"
    ),
    "settled": MapMode("When it settled", _when_settled, GIVEN, lambda m: "step 1", lambda m: f"step {m.run.steps}"),
}
"""Ways to colour the map of a run."""
DIFFERENCE_KINDS = tuple(OFFSET + kind for kind in Difference if kind is not Difference.TO_COME)
"""What the legend of a difference lists."""


def difference_codes(found: Cells) -> Cells:
    """The codes of a difference map."""
    return np.asarray(found + OFFSET, np.uint8)
