"""What libraries keep for later, kept small for a program that stays open all day.

The C library of Linux gives threads heaps of their own. What one thread makes and another keeps, such as the steps of a
run, then lies in each of them between what was needed for a moment, and none can shrink: after 4,000 things that a
random user did the studio took 101 MB more, and 26 MB more with one heap for all.

The matrix library keeps the code that it makes for each shape of a product, and by itself 1,024 of them. Torch keeps as
many once more, and with either goes what belongs to it: 252 kB for each number of rows in a block. Models and lengths
change all day. 299 lengths of four products took 705 MB, 438 with 32 shapes in the library alone, 531 with 32 in torch
alone, and 38 with 32 in both. A run needs a dozen, and is as fast.

Qt's binding searches the source of every module that is imported after it for its own name, to know which ones may have
switched on other names of its methods, and the lines are kept: half a million of them, 45 MB. None here has.
"""

from __future__ import annotations

import ctypes
import os
import sys

ARENA_MAX = -8
"""The setting's name in the C library's malloc.h: the number of heaps."""
SHAPES = 32
SEARCHES = "shibokensupport.feature", "_mod_uses_pyside"
"""The binding's module, and its function that reads the source of another."""
CACHES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")
"""The library's own, and that of torch before it."""


def keep_little() -> None:
    """Called before any thread is begun and before torch is loaded. What the environment says goes before."""
    for kept in CACHES:
        os.environ.setdefault(kept, str(SHAPES))
    module, function = SEARCHES
    if hasattr(features := sys.modules.get(module), function):  # another version may have no such thing
        setattr(features, function, lambda imported: False)
    if sys.platform != "linux":
        return
    choose = getattr(ctypes.CDLL(None), "mallopt", None)
    if choose is not None:
        choose(ARENA_MAX, 1)
