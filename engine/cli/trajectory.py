"""The work behind `sedd trajectory`: the map of a saved run, as numbers and as a drawing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Column, Table

from engine.bundled_models import bundled
from engine.cli.asked import Machine
from engine.cli.generate import open_model, unfailing
from engine.cli.output import Output
from engine.files import write_whole
from engine.performing.engine import Engine
from engine.plain_text import plain_line
from engine.protocol import Reviewed, UserError
from engine.runs.carried import read_run
from engine.runs.fill_order import order_of, way_of
from engine.runs.looking_back import LookedBack, review_of, reviewable
from engine.runs.map_drawing import drawn
from engine.runs.map_modes import KINDS, MAP_MODES, OFFSET, against
from engine.runs.map_table import caption_of, positions_of, rows_of
from engine.runs.run_map import Difference, difference
from engine.runs.trajectory import Trajectory

Other = tuple[Trajectory, int]
"""A run and a sample of it."""
SHOWN = {"confidence": "chosen at", "entropy": "entropy", "regret": "regret"}
"""Columns of the table that the model is asked for, as they are headed."""


def trajectory(
    machine: Machine,
    path: Path,
    number: int,
    out: list[Path],
    colours: str,
    regret: bool,
    held: tuple[Path | None, int],
    output: Output,
) -> None:
    """Prints what became of each position of a sample (`number`, from 1) of a saved run, and writes its map; `held`
    names another file and a sample of it, against which it is held."""
    for each in out:
        if each.suffix.lower() not in (".csv", ".svg"):
            raise UserError(f"A map is written as .csv or .svg and not as {each.name}; the window exports it as PNG.")
    if held[0] is None and held[1] != 1:
        raise UserError("--against-sample is a sample of the run --against; name that, or leave it out.")
    drawn_so = held[0] is None and any(each.suffix.lower() == ".svg" for each in out)
    if colours != "state" and not MAP_MODES[colours].column and not drawn_so:
        raise UserError(
            "--colours are those of a drawing of one run; name one by --out, as map.svg, or leave them out."
        )
    run, sample = read_run(path), number - 1
    check_sample(run, number)
    other = None if held[0] is None else comparable(run, held[0], held[1])
    wanted = MAP_MODES[colours].column
    columns = asked(machine, run, sample, output).columns if regret or wanted else {}
    for each in out:
        write_whole(each, written(run, sample, each, colours, columns, other).encode())
    way = way_of(order_of(run, sample))
    output.record(
        event="run",
        caption=caption_of(run, sample),
        steps=run.steps,
        recorded=run.recorded,
        positions=run.length,
        direction=way.direction,
        apart=way.apart,
    )
    rows = list(positions_of(run, sample, columns))
    for row in rows:
        output.record(**row)
    output.line(caption_of(run, sample), "bold")
    output.line(f"Filled {way.said}.")
    if other is not None:
        tell_difference(run, sample, other, output)
    output.table(table_of(rows))


def check_sample(run: Trajectory, number: int) -> None:
    """A UserError unless a run has a sample of this number, from 1."""
    if not 1 <= number <= run.samples:
        if run.samples == 1:
            raise UserError(f"The run has one sample and no sample {number}; choose 1.")
        raise UserError(f"The run has {run.samples} samples and no sample {number}; choose one of 1 to {run.samples}.")


def comparable(run: Trajectory, path: Path, number: int) -> Other:
    """The run in a file and a sample of it (`number`, from 1); a UserError if its tokens or its length are others."""
    other = read_run(path)
    check_sample(other, number)
    same = run.origin and other.origin and run.origin.tokenizer.fingerprint == other.origin.tokenizer.fingerprint
    if not same or run.length != other.length:
        raise UserError(f"{path.name} is a run of other tokens, or of another length; choose one of the same prompt.")
    return other, number - 1


def tell_difference(run: Trajectory, sample: int, other: Other, output: Output) -> None:
    """Prints how many cells stand how to those of another run at the same noise, and how many positions at the end."""
    cells = difference(run, sample, *other)
    for where, part in (("cells", cells), ("positions in the end", cells[run.recorded])):
        counts = {kind: int((part == kind).sum()) for kind in Difference if kind is not Difference.TO_COME}
        output.record(event="difference", of=where, **{kind.name.lower(): count for kind, count in counts.items()})
        said = (f"{count} {KINDS[OFFSET + kind]}" for kind, count in counts.items())
        output.line(f"Against {caption_of(*other)}, {where}: {', '.join(said)}.")


def written(
    run: Trajectory, sample: int, path: Path, colours: str, columns: dict[str, np.ndarray], other: Other | None
) -> str:
    """What is written to a file: every cell as a table, or the map as a drawing."""
    if path.suffix.lower() == ".csv":
        return "".join(rows_of(run, sample, columns, other))
    mode = MAP_MODES[colours] if other is None else against(*other)
    return drawn(run, sample, mode, columns.get(mode.column))


def asked(machine: Machine, run: Trajectory, sample: int, output: Output) -> LookedBack:
    """What the model of the run thinks of its tokens afterwards; a UserError where another one is open."""
    if run.origin is None or not len(reviewable(run, sample)):
        raise UserError("No token of this run was chosen in it; open another one.")
    made, engine = run.origin.info, Engine()
    if machine.model is None:
        folder = bundled(made.name)
        if folder is None:
            raise UserError(f"The run is of {plain_line(made.name)}; name the folder of that model with --model.")
        machine = replace(machine, model=folder)
    opened = open_model(engine, machine, hashed=True).info
    if not made.same_weights(opened):
        raise UserError(f"The run is of {plain_line(made.name)} with other weights; name its own model with --model.")
    found = LookedBack(run.length)
    for event in output.follow(unfailing(engine, review_of(run, sample)), "calls"):
        if isinstance(event, Reviewed):
            found.take(event)
    return found


def table_of(rows: list[dict[str, Any]]) -> Table:
    """A row for each position."""
    further = [name for name in SHOWN if name in rows[0]]
    result = Table(Column("position", justify="right"), "token", "state")
    for head in ("settled in", "changes", "order", *(SHOWN[name] for name in further)):
        result.add_column(head, justify="right")
    for row in rows:
        numbers = [_number(row[name]) for name in ("order", *further)]
        settled = "" if row["settled_in"] is None else str(row["settled_in"])
        word = plain_line((row["text"] or "").strip(), 40)
        result.add_row(str(row["position"]), word, row["state"], settled, str(row["changes"]), *numbers)
    return result


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
