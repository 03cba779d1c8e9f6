"""Files of networks that were adapted to fill in masks: what is stored, and what is refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from typer.testing import CliRunner

from engine.cli import app
from engine.language.tokenizers import symbol_tokenizer
from engine.models.loading import build
from engine.protocol import UserError
from tests.engine.adapted import ADAPTED, make
from tests.engine.test_backbones import NORM, NOTHING, noised


@torch.no_grad()
@pytest.mark.parametrize(
    ("family", "head", "embedding"),
    [
        ("diffugpt", "lm_head.weight", "embed_tokens.weight"),
        ("modernbert", "decoder.weight", "model.embeddings.tok_embeddings.weight"),
        ("dplm", "lm_head.decoder.weight", "esm.embeddings.word_embeddings.weight"),
        ("a2d-qwen3", "lm_head.weight", "model.embed_tokens.weight"),
    ],
)
def test_a_head_that_is_the_embedding_may_be_stored_or_not_and_is_kept_once(
    tmp_path: Path, family: str, head: str, embedding: str
) -> None:
    make(tmp_path, family)
    weights = load_file(tmp_path / "model.safetensors")
    counts, outputs = [], []
    for own in (None, weights[embedding].clone(), weights[embedding] + 1):
        weights.pop(head, None)
        save_file(weights | ({} if own is None else {head: own}), tmp_path / "model.safetensors")
        network = build(tmp_path)[0].network
        counts.append(network.parameter_count)
        outputs.append(network(noised(), NOTHING))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.allclose(outputs[0], outputs[2])
    assert counts[0] == counts[1] == counts[2] - weights[embedding].numel()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda weights: weights.pop(next(name for name in weights if re.search(NORM, name))), "lacks"),
        (lambda weights: weights.update({"more": torch.zeros(2)}), "weights too many"),
        (
            lambda weights: weights.update({name: torch.zeros(2, 3) for name in weights if re.search(NORM, name)}),
            "instead of",
        ),
        (
            lambda weights: [value.fill_(math.nan) for value in weights.values() if value.is_floating_point()],
            "no finite",
        ),
    ],
)
@pytest.mark.parametrize("family", ADAPTED)
def test_damaged_weights_are_answered_in_a_sentence(
    tmp_path: Path, family: str, spoil: Callable[[dict[str, Tensor]], object], said: str
) -> None:
    make(tmp_path, family)
    weights = load_file(tmp_path / "model.safetensors")
    spoil(weights)
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=said):
        build(tmp_path)


@pytest.mark.parametrize("family", ADAPTED)
def test_every_entry_of_a_configuration_that_is_odd_is_answered_in_a_sentence(tmp_path: Path, family: str) -> None:
    """Or makes no difference to what is read."""
    make(tmp_path, family, bos_token_id=0, cls_token_id=0, pad_token_id=1, eos_token_id=2, mask_token_id=10)
    values = json.loads((tmp_path / "config.json").read_text())
    refused = 0
    for key in values.keys() - {"model_type", "dplm_type"}:
        for odd in (None, -1, 0, 10**9, "x", [1], {"a": 1}, 1.5, float("nan"), 3):
            (tmp_path / "config.json").write_text(json.dumps(values | {key: odd}))
            try:
                build(tmp_path)
            except UserError:
                refused += 1
    assert refused > 40


@pytest.mark.parametrize("family", ADAPTED)
def test_a_configuration_of_a_huge_network_takes_no_memory(tmp_path: Path, family: str) -> None:
    wide = {"n_embd": 16_384} if family == "diffugpt" else {"hidden_size": 16_384, "intermediate_size": 100_000}
    make(tmp_path, family, **wide)
    with pytest.raises(UserError, match="does not match its configuration"):
        build(tmp_path)


def test_such_a_model_is_not_trained_on(tmp_path: Path) -> None:
    make(tmp_path / "model", "a2d-qwen2")
    symbol_tokenizer([*"abcdefghi"]).save(tmp_path / "model")
    (tmp_path / "text.txt").write_text("abc " * 99)
    command = ["train", tmp_path / "text.txt", "--model", tmp_path / "model", "--out", tmp_path / "out", "--steps", 1]
    done = CliRunner().invoke(app, [*map(str, command), "--device", "cpu"])
    assert done.exit_code != 0
    assert "has a network of another kind" in " ".join(done.output.split())
