"""The `sedd` command. Imports no torch until a command needs it, so that `sedd --help` answers at once."""

from __future__ import annotations

from engine.cli import commands  # noqa: F401 - puts the commands into the application
from engine.cli.application import app

__all__ = ["app", "main"]


def main() -> None:
    """The console script `sedd`."""
    app()
