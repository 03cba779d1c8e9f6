"""The `sedd` command. Imports no torch until a command needs it, so that `sedd --help` answers at once."""

from __future__ import annotations

import io
import sys

from engine.cli import commands  # noqa: F401 - puts the commands into the application
from engine.cli.application import app

__all__ = ["app", "main"]


def main() -> None:
    """The console script `sedd`. What the encoding of a pipe lacks is printed by its number, not lost."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()
