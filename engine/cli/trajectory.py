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
from engine.runs.map_modes import MAP_MODES
from engine.runs.map_table import caption_of, positions_of, rows_of
from engine.runs.trajectory import Trajectory

SHOWN = {"confidence": "chosen at", "entropy": "entropy", "regret": "regret"}
"""Columns of the table that the model is asked for, as they are headed."""


def trajectory(
    machine: Machine, path: Path, number: int, out: list[Path], colours: str, regret: bool, output: Output
) -> None:
    """Prints what became of each position of a sample (`number`, from 1) of a saved run, and writes its map."""
    for each in out:
        if each.suffix.lower() not in (".csv", ".svg"):
            raise UserError(f"A map is written as .csv or .svg and not as {each.name}; the window exports it as PNG.")
    run, sample = read_run(path), number - 1
    if not 0 <= sample < run.samples:
        raise UserError(f"The run has {run.samples} samples and no sample {number}; choose one of 1 to {run.samples}.")
    wanted = MAP_MODES[colours].column
    columns = asked(machine, run, sample, output).columns if regret or wanted else {}
    for each in out:
        write_whole(each, written(run, sample, each, colours, columns).encode())
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
    output.table(table_of(rows))


def written(run: Trajectory, sample: int, path: Path, colours: str, columns: dict[str, np.ndarray]) -> str:
    """What is written to a file: every cell as a table, or the map as a drawing."""
    if path.suffix.lower() == ".csv":
        return "".join(rows_of(run, sample, columns))
    return drawn(run, sample, colours, columns.get(MAP_MODES[colours].column))


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
