"""Checkpoints of other families as files: masks anywhere, prefixes, and what is wrong, said in a sentence."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.language.tokenizers import symbol_tokenizer
from engine.models import load
from engine.models.loading import build
from engine.protocol import (
    UserError,
)
from tests.engine.families import (
    CONFIGS,
    Sizes,
    edit,
    forward,
    make,
    noised,
    rename,
)

UNIFORM = ("duo", "duo-mixin", "udlm", "udlm-class")


SYMBOLS = [*"abcdefgh"]


def with_a_mask(folder: Path, place: int) -> list[str]:
    """Puts a tokenizer of symbols there whose token number `place` is the mask; its tokens."""
    tokens = ["<|endoftext|>", *SYMBOLS[:-1]]
    tokens.insert(place, "[MASK]")
    backend = json.loads(symbol_tokenizer(SYMBOLS).to_json())
    backend["model"]["vocab"] = {token: k for k, token in enumerate(tokens)}
    added = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    marks = ("<|endoftext|>", "[MASK]")
    entries = [added | {"id": tokens.index(mark), "content": mark} for mark in marks]
    backend["added_tokens"] = sorted(entries, key=lambda entry: entry["id"])  # type: ignore[arg-type, return-value]
    (folder / "tokenizer.json").write_text(json.dumps(backend))
    return tokens


@torch.no_grad()
@pytest.mark.parametrize("place", [3, 8])
@pytest.mark.parametrize("family", ["mdlm", "didi"])
def test_a_mask_in_the_middle_of_the_vocabulary_makes_no_difference(tmp_path: Path, family: str, place: int) -> None:
    sizes = Sizes(states=9)
    weights, tokens = make(tmp_path, family, sizes), with_a_mask(tmp_path, place)
    model = load(tmp_path, device="cpu", precision="fp32")
    text = "abcdefgbacde"[: sizes.length]
    ids = torch.tensor([model.tokenizer.encode(text)])
    assert model.tokenizer.decode(ids[0].tolist()) == text
    assert (model.info.mask_id, model.tokenizer.vocabulary) == (8, 8)
    hidden = torch.arange(sizes.length) % 3 == 1
    theirs = torch.tensor([[tokens.index(letter) for letter in text]])
    logits = forward(weights, sizes.heads, torch.where(hidden, place, theirs), torch.zeros(1))
    logits[..., place] = -math.inf
    expected = logits.log_softmax(-1).gather(-1, theirs[..., None])[0, hidden, 0]
    loss = model.diffusion.cross_entropy(torch.where(hidden, 8, ids), torch.ones(1), ids)[0, hidden]
    torch.testing.assert_close(-loss.double(), expected, rtol=1e-5, atol=1e-5)


def test_a_mask_that_is_declared_is_moved_to_the_end(tmp_path: Path) -> None:
    weights = make(tmp_path, "mdlm")
    edit(tmp_path, lambda values: values.update(mask_token_id=4))
    embedding = build(tmp_path)[0].network.get_parameter("vocab_embed.embedding")
    swapped = weights["vocab_embed.embedding"][[0, 1, 2, 3, 10, 5, 6, 7, 8, 9, 4]]
    torch.testing.assert_close(embedding, swapped, rtol=0, atol=0, check_stride=False)


@pytest.mark.parametrize("mask", [11, -1, "x", 1.5, True])
def test_a_mask_that_is_no_state_is_answered_in_a_sentence(tmp_path: Path, mask: object) -> None:
    make(tmp_path, "mdlm")
    edit(tmp_path, lambda values: values.update(mask_token_id=mask))
    with pytest.raises(UserError, match="has the mask"):
        build(tmp_path)


def test_the_token_for_padding_is_one_of_duo_s_states(tmp_path: Path) -> None:
    make(tmp_path, "duo", Sizes(states=10))
    symbol_tokenizer(SYMBOLS).save(tmp_path)
    model = load(tmp_path, device="cpu")
    assert (model.tokenizer.vocabulary, model.tokenizer.piece(9)) == (10, "[PAD]")
    assert model.tokenizer.decode(model.tokenizer.encode("abc")) == "abc"


# ---- files


@torch.no_grad()
@pytest.mark.parametrize("family", CONFIGS)
def test_names_with_and_without_their_prefix_load(tmp_path: Path, family: str) -> None:
    """And frequencies of positions that follow from the sizes may be missing."""
    tokens, told = noised(Sizes(), family in UNIFORM)
    outputs = []
    for prefixed in (True, False):
        make(tmp_path / str(prefixed), family, prefixed=prefixed)
        outputs.append(build(tmp_path / str(prefixed))[0].network(tokens, told))
        rename(tmp_path / str(prefixed), lambda weights: drop(weights, "inv_freq"))
        outputs.append(build(tmp_path / str(prefixed))[0].network(tokens, told))
    assert all(torch.equal(output, outputs[0]) for output in outputs)


def drop(weights: dict[str, torch.Tensor], part: str) -> None:
    for name in [name for name in weights if part in name]:
        del weights[name]


def twice(weights: dict[str, torch.Tensor]) -> None:
    weights["vocab_embed.embedding" if "backbone.vocab_embed.embedding" in weights else "backbone.x"] = torch.zeros(1)
    weights.setdefault("x", torch.zeros(1))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda weights: drop(weights, "norm_final.weight"), "lacks 1 weights"),
        (lambda weights: weights.update({"backbone.more": torch.zeros(2)}), "1 weights too many"),
        (lambda weights: weights.update({"backbone.output_layer.linear.bias": torch.zeros(2)}), "instead of"),
        (lambda weights: next(iter(weights.values())).fill_(math.nan), "no finite numbers"),
        (twice, "two weights of one name"),
    ],
)
@pytest.mark.parametrize("family", CONFIGS)
def test_damaged_weights_are_answered_in_a_sentence(
    tmp_path: Path, family: str, spoil: Callable[[dict[str, torch.Tensor]], None], said: str
) -> None:
    make(tmp_path, family, prefixed=True)
    rename(tmp_path, spoil)
    with pytest.raises(UserError, match=said):
        build(tmp_path)


@pytest.mark.parametrize("family", CONFIGS)
def test_every_entry_of_a_configuration_that_is_missing_or_odd_is_answered_in_a_sentence(
    tmp_path: Path, family: str
) -> None:
    """Or is not needed."""
    make(tmp_path, family)
    whole = json.loads((tmp_path / "config.json").read_text())
    for keys in list(paths(whole)):
        for odd in (None, -1, 0, 10**9, "x", [1], {"a": 1}, 1.5, float("nan")):
            values = json.loads(json.dumps(whole))
            inner = values
            for key in keys[:-1]:
                inner = inner[key]
            inner[keys[-1]] = odd
            if odd is None:
                del inner[keys[-1]]
            (tmp_path / "config.json").write_text(json.dumps(values))
            try:
                build(tmp_path)
            except UserError as error:
                assert "\n" not in str(error)  # noqa: PT017 - either is right


def paths(values: dict[str, Any], before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in values.items():
        found.append((*before, key))
        if isinstance(value, dict):
            found += paths(value, (*before, key))
    return found


def test_a_model_that_writes_from_left_to_right_is_refused(tmp_path: Path) -> None:
    make(tmp_path, "duo")
    edit(tmp_path, lambda values: values.update(causal=True))
    with pytest.raises(UserError, match="from left to right"):
        build(tmp_path)


def test_an_unknown_algorithm_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    make(tmp_path, "didi")
    edit(tmp_path, lambda values: values["config"]["algo"].update(name="ar"))
    with pytest.raises(UserError, match="the algorithm 'ar', not one of mdlm"):
        build(tmp_path)


@pytest.mark.parametrize("family", CONFIGS)
def test_a_configuration_of_a_huge_network_takes_no_memory(tmp_path: Path, family: str) -> None:
    sizes = Sizes()
    make(tmp_path, family, sizes)
    huge = CONFIGS[family](Sizes(1_000_000 - 1, 65_536, 16_384, 256, 4))
    (tmp_path / "config.json").write_text(json.dumps(huge))
    with pytest.raises(UserError, match=r"lacks|does not match"):
        build(tmp_path)
