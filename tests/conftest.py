"""Every test runs without a display, with a home of its own, and leaves no thread behind."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.patience import PATIENCE

# Read when Qt and torch are first loaded, so they are set before any test module is imported.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
# One thread each: several spin while they wait for each other, and tests of threads say how many they want.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# A shell starts what it puts into the background with interrupts ignored, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
for waiting in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitSignals):
    (waiting.__kwdefaults__ or {})["timeout"] = int(PATIENCE * 1000)


def pytest_report_header() -> str:
    """What is left out on this machine is said."""
    found = any(map(shutil.which, CHROMIUM))
    return "Chromium: found" if found else "Chromium: not found, so test_player.py is left out; install it to run all"


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, caches and the Hugging Face cache of the person who runs the tests stay out of them."""
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    for name in ("HF_HOME", "HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # a test of downloads has a hub of its own
    return home


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """A test that leaves a thread alive fails, and not whichever test comes after it."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + PATIENCE
    while (left := set(threading.enumerate()) - before) and time.monotonic() < deadline:
        time.sleep(0.005)  # joining one would miss those that it starts
    alive = sorted(thread.name for thread in left)
    assert not alive, f"threads still alive after the test: {', '.join(alive)}"
