"""The work behind `sedd doctor`: what a file or a folder is, and what to do with it."""

from __future__ import annotations

from pathlib import Path

import typer

from engine.cli.asked import Machine
from engine.cli.output import Output
from engine.performing.doctor import DIFFUSION, examine, probe

OPENS_NOT = 1
"""The exit code for what does not open as it is."""


def show(path: Path, probing: bool, machine: Machine, output: Output) -> None:
    """Prints what is found, of a model that opens also by a probe, and ends with `OPENS_NOT` where it does not open."""
    machine.set_threads()
    found = examine(path, machine.device, machine.precision)
    if probing and found.opens and found.facts["kind"] == DIFFUSION:
        probe(found, path)
    output.record(opens=found.opens, **found.facts, problems=found.problems)
    width = max(map(len, found.told))
    for name, fact in found.told.items():
        output.line(f"{name:<{width}}  {fact}")
    for problem in found.problems:
        output.line(problem, "red")
    if found.opens:
        output.line("It opens.", "green")
    else:
        raise typer.Exit(OPENS_NOT)
