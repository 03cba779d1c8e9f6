"""Folders with code in them, and tokenizers that panic, opened as the window opens them: the engine goes on."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from pytestqt.qtbot import QtBot

from engine.protocol import Event, Failed, LoadModel, ModelLoaded, ends
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import Settings
from sedd_studio.session import model_folders
from sedd_studio.session.session import Session
from sedd_studio.session.shelf_rows import rows_of
from sedd_studio.session.state import RunState
from sedd_studio.window.opening import open_path
from tests.hostile.folders import template, tokenizer_bombs
from tests.hostile.traps import OPENED, REFUSED, Bomb, own_model
from tests.patience import PATIENCE
from tests.sedd_studio.windows import window_of


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
        rows_of([str(place)])
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


NAME = "judge <img src=x onerror=alert(1)> \x1b[2J {{ cycler }}"
"""Of a folder: what a page, a terminal or a template would obey."""


def trapped(place: Path, canary: Path) -> Iterator[tuple[Path, str, bool]]:
    """Folders of every layout with code wherever it can stand, what of each is opened, and whether it opens."""
    for name, trap in REFUSED.items():
        folder = Path(shutil.copytree(template("causal"), place / name / NAME))
        trap(folder, canary)
        yield folder, "", False
    folder = Path(shutil.copytree(template("causal"), place / "causal" / NAME))
    for trap in OPENED.values():
        trap(folder, canary)
    yield folder, "", True
    for kind in ("own", "uniform-geometric", "absorb-training-run"):
        folder = Path(shutil.copytree(template(kind), place / kind / NAME))
        for trap in OPENED.values():
            trap(folder, canary)
        yield folder, ".hydra/config.yaml" if (folder / ".hydra").exists() else "config.json", True
        own_model(folder, canary)
        yield folder, "", True  # what our own layouts do not know is passed over
        weights = folder / "checkpoints-meta/checkpoint.pth"
        if not weights.exists():
            (folder / "model.safetensors").unlink()
            weights = folder / "pytorch_model.bin"
        torch.save({"model": Bomb(canary)}, weights)
        yield folder, "", False
        if (folder / ".hydra").exists():
            (folder / ".hydra/config.yaml").write_text(f"a: !!python/object/apply:os.system ['touch {canary}']")
            yield folder, "", False


def test_the_window_opens_or_refuses_each_and_nothing_runs(
    qtbot: QtBot, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real window with the real engine, as a user has it: opened, run, and looked at."""
    session, canary, came = Session(Runner(), Reader(), settings), tmp_path / "canary", list[object]()
    window = window_of(session, settings, qtbot)
    session.models.came.connect(came.append)
    for folder, part, opens in trapped(tmp_path, canary):
        monkeypatch.chdir(folder)
        session.errors.dismiss()
        came.clear()
        open_path(session, folder / part)
        qtbot.waitUntil(lambda: not session.models.loading, timeout=int(PATIENCE * 1000))
        error = session.errors.current
        assert bool(came) == opens, (folder, part, error)
        if not opens:
            assert error is not None
            assert "Traceback" not in error.detail
        elif session.models.tokenizer is not None:
            session.editor.set_prompt("[4]")
            session.runs.start()
            qtbot.waitUntil(lambda: session.runs.state is not RunState.RUNNING, timeout=int(PATIENCE * 1000))
            assert session.runs.state is RunState.DONE, session.errors.current
        assert not re.search("[\0-\x1f]", window.banner.headline.text())
        window.grab()
        model_folders.known([str(folder)])
        assert not canary.exists(), (folder, part)
    window.services.close()
