"""The probe: a model is read as it was trained, and a mask or a shift that is another one is found."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine import bundled_models
from engine.cli import app
from engine.models import load
from engine.models.loading import read
from engine.models.probing import better, readings
from engine.performing.doctor import Diagnosis, examine, probe
from engine.theory.diffusion import Diffusion
from engine.theory.framing import Framing
from tests.engine.test_doctor import said


def as_mdlm(folder: Path, **entries: Any) -> Path:
    """The bundled model of stories as MDLM's programs would publish it."""
    bundled = bundled_models.DEFAULT_MODEL
    sizes = json.loads((bundled / "config.json").read_text())["network"]
    names = {"model_length": "length", "hidden_dim": "hidden", "n_blocks": "blocks", "n_heads": "heads"}
    names |= {"cond_dim": "cond_dim", "vocab_size": "states", "dropout": "dropout"}
    config = {"model_type": "mdlm"} | {theirs: sizes[ours] for theirs, ours in names.items()} | entries
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    for name in ("model.safetensors", "tokenizer.json"):
        shutil.copy(bundled / name, folder)
    return folder


def probed(folder: Path) -> Diagnosis:
    found = examine(folder, "cpu", "fp32")
    assert found.opens, said(found)
    probe(found, folder)
    return found


def test_a_model_that_is_read_as_it_was_trained_passes_the_probe(tmp_path: Path) -> None:
    found = probed(as_mdlm(tmp_path / "model"))
    assert found.opens, said(found)
    assert str(found.facts["probe"]).count("nats a token") == 2


def test_a_mask_that_is_declared_and_is_another_is_found_by_the_probe(tmp_path: Path) -> None:
    found = probed(as_mdlm(tmp_path / "model", mask_token_id=1_700))
    assert "answers better by mask 2,048 than as it is read, by mask 1,700; put" in said(found)


def test_a_shift_that_is_none_is_found_by_the_probe() -> None:
    path = bundled_models.DEFAULT_MODEL
    model, stored = load(path, "cpu", "fp32"), read(path)
    config = replace(model.diffusion.config, framing=Framing(shift=True))
    model.diffusion = Diffusion(config, model.diffusion.network)
    answers = readings(model, stored)
    assert next(iter(answers)) == "mask 2,048, shifted by one"
    assert better(answers) == "mask 2,048"


@pytest.mark.parametrize("name", ["molecules-absorb", "promoters-absorb"])
def test_a_model_of_other_symbols_is_probed_by_a_text_of_its_kind(name: str) -> None:
    found = probed(Path(name))
    assert found.opens
    assert float(str(found.facts["probe"]).split()[0]) < 2.0  # it knows what stands there


@pytest.mark.parametrize("name", ["stories-uniform", "digits-absorb"])
def test_a_model_that_cannot_be_probed_is_told_and_opens(name: str) -> None:
    found = probed(Path(name))
    assert found.opens
    assert str(found.facts["probe"]).startswith("none: Th")


def test_a_probe_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.performing.doctor.PATIENCE", -1.0)
    ended = threading.Event()
    monkeypatch.setattr("engine.performing.doctor.readings", lambda *_: ended.wait())
    found = probed(bundled_models.DEFAULT_MODEL)
    ended.set()
    assert found.opens
    assert found.facts["probe"] == "none: it takes far too long"


def test_the_command_probes_where_it_is_asked_to() -> None:
    asked = ["doctor", "stories-absorb", "--json"]
    assert "probe" not in json.loads(CliRunner().invoke(app, asked).stdout)
    assert "nats a token" in json.loads(CliRunner().invoke(app, [*asked, "--probe"]).stdout)["probe"]
