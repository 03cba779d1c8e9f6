"""Memory that is no longer used, given back to the system.

The C library of Linux keeps freed memory for later: after another model a program that stays open all day would hold
tens of megabytes that it does not use. After every run it would be too often: the window, which needs memory again at
once, drew one frame in a hundred 20 ms later.
"""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Gives back what has been freed. Takes some milliseconds; does nothing where the C library cannot do it."""
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # not in every C library
    if trim is not None:
        trim(0)
