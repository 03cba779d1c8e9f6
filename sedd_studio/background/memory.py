"""What libraries keep for later, kept small for a program that stays open all day.

The C library of Linux gives threads heaps of their own. What one thread makes and another keeps, such as the steps of a
run, then lies in each of them between what was needed for a moment, and none can shrink: after 4,000 things that a
random user did the studio took 101 MB more, and 26 MB more with one heap for all.

The matrix library keeps the code that it makes for each shape of a product, and by itself 1,024 of them. Models and
lengths change all day: that was 95 MB, and most of what was left of the growth. A run needs a dozen. Each holds ten to
twenty pieces of code, the more the odder its lengths are, and each piece a buffer of 252 kB: 32 of them took 86 MB when
every model had run once, and 112 MB after 5,000 things that a random user did.
"""

from __future__ import annotations

import ctypes
import os
import sys

ARENA_MAX = -8
"""The setting's name in the C library's malloc.h: the number of heaps."""
SHAPES = 16


def keep_little() -> None:
    """Called before any thread is begun and before torch is loaded. What the environment says goes before."""
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(SHAPES))
    if sys.platform != "linux":
        return
    choose = getattr(ctypes.CDLL(None), "mallopt", None)
    if choose is not None:
        choose(ARENA_MAX, 1)
