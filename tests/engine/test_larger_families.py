"""Models for larger machines are named, with the memory that they would need, and nothing of them is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from engine.causal.causal_folder import checked
from engine.models import load
from engine.performing.opening import is_causal
from engine.protocol import UserError

CODE = {"auto_map": {"AutoModelForCausalLM": "modeling.SomethingForCausalLM"}}
KINDS: dict[str, dict[str, Any]] = {
    "LLaDA": {"model_type": "llada", "d_model": 4096} | CODE,
    "Dream": {"model_type": "Dream", "hidden_size": 3584} | CODE,
    "Fast-dLLM v2": {"model_type": "Fast_dLLM_Qwen"} | CODE,
    "LLaDA2": {"model_type": "llada2_moe"} | CODE,
    "Nemotron-Labs-Diffusion": {"model_type": "nemotron_labs_diffusion"},
    "DiffusionGemma": {"model_type": "diffusion_gemma"},
    "Stable-DiffCoder": {"model_type": "llama", "auto_map": {"AutoModel": "code.StableDiffcoderModel"}},
}


def make(folder: Path, family: str) -> None:
    (folder / "config.json").write_text(json.dumps(KINDS[family]))


@pytest.mark.parametrize("family", KINDS)
def test_a_model_for_a_larger_machine_is_named_with_its_memory_wherever_it_is_opened(
    tmp_path: Path, family: str
) -> None:
    make(tmp_path, family)
    for way in (load, is_causal, checked):
        with pytest.raises(UserError, match=rf"the family {family}, .* need about [\d.,]+ GiB of memory.* choose"):
            way(tmp_path)


def test_its_memory_is_that_of_the_weights_where_an_index_tells_it(tmp_path: Path) -> None:
    make(tmp_path, "LLaDA")
    index = {"metadata": {"total_size": 40 * 2**30}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=r"about 40\.0 GiB"):
        load(tmp_path)


@pytest.mark.parametrize("size", [-1, 2**70, "much", None, True])
def test_an_index_that_tells_no_size_is_not_believed(tmp_path: Path, size: object) -> None:
    make(tmp_path, "LLaDA")
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": size}}))
    with pytest.raises(UserError, match=r"about 14\.9 GiB"):
        load(tmp_path)


def test_llama_is_the_adapted_one_by_the_names_of_its_weights(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    assert is_causal(tmp_path)
    save_file({"denoise_model.norm.weight": torch.ones(2)}, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match="the family DiffuLLaMA"):
        load(tmp_path)
