"""A model that is opened is in memory once: what was copied of its files is let go, and numbers stay as they were."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.causal.causal_model import CausalModel
from engine.models import filling
from engine.models.filling import Pages, copied, equal
from engine.models.loading import load
from engine.models.stored import contents
from engine.performing.doctor import examine
from engine.protocol import UserError
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from tests.engine import alone
from tests.engine.alone import MIB
from tests.engine.causals import tiny_network, tiny_tokenizer

SIZES = NetworkConfig(states=20_001, length=16, hidden=256, blocks=1, heads=2, cond_dim=8)
SHARE = 1.2
BESIDE = 8 * MIB
"""Parts that are copied: as they lie in the file, and as numbers of four bytes."""


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    network = Diffusion(DiffusionConfig(SIZES)).network
    return {name: torch.randn_like(tensor) for name, tensor in network.state_dict().items()}


def published(folder: Path, weights: dict[str, torch.Tensor], pickled: bool) -> Path:
    sizes = {"hidden_size": 256, "cond_dim": 8, "length": 16, "n_blocks": 1, "n_heads": 2, "scale_by_sigma": True}
    noise = {"noise": {"type": "loglinear"}, "graph": {"type": "absorb"}}
    described = {"tokens": SIZES.states - 1, "model": sizes | {"dropout": 0.0}} | noise
    (folder / "config.json").write_text(json.dumps(described))
    if pickled:
        torch.save(weights, folder / "pytorch_model.bin")
    else:
        save_file(weights, folder / "model.safetensors")
    return folder


DIFFUSION = """
from engine.models.loading import load

def opened(folder, precision):
    return load(folder, "cpu", precision).diffusion.network.state_dict().values()
"""
CAUSAL = """
from engine.causal.causal_model import CausalModel

def opened(folder, precision):
    return list(CausalModel.load(folder, "cpu", precision).network.parameters())
"""


def test_opening_takes_little_more_than_the_weights(weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    if sys.platform != "linux":
        return
    for pickled in (False, True):
        (tmp_path / str(pickled)).mkdir()
        published(tmp_path / str(pickled), weights, pickled)
    for grown, held in alone.peaks(DIFFUSION, tmp_path / "False", tmp_path / "True"):
        assert held > 20 * MIB
        assert grown < SHARE * held + BESIDE


@pytest.fixture(scope="module")
def causal_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Any]:
    """Folders of causal models, with the networks that they hold: in float32, and in bfloat16."""
    kept = {}
    for dtype in (torch.float32, torch.bfloat16):
        folder = tmp_path_factory.mktemp("causal")
        kept[folder] = tiny_network("gpt2", 60_001, n_embd=192).to(dtype)
        kept[folder].save_pretrained(folder)
        tiny_tokenizer().save(folder)
    return kept


def test_so_does_opening_a_causal_model(causal_folders: dict[Path, Any]) -> None:
    if sys.platform != "linux":
        return
    for grown, held in alone.peaks(CAUSAL, *causal_folders):
        assert held > 20 * MIB
        assert grown < SHARE * held + BESIDE


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_causal_model_has_the_weights_of_its_file(causal_folders: dict[Path, Any], precision: str) -> None:
    for folder, network in causal_folders.items():
        opened = CausalModel.load(folder, "cpu", precision).network
        for (name, weight), made in zip(network.named_parameters(), opened.parameters(), strict=True):
            assert torch.equal(weight.to(made.dtype), made), name


def test_a_causal_model_does_not_change_with_its_file(tmp_path: Path) -> None:
    tiny_network("gpt2").save_pretrained(tmp_path)
    tiny_tokenizer().save(tmp_path)
    opened = CausalModel.load(tmp_path, "cpu", "fp32")
    before = opened.token_nats([np.arange(8)])[0]
    file = tmp_path / "model.safetensors"
    with file.open("r+b") as written:
        written.seek(file.stat().st_size // 2)
        written.write(bytes(file.stat().st_size // 2))
    assert (opened.token_nats([np.arange(8)])[0] == before).all()


def test_causal_weights_that_are_no_finite_numbers_are_told(tmp_path: Path) -> None:
    network = tiny_network("llama")
    network.lm_head.weight.data[3, 4] = torch.nan
    network.save_pretrained(tmp_path)
    tiny_tokenizer().save(tmp_path)
    with pytest.raises(UserError, match=r"is damaged: .* holds no finite numbers"):
        CausalModel.load(tmp_path, "cpu", "fp32")
    assert any("holds no finite numbers" in problem for problem in examine(tmp_path, "cpu", "fp32").problems)


def test_what_is_let_go_is_read_again_and_what_lies_in_no_file_stays(tmp_path: Path) -> None:
    save_file({"a": torch.arange(100_000.0), "b": torch.ones(3)}, path := tmp_path / "model.safetensors")
    mapped, own = contents(path), torch.arange(100_000.0)
    Pages([path]).let_go(mapped["a"], mapped["b"], own)
    assert torch.equal(mapped["a"], torch.arange(100_000.0))
    assert torch.equal(own, torch.arange(100_000.0))
    assert mapped["b"].tolist() == [1, 1, 1]


def test_weights_are_the_same_numbers_in_whatever_parts_they_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    source, rows = torch.randn(7, 5, dtype=torch.float64), torch.tensor([6, 0, 3])
    for part in (1, 12, 10**6):
        monkeypatch.setattr(filling, "PART", part)
        for weight in (source, source.T, source[0, 0], source[:0], source.half()):
            assert torch.equal(copied(weight, torch.bfloat16, Pages([])), weight.float().bfloat16())  # type: ignore[arg-type]
        assert torch.equal(copied(source, torch.float32, Pages([]), rows), source.float()[rows])  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_found_in_every_part(
    weights: dict[str, torch.Tensor], tmp_path: Path, number: float
) -> None:
    spoilt = {name: tensor.clone() for name, tensor in weights.items()}
    spoilt["output_layer.linear.weight"][-1, -1] = number
    with pytest.raises(UserError, match=r"output_layer.linear.weight holds no finite numbers"):
        load(published(tmp_path, spoilt, False), "cpu", "bf16")


def test_weights_that_differ_anywhere_are_not_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "PART", 10)
    first = torch.randn(9, 5)
    other = first.clone()
    assert equal(first, other, tmp_path / "model.safetensors")
    other[8, 4] += 1
    assert not equal(first, other, tmp_path / "model.safetensors")
    assert not equal(first, first[:8], tmp_path / "model.safetensors")
