"""The map of a run as a page draws it: where codes change, position by position, and what their colours mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.plain_text import plain_line
from engine.runs.map_colours import THEMES, table_of
from engine.runs.map_modes import MAP_MODES, MapMode, ramp
from engine.runs.map_table import caption_of
from engine.runs.run_map import Cells, RunMap
from engine.runs.trajectory import Trajectory
from engine.stopping import look

SHADES = 12
"""Colours of the bar of a legend."""


def map_data(run: Trajectory, mode: MapMode, column: np.ndarray | None = None) -> dict[str, Any]:
    """What a page needs to draw the maps of all samples in the colours of a mode, as JSON values.

    `cells` holds for each sample and position the row and the code, one after another, of every cell that has another
    code than the one above it. A mode of numbers that the model is asked for shows the `column` (L,) of a run of one
    sample; a run of several is shown by state.
    """
    column = column if run.samples == 1 else None
    mode = MAP_MODES["state"] if mode.column and column is None else mode
    made = [RunMap(run, sample).grown() for sample in range(run.samples)]
    codes = [mode.codes(one, column) for one in made]
    cells = [[_changes(each) for each in own.T] for own in codes]
    kinds = mode.legend(np.concatenate(codes))
    bar = ramp(np.linspace(0, 1, SHADES)).tolist() if mode.low(made[0]) else []
    used = sorted({*(code for one in cells for each in one for code in each[1::2]), *mode.kinds, *bar})
    return {
        "title": mode.title,
        "caption": plain_line(caption_of(run, 0)),
        "rows": run.steps + 1,
        "kinds": [list(kind) for kind in kinds],
        "low": mode.low(made[0]),
        "high": mode.high(made[0]),
        "bar": bar,
        "colours": {theme: {code: list(table_of(theme)[code]) for code in used} for theme in THEMES},
        "cells": cells,
    }


def _changes(codes: Cells) -> list[int]:
    """Rows and codes, one after another, of those codes (rows,) that differ from the one before."""
    look()
    rows = np.flatnonzero(np.diff(codes.astype(np.int64), prepend=-1))
    return [int(value) for pair in zip(rows, codes[rows], strict=True) for value in pair]
