"""Folders with code in them, and tokenizers that panic, opened as the window opens them: the engine goes on."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from engine.protocol import Event, Failed, LoadModel, ModelLoaded, ends
from sedd_studio.background.runner import Runner
from sedd_studio.session import model_folders
from tests.hostile.folders import template, tokenizer_bombs
from tests.hostile.traps import OPENED, REFUSED
from tests.patience import PATIENCE


def answered(runner: Runner, folder: Path) -> Event:
    """How the engine's thread ends the opening of a folder."""
    runner.submit(LoadModel(str(folder), "cpu", "fp32"))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for event in runner.take():
            if ends(event):
                return event
        time.sleep(0.005)
    raise AssertionError("no answer came")


def test_the_window_lists_and_opens_them_and_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner, canary = Runner(), tmp_path / "canary"
    for name, trap in (REFUSED | OPENED).items():
        place = Path(shutil.copytree(template("causal"), tmp_path / name / "judge"))
        monkeypatch.chdir(place)
        trap(place, canary)
        model_folders.known([str(place)])
        model_folders.noise_of(place)
        event = answered(runner, place)
        assert isinstance(event, Failed if name in REFUSED else ModelLoaded), (name, event)
        assert not canary.exists(), name
    runner.close()


def test_after_each_bad_tokenizer_a_good_model_is_opened(tmp_path: Path) -> None:
    runner = Runner()
    for number, content in enumerate(tokenizer_bombs()):
        place = Path(shutil.copytree(template("own"), tmp_path / f"{number}"))
        (place / "tokenizer.json").write_bytes(content)
        event = answered(runner, place)
        assert not isinstance(event, Failed) or not event.detail
        assert isinstance(answered(runner, template("own")), ModelLoaded)
    runner.close()
