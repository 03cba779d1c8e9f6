"""The `sedd` command. Imports no torch until a command needs it, so that `sedd --help` answers at once."""

from __future__ import annotations

from engine.cli.commands import app

__all__ = ["app", "main"]


def main() -> None:
    """The console script `sedd`."""
    app()
