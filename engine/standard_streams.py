"""Standard streams that were closed, as some launchers leave them. Imports as little as can be."""

from __future__ import annotations

import os
import sys


def open_all() -> None:
    """Opens those that are closed: nothing is read there, and what is printed is lost.

    Otherwise the next file that is opened would get their number, and all that libraries print.
    """
    for name, flags in (("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            mode = "r" if flags == os.O_RDONLY else "w"
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8"))
