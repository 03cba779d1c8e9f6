"""The hash of large weights is taken when it is asked for, and is then that of what was opened."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.causal.causal_model import build_causal, save_causal
from engine.files import sha256
from engine.language.tokenizers import train_tokenizer
from engine.models import identity
from engine.models.origin import write_origin
from engine.models.own_layout import save
from engine.performing.engine import Engine
from engine.performing.kept import Kept
from engine.protocol import Event, Failed, Identified, Identify, LoadModel, ModelInfo, ModelLoaded
from engine.stopping import Stopped, stoppable
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig

TOKENIZER = train_tokenizer(iter(["once upon a time"] * 3), 260)


@pytest.fixture(params=["diffusion", "causal"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    torch.manual_seed(0)
    place = tmp_path / "model"
    if request.param == "causal":
        save_causal(place, build_causal(TOKENIZER, 16, 16, 1, 2), TOKENIZER, "")
    else:
        network = NetworkConfig(TOKENIZER.vocabulary + 1, 16, 16, 1, 2, 8)
        save(place, Diffusion(DiffusionConfig(network, parametrisation="posterior")), TOKENIZER, "")
    return place


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any file takes long."""
    monkeypatch.setattr(identity, "LARGEST_AT_ONCE", 0)


def only(engine: Engine, request: LoadModel | Identify) -> Event:
    (event,) = engine.perform(1, request)
    return event


def opened(engine: Engine, folder: Path, hashed: bool) -> ModelInfo:
    event = only(engine, LoadModel(str(folder), "cpu", "fp32", hashed))
    assert isinstance(event, ModelLoaded)
    return event.info


def test_opening_reads_no_large_file_for_its_hash(folder: Path, large: None, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, file = Engine(), folder / "model.safetensors"
    with monkeypatch.context() as patched:
        patched.setattr(identity, "sha256", lambda *files: pytest.fail("read"))
        info = opened(engine, folder, False)
    assert not info.identified
    event = only(engine, Identify())
    assert isinstance(event, Identified)
    assert event.info == replace(info, weights=sha256(file), facts=event.info.facts)
    assert only(engine, Identify()).info == event.info  # type: ignore[union-attr]
    assert opened(engine, folder, True).weights == sha256(file)


def test_the_hash_of_a_small_file_is_known_at_once(folder: Path) -> None:
    assert opened(Engine(), folder, False).weights == sha256(folder / "model.safetensors")


def test_what_follows_from_the_hash_is_told_with_it(folder: Path, large: None) -> None:
    write_origin(folder, "some/model", "abc", {"model.safetensors": sha256(folder / "model.safetensors")})
    engine = Engine()
    assert "changed since" not in str(opened(engine, folder, False).facts)
    event = only(engine, Identify())
    assert isinstance(event, Identified)
    assert event.info.facts["revision"] == "abc"


def test_files_that_were_written_since_are_not_those_that_were_opened(folder: Path, large: None) -> None:
    engine, file = Engine(), folder / "model.safetensors"
    opened(engine, folder, False)
    file.write_bytes(file.read_bytes())
    os.utime(file, ns=(1, 1))
    event = only(engine, Identify())
    assert isinstance(event, Failed)
    assert "have changed since the model was opened; open it again." in event.headline


def test_it_can_be_stopped(folder: Path, large: None) -> None:
    engine = Engine()
    info = opened(engine, folder, False)
    with pytest.raises(Stopped), stoppable(lambda: True):
        only(engine, Identify())
    assert engine.performer is not None
    assert engine.performer.info == info


def test_models_without_a_hash_are_the_same_where_they_lie_at_the_same_place(folder: Path, large: None) -> None:
    early = opened(Engine(), folder, False)
    known = opened(Engine(), folder, True)
    assert early.same_weights(known)
    assert known.same_weights(early)
    assert not early.same_weights(replace(known, path="elsewhere"))
    assert known.same_weights(replace(known, path="elsewhere"))
    assert not known.same_weights(replace(known, weights="other"))


def test_other_weights_at_the_same_place_are_others_before_the_hash_of_either_is_known(
    folder: Path, large: None
) -> None:
    before = opened(Engine(), folder, False)
    assert before.same_weights(opened(Engine(), folder, False))
    weights = next(file for file in folder.iterdir() if file.name == "model.safetensors")
    content = weights.read_bytes()
    weights.unlink()
    weights.with_name("new").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    weights.with_name("new").rename(weights)
    os.utime(weights, ns=(1, 1))
    after = opened(Engine(), folder, False)
    assert (after.name, after.path) == (before.name, before.path)
    assert not after.same_weights(before)


def test_a_model_that_is_kept_is_opened_anew_where_its_files_were_written_since(tmp_path: Path) -> None:
    numbers = itertools.count(1)
    kept = Kept(lambda folder, device, precision: next(numbers))
    for place, file in ((tmp_path, tmp_path / "a" / "w.bin"), (tmp_path / "m.gguf",) * 2, (tmp_path / "c.ckpt",) * 2):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"before")
        first = kept.model(place, "cpu", "fp32")
        assert kept.model(place, "cpu", "fp32") == first
        file.write_bytes(b"something else")
        assert kept.model(place, "cpu", "fp32") == first + 1
    (tmp_path / "config.json").write_bytes(b"{}")
    assert kept.model(tmp_path / "c.ckpt", "cpu", "fp32") == 7, "what describes it beside"
