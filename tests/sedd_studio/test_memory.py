"""All threads of the studio share one heap; of matrix products and of icons little is kept."""

from __future__ import annotations

import importlib
import linecache
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sedd_studio.background import memory

ROOT = Path(__file__).parents[2]

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
    subprocess.run([sys.executable, "-c", COUNTS, str(told)], check=True, cwd=ROOT)
    assert told.read_text().count("<heap nr=") == 1


def test_little_code_for_shapes_is_kept_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    memory.keep_little()
    for cache in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):  # either alone keeps hundreds of megabytes
        assert int(os.environ.pop(cache)) <= 64
        os.environ[cache] = "7"
        memory.keep_little()
        assert os.environ[cache] == "7"


def test_elsewhere_nothing_is_asked_of_the_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sedd_studio.background.memory.sys.platform", "darwin")
    monkeypatch.setattr("sedd_studio.background.memory.ctypes.CDLL", lambda name: pytest.fail("asked"))
    memory.keep_little()


def test_the_source_of_what_is_imported_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of torch, and all that it imports, it took 45 MB and a tenth of the time of the import."""
    memory.keep_little()
    (tmp_path / "read_by_nobody.py").write_text("NUMBER = 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    assert importlib.import_module("read_by_nobody").NUMBER == 7
    assert not [name for name in linecache.cache if name.startswith(str(tmp_path))]
    monkeypatch.delitem(sys.modules, "shibokensupport.feature")
    memory.keep_little()  # a binding without that goes on


MEASURES = """
import ctypes
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from sedd_studio.painting.icons import SCALES, STROKED, icon

class Taken(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

app, library = QApplication([]), ctypes.CDLL(None)
library.mallinfo2.restype = Taken
made = [icon("plus", QColor("red"), QColor("grey"))]
before = library.mallinfo2().uordblks
made += [icon(name, QColor("blue"), QColor("grey")) for name in STROKED]
pixels = sum((16 * scale) ** 2 for scale in SCALES)
print((library.mallinfo2().uordblks - before) / (len(made) - 1) / (2 * 4 * pixels))
"""


def test_an_icon_takes_little_more_than_its_pixels() -> None:
    if sys.platform != "linux":
        return
    told = subprocess.run([sys.executable, "-c", MEASURES], check=True, capture_output=True, cwd=ROOT)
    assert float(told.stdout) < 2


THEMES = """
import ctypes
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QPushButton
from sedd_studio.painting import theme

class Taken(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

app, library = QApplication([*theme.STYLE]), ctypes.CDLL(None)
library.mallinfo2.restype = Taken
drawn = QPixmap(400, 400)
drawn.fill("red")
button = QPushButton(QIcon(drawn), "")
button.setIconSize(QSize(200, 200))  # scaled, 160 kB
button.show()

def change(times):
    for _ in range(times):
        for look in (theme.LIGHT, theme.DARK):
            theme.apply(app, look)
            app.processEvents()

change(20)
before = library.mallinfo2().uordblks
change(20)
print((library.mallinfo2().uordblks - before) / 2**20)
"""


def test_icons_are_not_kept_for_every_theme_that_was() -> None:
    if sys.platform != "linux":
        return
    told = subprocess.run([sys.executable, "-c", THEMES], check=True, capture_output=True, cwd=ROOT)
    assert float(told.stdout) < 1
