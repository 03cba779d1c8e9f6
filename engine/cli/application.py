"""The `sedd` application: what becomes of errors. The commands stand in the modules beside this one."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from engine.cli.output import EngineFailed, print_error
from engine.interrupts import INTERRUPTED, INTERRUPTS
from engine.plain_text import plain
from engine.protocol import UserError, is_lack_of_memory

USER_ERROR = 2
ENGINE_ERROR = 1
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
LACKING = (
    "There is not enough memory for this; choose a shorter text, fewer samples, a smaller batch or a smaller model."
)


class Commands(TyperGroup):
    """Turns what a command raises into one sentence and an exit code."""

    def make_context(self, *given: Any, **more: Any) -> Any:
        """What a command is asked, as typer reads it."""
        with said_plainly():
            return super().make_context(*given, **more)

    def invoke(self, ctx: Any) -> Any:
        try:
            with INTERRUPTS, said_plainly():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except (typer.Abort, SystemExit, BrokenPipeError):
            raise
        except BaseException as error:  # a panic of a library is no Exception
            if INTERRUPTS.seen:  # whatever a library made of it
                raise typer.Exit(INTERRUPTED) from None
            if hasattr(error, "exit_code"):  # by which typer says how to end
                raise
            said = sentence(error)
            if said is None and sys.flags.dev_mode:
                raise
            print_error(said or unexpected(error))
            raise typer.Exit(USER_ERROR if isinstance(said, UserError) else ENGINE_ERROR) from None


@contextmanager
def said_plainly() -> Iterator[None]:
    """What typer says of arguments repeats them: as plain text."""
    try:
        yield
    except typer.TyperException as error:
        error.message = plain(error.message)
        raise


def sentence(error: BaseException) -> UserError | EngineFailed | None:
    """What is told of an error; None where it is a fault of the program, or of a library."""
    if isinstance(error, UserError | EngineFailed):
        return error
    if is_lack_of_memory(error):
        return UserError(LACKING)
    if isinstance(error, OSError) and error.filename is not None:
        do = "free some room" if error.errno in FULL else "choose another"
        return UserError(f"{error.filename} cannot be used ({error.strerror}); {do}.")
    if isinstance(error, OSError):
        return UserError(f"What was asked for cannot be read or written ({error.strerror or error}); free some room.")
    return None


def unexpected(error: BaseException) -> UserError:
    """The sentence for a fault of the program, or of a library."""
    said = " ".join(str(error).split())[:200]
    return UserError(f"sedd stopped with an unexpected {type(error).__name__} ({said}); python -X dev says where.")


app = typer.Typer(
    cls=Commands,
    name="sedd",
    help="Score entropy discrete diffusion: sample, infill, score and train.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
