"""The `sedd` command. Imports no torch until a command needs it, so that `sedd --help` answers at once."""

from __future__ import annotations

import io
import sys

from engine.cli.interrupts import INTERRUPTS

TYPE_CHECKING = False  # `typing` takes longer to import than all else that comes before Ctrl+C is seen to
if TYPE_CHECKING:
    from typing import Any

    import typer

    app: typer.Typer

__all__ = ["app", "main"]


def __getattr__(name: str) -> Any:
    """`app`, with all its commands; they are imported when it is asked for, after `main` has seen to Ctrl+C."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from engine.cli import commands  # noqa: F401 - puts the commands into the application
    from engine.cli.application import app

    return app


def main() -> None:
    """The console script `sedd`. What the encoding of a pipe lacks is printed by its number, not lost."""
    INTERRUPTS.take()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        __getattr__("app")()
    finally:
        INTERRUPTS.leave()
