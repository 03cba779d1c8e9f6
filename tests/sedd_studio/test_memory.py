"""All threads of the studio share one heap, and of matrix products little is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sedd_studio.background import memory

COUNTS = """
import ctypes, sys, threading
from sedd_studio.background.memory import keep_little

library = ctypes.CDLL(None)
library.fopen.restype, library.malloc_info.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
library.fclose.argtypes = [ctypes.c_void_p]
keep_little()
together = threading.Barrier(4)
threads = [threading.Thread(target=lambda: (library.malloc(1000), together.wait())) for _ in range(3)]
for thread in threads:
    thread.start()
file = library.fopen(sys.argv[1].encode(), b"w")
library.malloc_info(0, file)
library.fclose(file)
together.wait()
"""


def test_threads_have_no_heaps_of_their_own(tmp_path: Path) -> None:
    if sys.platform != "linux":
        memory.keep_little()  # does nothing, and does not fail
        return
    told = tmp_path / "told.xml"
    subprocess.run([sys.executable, "-c", COUNTS, str(told)], check=True, cwd=Path(__file__).parents[2])
    assert told.read_text().count("<heap nr=") == 1


def test_little_code_for_shapes_is_kept_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    memory.keep_little()
    assert int(os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"]) <= 64
    monkeypatch.setattr(os, "environ", {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "7"})
    memory.keep_little()
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "7"


def test_elsewhere_nothing_is_asked_of_the_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sedd_studio.background.memory.sys.platform", "darwin")
    monkeypatch.setattr("sedd_studio.background.memory.ctypes.CDLL", lambda name: pytest.fail("asked"))
    memory.keep_little()
