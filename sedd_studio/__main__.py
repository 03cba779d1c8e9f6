"""`sedd-studio` and `python -m sedd_studio` open the studio."""

from __future__ import annotations

import os
import sys

from engine.protocol import UserError
from engine.protocol.extras import brought_by


def main() -> int:
    """Runs the studio, if its libraries are there; returns the process's exit code."""
    try:
        with brought_by("studio"):
            from sedd_studio.window import app
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    code = app.main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # all is written and ended; what libraries take apart by themselves takes longer than closing may


if __name__ == "__main__":
    sys.exit(main())
