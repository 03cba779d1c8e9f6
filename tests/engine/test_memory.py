"""Freed memory goes back to the system, and what is not needed is not loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.bundled_models import DEFAULT_MODEL
from engine.language.backends import read_backend
from engine.performing.kept import give_back
from tests.engine import adapted, families

BLOCKS, BYTES = 2_000, 50_000  # blocks that are too small for the C library to give back by itself


def held() -> int:
    """Bytes of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_what_was_freed_between_blocks_in_use_is_given_back() -> None:
    if sys.platform != "linux":
        give_back()  # does nothing, and does not fail
        return
    blocks = [np.ones(BYTES, np.uint8) for _ in range(BLOCKS)]
    last = blocks[-1]
    full = held()
    blocks.clear()
    give_back()
    assert full - held() > 0.8 * BLOCKS * BYTES
    assert last.all()


def test_little_is_left_of_a_tokenizer_that_was_read() -> None:
    """The library keeps what it remembered of a text for good: 22 kB of the text that each is tried with."""
    times, path = 400, DEFAULT_MODEL / "tokenizer.json"

    def read() -> None:
        for _ in range(times):
            read_backend(path)
        give_back()

    if sys.platform == "linux":
        read()
        before = held()
        read()
        assert held() - before < 10_000 * times


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
    done = subprocess.run([sys.executable, "-c", code, *folders], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == folders
