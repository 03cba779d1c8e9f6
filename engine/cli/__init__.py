"""The `sedd` command. Imports no torch until a command needs it, so that `sedd --help` answers at once."""

from __future__ import annotations

import os

try:
    import io
    import sys

    from engine.interrupts import INTERRUPTS
    from engine.standard_streams import open_all
except KeyboardInterrupt:  # before it is seen to
    os._exit(130)

TYPE_CHECKING = False  # `typing` takes longer to import than all else that comes before Ctrl+C is seen to
if TYPE_CHECKING:
    from typing import Any, TextIO

    import typer

    app: typer.Typer

__all__ = ["app", "main"]


def __getattr__(name: str) -> Any:
    """`app`, with all its commands; they are imported when it is asked for, after `main` has seen to Ctrl+C."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from engine.cli import commands, looking_back  # noqa: F401 - put the commands into the application
    from engine.cli.application import app

    return app


def main() -> None:
    """The console script `sedd`. What the encoding of a pipe lacks is printed by its number, not lost."""
    INTERRUPTS.take()
    open_all()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        __getattr__("app")()
    except BrokenPipeError:
        raise
    except OSError as error:  # before any command was begun, such as when the help cannot be printed
        give_up(error)
    finally:
        let_go(sys.stdout)
        let_go(sys.stderr)
        INTERRUPTS.leave()


def give_up(error: OSError) -> None:
    """Says what the system said, where anything can be said, and ends."""
    from contextlib import suppress

    from engine.cli.application import USER_ERROR, sentence
    from engine.cli.output import print_error

    with suppress(OSError):
        print_error(sentence(error) or error)
    sys.exit(USER_ERROR)


def let_go(stream: TextIO) -> None:
    """Gives up what could not be printed, which has been told: Python would try again at its end, with a traceback."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
