"""The numbers of a run's map as a table, and the run in a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

import numpy as np

from engine.plain_text import plain_line
from engine.protocol.sampler_table import TITLES
from engine.runs.run_map import RunMap, State
from engine.runs.trajectory import Trajectory
from engine.stopping import look

NAMES = ("step", "position", "token", "text", "state", "changes", "settled_in")
STATES = {state: state.name.lower() for state in State}


def caption_of(run: Trajectory, sample: int) -> str:
    """A sample of a run in a line: of which model, how it was made, which of the samples."""
    if run.origin is None:
        return f"{run.steps} steps of {run.length} positions"
    asked, info = run.origin.request, run.origin.info
    made = TITLES.get(run.started.sampler or asked.sampler, asked.sampler)
    which = f", sample {sample + 1} of {run.samples}" if run.samples > 1 else ""
    return f"{plain_line(info.name)}: {made}, {run.steps} steps, {run.length} positions, seed {asked.seed}{which}"


def rows_of(run: Trajectory, sample: int, columns: Mapping[str, np.ndarray] | None = None) -> Iterator[str]:
    """Lines of CSV, the names first, then a line for each position of each step: its token and text, empty where it is
    masked, its `State`, how often it has changed up to then, and the step in which it settled, empty where it has not.

    `columns` are further numbers (L,) of the positions, empty where they are NaN; positions count from 1.
    """
    made, more = RunMap(run, sample).grown(), dict(columns or {})
    tokenizer = run.origin.tokenizer if run.origin is not None else None
    yield _line([*NAMES, *more])
    further = {
        name: ["" if np.isnan(each) else f"{each:.6g}" for each in values.tolist()] for name, values in more.items()
    }
    for step in range(made.rows):
        look()
        tokens = run.at(step, sample)[0].tolist()
        for position, token in enumerate(tokens):
            state = made.told(step, position)
            masked = token == run.mask
            text = "" if masked or tokenizer is None else tokenizer.piece(token)
            settled = int(made.last[position]) if state is State.SETTLED and made.last[position] >= 0 else ""
            own = [
                step,
                position + 1,
                "" if masked else token,
                text,
                STATES[state],
                made.changes[step, position],
                settled,
            ]
            yield _line([*own, *(values[position] for values in further.values())])


def _line(values: list[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()
