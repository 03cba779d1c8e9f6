"""A run as other programs read it: text, JSON, a table of its steps, a page that plays it.

The page is one file without anything from elsewhere; it carries the run itself, as a picture does (`painting.film`), so
that either opens as the run again.
"""

from __future__ import annotations

import base64
import csv
import html
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine.language.prompts import format_prompt
from engine.language.tokenizers import Tokenizer
from engine.plain_text import as_cell, plain_line
from engine.protocol import UserError
from engine.runs.runfile import described, encode
from engine.runs.trajectory import Change, Origin, Trajectory
from engine.strict_json import finite, to_json
from sedd_studio.record.page_policy import policy_of
from sedd_studio.record.previews import shortened
from sedd_studio.record.snippets import as_command, as_python

FEWEST_MOMENTS, MOST_MOMENTS, MOST_CHANGES = 16, 240, 400_000
"""Frames of each of several runs in one page, and changes of all of them together."""
PLAYER = Path(__file__).with_name("player.html")


def texts(run: Trajectory, step: int) -> list[str]:
    """The text of each sample after a step; what is masked is left out."""
    return list(map(origin_of(run).tokenizer.decode, run.known(step)))


def as_text(run: Trajectory, step: int) -> str:
    """The samples after a step, one after another, with a line between them."""
    return "\n\n---\n\n".join(texts(run, step)) + "\n"


def as_json(run: Trajectory, step: int) -> str:
    """What was asked for, of which model, what came of it, and how it went."""
    origin = origin_of(run)
    shown: dict[str, Any] = {
        "prompt": format_prompt(origin.request.tokens, origin.tokenizer),
        **described(origin),
        "step": step,
        "texts": texts(run, step),
        "tokens": [run.at(step, sample)[0].tolist() for sample in range(run.samples)],
        "locked": run.locked.tolist(),
        "steps": rows_of(run),
    }
    return to_json(shown, indent=2, ensure_ascii=False) + "\n"


def as_csv(run: Trajectory) -> str:
    """A line for each step: time, noise, calls, seconds, and how many positions of each sample are settled.

    What is not known, as the noise of a run from left to right, is left empty.
    """
    rows = rows_of(run)
    return table(list(rows[0]), [list(row.values()) for row in rows])


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table for other programs. Numbers that are not finite are left empty; a text is marked as one where a program
    for tables would take it for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([as_cell(cell) if isinstance(cell, str) else finite(cell) for cell in row])
    return out.getvalue()


def rows_of(run: Trajectory) -> list[dict[str, float]]:
    """What is known of each step, from 0 on."""
    curves = [run.settled_curve(sample) for sample in range(run.samples)]
    return [
        {"step": step, "time": m.time, "sigma": m.sigma, "calls": m.calls, "seconds": m.seconds}
        | {f"settled_{sample}": int(curve[step]) for sample, curve in enumerate(curves)}
        for step, m in enumerate(run.moments)
    ]


def as_html(run: Trajectory, with_map: Mapping[str, Any] | None = None) -> str:
    """A page that plays the run, and carries it; beside its text the map of `record.page_map`, if it comes along."""
    origin = origin_of(run)
    title = shortened(format_prompt(origin.request.tokens, origin.tokenizer), 60)
    data = {**_played(run), "made": made_by(origin), **({} if with_map is None else {"map": with_map})}
    return _page(title, data, base64.b64encode(encode(run)).decode())


def compared_as_html(panes: Sequence[tuple[str, str, Trajectory]]) -> str:
    """A page that plays runs of one sample beside each other, each with a title and a line of figures; it carries none.

    Steps are put together where there are many, so that the page stays small.
    """
    length = sum(run.length for *_, run in panes)
    most = max(FEWEST_MOMENTS, min(MOST_MOMENTS, MOST_CHANGES // max(1, length)))
    played = [
        {"title": plain_line(title), "figures": plain_line(figures), **_played(run, most)}
        for title, figures, run in panes
    ]
    commands = [f"{plain_line(title)}\n{made_by(origin_of(run))}" for title, _, run in panes]
    return _page("Runs beside each other", {"panes": played, "made": "\n\n".join(commands)}, "")


def _page(title: str, data: dict[str, Any], carried: str) -> str:
    page = PLAYER.read_text(encoding="utf-8")
    filled = {
        "__POLICY__": policy_of(page),
        "__TITLE__": html.escape(plain_line(title), quote=False),
        "__DATA__": to_json(data).replace("<", "\\u003c"),
        "__RUN__": carried,
    }
    return re.sub("|".join(filled), lambda match: filled[match[0]], page)


def _played(run: Trajectory, most: int | None = None) -> dict[str, Any]:
    """What a page needs to play a run, in so many frames at most."""
    origin = origin_of(run)
    began = [run.at(0, sample)[0].tolist() for sample in range(run.samples)]
    count = run.recorded if most is None else min(run.recorded, most)
    ends = [round(run.recorded * number / count) for number in range(1, count + 1)]
    frames = [_frame(run.changes[start:stop]) for start, stop in pairwise([0, *ends])]
    used = {token for row in began for token in row} | {token for frame in frames for token in frame[2::3]}
    return {
        "pieces": {token: _piece(token, origin.tokenizer) for token in sorted(used) if token != run.mask},
        "mask": run.mask,
        "locked": run.locked.tolist(),
        "free": run.free,
        "steps": run.steps,
        "finished": run.recorded == run.steps,
        "start": began,
        "frames": frames,
        "moments": [{"time": run.moments[step].time, "step": step} for step in [0, *ends]],
    }


def _frame(changes: Sequence[Change]) -> list[int]:
    """The last change of each position in these steps: sample, position, token, one after another."""
    last: dict[tuple[int, int], int] = {}
    for change in changes:
        for sample, position, token in zip(*(part.tolist() for part in change), strict=True):
            last[sample, position] = token
    return [value for where, token in last.items() for value in (*where, token)]


def _piece(token: int, tokenizer: Tokenizer) -> str | list[int]:
    """What a page needs to write a token: its text, or its bytes where they end within a character."""
    [whole] = tokenizer.graphemes([token])
    return list(tokenizer.spelling(token)) if whole.text is None else whole.text


def made_by(origin: Origin) -> str:
    """How the run is made again, as a command where one can say it."""
    try:
        return as_command(origin)
    except UserError:
        return as_python(origin)


def origin_of(run: Trajectory) -> Origin:
    """Where a run comes from; a ValueError if that was not recorded."""
    if run.origin is None:
        raise ValueError("a run without its origin cannot be exported")
    return run.origin
