"""`sedd-studio` and `python -m sedd_studio` open the studio."""

from __future__ import annotations

import os

try:
    import gc
    import sys

    from engine.interrupts import INTERRUPTS
    from engine.standard_streams import open_all
except KeyboardInterrupt:  # before it is seen to
    os._exit(130)

TYPE_CHECKING = False  # as little as can be is imported before Ctrl+C is seen to
if TYPE_CHECKING:
    from types import ModuleType


def main() -> int:
    """Runs the studio, if its libraries are there; returns the process's exit code."""
    INTERRUPTS.take()
    open_all()
    from engine.protocol import UserError

    try:
        studio = load()
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    code: int = studio.main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # all is written and ended; what libraries take apart by themselves takes longer than closing may


def load() -> ModuleType:
    """The module that starts the studio; a UserError where a library is missing.

    While modules are loaded nothing is garbage; from then on the window looks for it by itself.
    """
    from engine.protocol.errors import brought_by

    gc.disable()
    try:
        with brought_by("studio"):
            from sedd_studio.window import app
    except BaseException:
        gc.enable()
        raise
    return app


if __name__ == "__main__":
    sys.exit(main())
