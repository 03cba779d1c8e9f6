"""`sedd fetch`: a model from the hub."""

from __future__ import annotations

from rich.filesize import decimal

from engine.cli.output import Output
from engine.models.hub import fetch


def fetch_model(name: str, output: Output) -> None:
    """Downloads a model and prints its folder; with JSON lines also how far it is."""
    with output.progress() as progress:
        task = progress.add_task(name, total=None)

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, description=f"{name}, {decimal(total)}")
            if output.json_lines:
                output.record(event="fetched", done=done, total=total)

        folder = fetch(name, report)
    if output.json_lines:
        output.record(event="model", folder=str(folder))
    else:
        output.line(str(folder))
