"""What libraries keep for later, kept small for a program that stays open all day.

The C library of Linux gives threads heaps of their own. What one thread makes and another keeps, such as the steps of a
run, then lies in each of them between what was needed for a moment, and none can shrink: after 4,000 things that a
random user did the studio took 101 MB more, and 26 MB more with one heap for all.

The matrix library keeps the code that it makes for each shape of a product, and by itself 1,024 of them. Models and
lengths change all day: that was 95 MB, and most of what was left of the growth. A run needs a dozen, and 32 of them are
as fast (one run each of `benchmarks.user`). What it has no setting for are the parts of that code, for each number of
rows in a block of each product: it keeps all of them for good, 252 kB each. They were 79 MB when every model had run
once, and 8 to 26 MB more after 4,000 to 5,000 things that a random user did: most of what still grows.
"""

from __future__ import annotations

import ctypes
import os
import sys

ARENA_MAX = -8
"""The setting's name in the C library's malloc.h: the number of heaps."""
SHAPES = 32


def keep_little() -> None:
    """Called before any thread is begun and before torch is loaded. What the environment says goes before."""
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(SHAPES))
    if sys.platform != "linux":
        return
    choose = getattr(ctypes.CDLL(None), "mallopt", None)
    if choose is not None:
        choose(ARENA_MAX, 1)
