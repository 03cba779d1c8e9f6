"""Weights whose names torch has changed, or that stand in several files, open as the plain ones, or are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.causal.causal_model import CausalModel
from engine.models.loading import build
from engine.models.stored import LARGEST_INDEX
from engine.protocol import UserError
from tests.engine import causals
from tests.engine.families import make

TOKENS = torch.tensor([[1, 2, 3, 4]])
NAMES: dict[str, Callable[[str], str]] = {
    "distributed": lambda name: f"module.{name}",
    "compiled": lambda name: f"_orig_mod.{name}",
    "both": lambda name: f"_orig_mod.module.{name}",
    "layers compiled": lambda name: name.replace(".0.", ".0._orig_mod."),
}


def diffusion_logits(folder: Path) -> Tensor:
    logits: Tensor = build(folder)[0].network(TOKENS, torch.zeros(1))
    return logits


def causal_logits(folder: Path) -> Tensor:
    logits: Tensor = CausalModel.load(folder, "cpu", "fp32").network(TOKENS).logits
    return logits


MADE: dict[str, tuple[Callable[[Path], object], Callable[[Path], Tensor]]] = {
    "mdlm": (lambda folder: make(folder, "mdlm"), diffusion_logits),
    "gpt2": (lambda folder: causals.make(folder, "gpt2"), causal_logits),
    "llama": (lambda folder: causals.make(folder, "llama"), causal_logits),
    "qwen3": (lambda folder: causals.make(folder, "qwen3"), causal_logits),
}


def in_parts(folder: Path, weights: dict[str, Tensor], twice: bool) -> None:
    """Writes the weights as two parts with an index; with `twice` the second has one of the first, too, as the part of
    another model would."""
    names, files = sorted(weights), ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    parts = {file: {name: weights[name] for name in names[k::2]} for k, file in enumerate(files)}
    of = {name: file for file, part in parts.items() for name in part}
    if twice:
        parts[files[1]][names[0]] = weights[names[0]] + 1
    for file, part in parts.items():
        save_file(part, folder / file, metadata={"format": "pt"})
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": of}))


@torch.no_grad()
@pytest.mark.parametrize("kind", MADE)
def test_names_that_torch_has_changed_are_those_of_the_network(tmp_path: Path, kind: str) -> None:
    made, logits = MADE[kind]
    made(tmp_path)
    expected, weights = logits(tmp_path), load_file(tmp_path / "model.safetensors")
    weights = {name: weight.clone() for name, weight in weights.items()}
    for change in NAMES.values():
        save_file({change(name): weight for name, weight in weights.items()}, tmp_path / "model.safetensors")
        assert torch.equal(logits(tmp_path), expected)
    save_file(weights | {f"module.{min(weights)}": weights[min(weights)].clone()}, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match="two weights of one name"):
        logits(tmp_path)


@torch.no_grad()
@pytest.mark.parametrize("kind", MADE)
def test_a_weight_that_two_parts_have_is_refused_whichever_the_index_names(tmp_path: Path, kind: str) -> None:
    made, logits = MADE[kind]
    for twice in (False, True):
        made(tmp_path / str(twice))
        expected, weights = logits(tmp_path / str(twice)), load_file(tmp_path / str(twice) / "model.safetensors")
        in_parts(tmp_path / str(twice), {name: weight.clone() for name, weight in weights.items()}, twice)
        if twice:
            with pytest.raises(UserError, match="as another part has; put the parts of one model there"):
                logits(tmp_path / str(twice))
        else:
            assert torch.equal(logits(tmp_path / str(twice)), expected)


def test_an_index_that_is_long_beyond_reason_is_refused_before_it_is_read(tmp_path: Path) -> None:
    make(tmp_path, "mdlm")
    in_parts(tmp_path, load_file(tmp_path / "model.safetensors"), twice=False)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(index.read_text() + " " * LARGEST_INDEX)
    with pytest.raises(UserError, match="it is larger than 2 MB"):
        build(tmp_path)
