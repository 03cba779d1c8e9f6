"""The numbers of a run's map as tables, a line for each cell or for each position, and the run in a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import numpy as np

from engine.language.tokenizers import Tokenizer
from engine.plain_text import as_cell, plain_line
from engine.protocol import Tokens
from engine.protocol.sampler_table import TITLES
from engine.runs.fill_order import order_of, ranks
from engine.runs.run_map import NEVER, Difference, RunMap, State, difference, same_noise
from engine.runs.trajectory import Trajectory
from engine.stopping import look

NAMES = ("step", "position", "token", "text", "state", "changes", "settled_in", "order")
OTHERS = ("other_token", "other_text", "difference")
STATES = {state: state.name.lower() for state in State}


def caption_of(run: Trajectory, sample: int) -> str:
    """A sample of a run in a line: of which model, how it was made, which of the samples."""
    if run.origin is None:
        return f"{_counted(run.steps, 'step')} of {_counted(run.length, 'position')}"
    asked, info = run.origin.request, run.origin.info
    made = TITLES.get(run.started.sampler or asked.sampler, asked.sampler)
    size = f"{_counted(run.steps, 'step')}, {_counted(run.length, 'position')}"
    which = f", sample {sample + 1} of {run.samples}" if run.samples > 1 else ""
    return f"{plain_line(info.name)}: {made}, {size}, seed {asked.seed}{which}"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'s' * (count != 1)}"


def rows_of(
    run: Trajectory,
    sample: int,
    columns: Mapping[str, np.ndarray] | None = None,
    other: tuple[Trajectory, int] | None = None,
) -> Iterator[str]:
    """Lines of CSV, the names first, then a line for each position of each step: its token and text, empty where it is
    masked, its `State`, how often it has changed up to then, the step in which it settled, empty where it has not, and
    where the position comes in the order in which all were filled, from 0, the first, to 1, the last.

    `columns` are further numbers (L,) of the positions, empty where they are NaN; positions count from 1. A run and a
    sample of it to be held against add what stands there at the same noise, and the `Difference`.
    """
    made, more = RunMap(run, sample).grown(), dict(columns or {})
    differs = None if other is None else difference(run, sample, *other)
    tokenizer = run.origin.tokenizer if run.origin is not None else None
    order = _told(ranks(order_of(run, sample)))
    yield _line([*NAMES, *more, *(OTHERS if other is not None else ())])
    further = {name: _told(values) for name, values in more.items()}
    for step in range(made.rows):
        tokens = run.at(step, sample)[0].tolist()
        theirs = [] if other is None else other[0].at(same_noise(run, step, other[0]), other[1])[0].tolist()
        for position, token in enumerate(tokens):
            look()
            state = made.told(step, position)
            masked = token == run.mask
            text = "" if masked or tokenizer is None else tokenizer.piece(token)
            settled = int(made.last[position]) if state is State.SETTLED and made.last[position] >= 0 else ""
            own = [
                step,
                position + 1,
                "" if masked else token,
                as_cell(text),
                STATES[state],
                made.changes[step, position],
                settled,
                order[position],
            ]
            own += [values[position] for values in further.values()]
            if other is not None and differs is not None:
                there = theirs[position]
                bare = there == other[0].mask
                piece = "" if bare or tokenizer is None else as_cell(tokenizer.piece(there))
                own += ["" if bare else there, piece, Difference(int(differs[step, position])).name.lower()]
            yield _line(own)


def _told(values: np.ndarray) -> list[str]:
    return ["" if np.isnan(each) else f"{each:.6g}" for each in values.tolist()]


def positions_of(
    run: Trajectory, sample: int, columns: Mapping[str, np.ndarray] | None = None
) -> Iterator[dict[str, Any]]:
    """What became of each position of a sample: as `rows_of`, after the newest step; None for what is not known."""
    made, order = RunMap(run, sample).grown(), ranks(order_of(run, sample)).tolist()
    tokens, tokenizer = run.at(made.read, sample)[0].tolist(), run.origin.tokenizer if run.origin is not None else None
    further = {name: values.tolist() for name, values in (columns or {}).items()}
    for position, token in enumerate(tokens):
        look()
        state, last, masked = made.told(made.read, position), int(made.last[position]), token == run.mask
        yield {
            "position": position + 1,
            "token": None if masked else token,
            "text": None if masked or tokenizer is None else tokenizer.piece(token),
            "state": STATES[state],
            "changes": int(made.changes[made.read, position]),
            "settled_in": last if state is State.SETTLED and last != NEVER else None,
            "order": None if np.isnan(order[position]) else order[position],
            **{name: None if np.isnan(values[position]) else values[position] for name, values in further.items()},
        }


def _line(values: list[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()


def characters_at(tokens: Tokens, mask: int | None, tokenizer: Tokenizer) -> list[str]:
    """The text of each of the tokens (L,): a character that several spell together is at the first of them, and
    nothing at the others, nor where a `mask` stands. What is half a character is as `Tokenizer.piece` writes it."""
    pieces: list[str] = []
    for hidden, some in groupby(tokens.tolist(), lambda token: token == mask):
        ids = list(some)
        if hidden:
            pieces += [""] * len(ids)
            continue
        for start, stop, text in tokenizer.graphemes(ids):
            if text is None:
                pieces += map(tokenizer.piece, ids[start:stop])
            else:
                pieces += [text, *[""] * (stop - start - 1)]
    return pieces
