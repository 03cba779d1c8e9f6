"""A disk that is full, or a device that takes nothing: one sentence; all is written or nothing, and nothing half."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from typer.testing import CliRunner, Result

from engine.catalogue.fetched import models_folder
from engine.causal.causal_model import build_causal, save_causal
from engine.cli import app, train
from engine.cli.application import sentence
from engine.files import filling
from engine.language.tokenizers import train_tokenizer
from engine.models import hub as hub_module
from engine.models.own_layout import save
from engine.protocol import UserError
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from engine.training.trainer import Trainer
from tests.full_disk import full_from
from tests.hub import hub

TEXTS = ["Once upon a time there was a dragon.", "The dragon lived on a hill."]
SIZE = {"steps": 2, "batch": 2, "length": 16, "hidden": 16, "heads": 2, "blocks": 1, "vocabulary": 300}
SMALL = [f"--{name}={size}" for name, size in SIZE.items()]
SIZES = (1_000, 20_000, 60_000, 100_000, 200_000)
"""Bytes: a file may not be longer, as if the disk were full then. All of what is written is tried."""


def sedd(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def story(folder: Path) -> Path:
    (folder / "text.txt").write_text(" ".join(TEXTS * 60))
    return folder / "text.txt"


@pytest.mark.parametrize("kind", ["diffusion", "gpt"])
def test_training_ends_in_a_sentence_and_goes_on_once_there_is_room(tmp_path: Path, kind: str) -> None:
    text, out = story(tmp_path), tmp_path / "out"
    for size in SIZES:
        with full_from(size):
            result = sedd("train", text, "--out", out, "--kind", kind, *SMALL)
        if result.exit_code == 0:
            break
        assert result.exit_code == 2, (size, result.output)
        assert "cannot be written" in result.stderr.splitlines()[-1]
        assert not isinstance(result.exception, OSError)
        whole = {"tokenizer.json", "training-plan.json", "training-state.pt"}
        left = {path.name for path in out.iterdir()} if out.exists() else set()  # what was made for it goes again
        assert left <= whole, size
    else:
        assert sedd("train", text, "--out", out, "--kind", kind, *SMALL).exit_code == 0
    assert size > SIZES[2]
    assert sedd("info", out).exit_code == 0


def test_a_disk_that_is_full_for_a_while_ends_no_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_state, tried = Trainer.save, []

    def fails_at_first(trainer: Trainer, path: Path) -> None:
        tried.append(trainer.step)
        with full_from(1_000 if len(tried) == 1 else 2**30):
            save_state(trainer, path)

    monkeypatch.setattr(Trainer, "save", fails_at_first)
    result = sedd("train", story(tmp_path), "--out", tmp_path / "out", *SMALL, "--save-every", 0)
    assert result.exit_code == 0, result.output
    assert tried == [1, 2]
    assert "step 1: The training state cannot be written" in result.stderr


@pytest.mark.parametrize("causal", [False, True])
def test_a_model_is_written_whole_or_not_at_all(tmp_path: Path, causal: bool) -> None:
    tokenizer = train_tokenizer(iter(TEXTS), 290)
    network = build_causal(tokenizer, length=32, hidden=32, blocks=1, heads=2)
    sizes = NetworkConfig(states=291, length=16, hidden=32, blocks=1, heads=2, cond_dim=8)
    diffusion = Diffusion(DiffusionConfig(sizes, parametrisation="posterior", time_free=True))
    written = 0
    for size in (100, 1_000, 10_000, 30_000, 2**20):
        place = tmp_path / f"{size}"
        try:
            with full_from(size):
                save_causal(place, network, tokenizer, "#") if causal else save(place, diffusion, tokenizer, "#")
        except UserError:
            assert not place.exists()
        else:
            written += 1
            assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= {
                p.name for p in place.iterdir()
            }
    assert written == 1


def test_what_stood_there_stays_where_a_folder_cannot_be_filled(tmp_path: Path) -> None:
    (tmp_path / "first").write_text("old")

    def fill() -> None:
        with full_from(1_000), filling(tmp_path, "last") as made:
            (made / "first").write_text("new")
            (made / "last").write_text("x" * 2_000)

    with pytest.raises(OSError, match="too large"):
        fill()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("first", "old")]


def test_files_that_fill_a_folder_have_the_mode_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    with filling(tmp_path, "last") as made:
        (made / "secret").touch(0o600)
    assert (tmp_path / "secret").stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert {path.name for path in tmp_path.iterdir()} == {"usual", "secret"}


def test_room_is_looked_for_before_a_long_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=1_000))
    result = sedd("train", story(tmp_path), "--out", tmp_path / "out", *SMALL)
    assert result.exit_code == 2
    assert "MB are free" in result.stderr


@pytest.mark.parametrize("command", [["samplers"], ["samplers", "--json"], ["info"], ["--help"]])
def test_a_device_that_takes_nothing_is_told_without_a_traceback(command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "engine.cli", *command], check=False, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert "ignored" not in done.stderr


def test_a_full_disk_is_named_in_one_sentence() -> None:
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        said = str(sentence(OSError(number, os.strerror(number), "/a/file")))
        assert said == f"/a/file cannot be used ({os.strerror(number)}); free some room."
    assert str(sentence(PermissionError(errno.EACCES, "no", "/a/file"))).endswith("; choose another.")


def test_a_fetch_names_the_disk_and_not_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"config.json": json.dumps({"tokens": 300}).encode(), "model.safetensors": bytes(300_000)}
    with hub({"someone/model": files}) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.delenv("HF_HUB_OFFLINE")
        command = [sys.executable, "-m", "engine.cli", "fetch", "someone/model"]
        with full_from(100_000):
            done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 2
        assert "cannot be written to" in done.stderr
        assert "Traceback" not in done.stderr
        assert not hub_module.is_whole(models_folder() / "someone" / "model")
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert Path(done.stdout.strip(), "model.safetensors").stat().st_size == 300_000


# ---- what a training starts from


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A model that others start from."""
    tokenizer = train_tokenizer(iter(TEXTS), 290)
    sizes = NetworkConfig(states=291, length=16, hidden=16, blocks=1, heads=2, cond_dim=8)
    torch.manual_seed(0)
    save(
        tmp_path / "begun",
        Diffusion(DiffusionConfig(sizes, parametrisation="posterior", time_free=True)),
        tokenizer,
        "",
    )
    return tmp_path / "begun"


@pytest.mark.parametrize(
    "facts",
    [
        None,
        {},
        {"training steps": None},
        {"training steps": [1, {"a": 2}], "before that": "x" * 10**5},
        {"\ud800": "\x1b[2J"},
    ],
)
def test_odd_facts_of_the_model_before_end_in_no_traceback(begun: Path, tmp_path: Path, facts: object) -> None:
    config = json.loads((begun / "config.json").read_text())
    (begun / "config.json").write_text(json.dumps(config | {"facts": facts}))
    result = sedd("train", story(tmp_path), "--model", begun, "--out", tmp_path / "out", *SMALL)
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.output
    assert sedd("info", tmp_path / "out").exit_code == 0


@pytest.mark.parametrize("facts", ["text", [1], 7])
def test_facts_that_are_none_are_told_before_the_first_step(begun: Path, tmp_path: Path, facts: object) -> None:
    config = json.loads((begun / "config.json").read_text())
    (begun / "config.json").write_text(json.dumps(config | {"facts": facts}))
    result = sedd("train", story(tmp_path), "--model", begun, "--out", tmp_path / "out", *SMALL)
    assert result.exit_code == 2
    assert not (tmp_path / "out" / "training-state.pt").exists()


def test_texts_that_are_gone_at_the_end_spoil_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, follow = story(tmp_path), train.follow

    def gone(*given: Any) -> None:
        follow(*given)
        text.unlink()

    monkeypatch.setattr(train, "follow", gone)
    assert sedd("train", text, "--out", tmp_path / "out", *SMALL).exit_code == 0
    assert "text.txt: `" in (tmp_path / "out" / "README.md").read_text()


OTHERS: tuple[Any, ...] = (None, [], "x", torch.zeros(1).expand(10**6, 10**6), 1 << 20_000)


def test_a_damaged_state_is_a_sentence(tmp_path: Path) -> None:
    text, out = story(tmp_path), tmp_path / "out"
    assert sedd("train", text, "--out", out, *SMALL).exit_code == 0
    (out / "config.json").unlink()
    whole = torch.load(out / "training-state.pt", weights_only=True)
    for name in whole:
        for other in OTHERS:
            torch.save(whole | {name: other}, out / "training-state.pt")
            result = sedd("train", text, "--out", out, *SMALL)
            if result.exit_code:
                assert result.exit_code == 2, (name, other, result.output)
                assert "other settings" in result.stderr or "damaged" in result.stderr
            (out / "config.json").unlink(missing_ok=True)
