"""Freed memory goes back to the system, and what is not needed is not loaded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.bundled_models import DEFAULT_MODEL
from engine.performing.kept import give_back
from tests.engine import adapted, alone, families

HELD = """
import os, sys
from pathlib import Path

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
"""
"""What counts the bytes of a process that lie in memory."""
BLOCKS = """
import numpy as np
from engine.performing.kept import give_back

blocks = [np.ones(50_000, np.uint8) for _ in range(2_000)]  # too small for the C library to give back by itself
last = blocks[-1]
full = held()
blocks.clear()
give_back()
print(full - held(), last.all())
"""
TOKENIZERS = """
from engine.language.backends import read_backend
from engine.performing.kept import give_back

def read():
    for _ in range(400):
        read_backend(Path(sys.argv[1]))
    give_back()
    return held()

before = read()
print(read() - before)
"""


def test_what_was_freed_between_blocks_in_use_is_given_back() -> None:
    if sys.platform != "linux":
        give_back()  # does nothing, and does not fail
        return
    freed, all_there = alone.printed(HELD + BLOCKS)[0].split()
    assert int(freed) > 0.8 * 2_000 * 50_000
    assert all_there == "True"


def test_little_is_left_of_a_tokenizer_that_was_read() -> None:
    """The library keeps what it remembered of a text for good: 22 kB of the text that each is tried with."""
    if sys.platform == "linux":
        (left,) = alone.printed(HELD + TOKENIZERS, DEFAULT_MODEL / "tokenizer.json")
        assert int(left) < 400 * 10_000


def test_elsewhere_nothing_is_asked_of_the_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.performing.kept.sys.platform", "darwin")
    monkeypatch.setattr("engine.performing.kept.ctypes.CDLL", lambda name: pytest.fail("asked"))
    give_back()


def test_no_model_loads_the_compiler(tmp_path: Path) -> None:
    """Torch loads it, and a library of algebra, for some operations without memory: two seconds and 100 MB."""
    for name in families.CONFIGS:
        families.make(tmp_path / name, name)
    for name in adapted.ADAPTED:
        adapted.make(tmp_path / name, name)
    code = """if True:
        import sys, torch
        from engine.models import load
        for folder in sys.argv[1:]:
            load(folder)
            print(folder, *{"torch._dynamo", "sympy"} & set(sys.modules))
    """
    folders = ["stories-absorb", *map(str, sorted(tmp_path.iterdir()))]
    assert alone.printed(code, *folders) == folders
