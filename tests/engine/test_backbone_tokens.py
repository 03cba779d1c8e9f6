"""Tokens of networks that were adapted to fill in masks: which one is the mask, and alphabets read from lists."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from engine.catalogue.glance import glance_at
from engine.language.tokenizers import find_tokenizer, train_tokenizer
from engine.models import load
from engine.performing.opening import is_causal
from engine.protocol import UserError
from tests.engine.adapted import ADAPTED, PROTEINS, make
from tests.engine.test_backbones import law


@torch.no_grad()
def test_an_ordinary_token_that_is_the_mask_stands_in_no_text(tmp_path: Path) -> None:
    """Texts are put together of others, and what ended texts has its id."""
    texts = ["the rain in the plain, and the man in the lane"] * 9
    backend = train_tokenizer(iter(texts), 270)
    mask = backend.encode("the")[0]
    assert mask > 255
    weights = make(tmp_path, "diffugpt", 270, mask_token_id=mask, bos_token_id=269)
    backend.save(tmp_path)
    model = load(tmp_path, device="cpu", precision="fp32")
    assert (model.info.vocabulary, model.tokenizer.vocabulary, model.info.mask_id) == (269, 269, 269)
    text = texts[0][:24]
    ids = model.tokenizer.encode(text)
    assert model.tokenizer.decode(ids) == text
    assert not {mask, 269} & set(ids)
    pieces = [backend.piece(token) for token in range(269)]
    assert [pieces.index(model.tokenizer.piece(token)) for token in ids] == ids
    logits = ADAPTED["diffugpt"].forward(weights, torch.tensor([[269, *ids]]), 270)[0, : len(ids)]
    logits[:, mask] = logits[:, 269]
    expected = logits[:, :269].softmax(-1)
    torch.testing.assert_close(law(model.diffusion, torch.tensor([ids]))[0].double(), expected, rtol=1e-4, atol=1e-6)


def test_tokens_after_the_mask_that_the_tokenizer_has_are_states(tmp_path: Path) -> None:
    backend = train_tokenizer(iter(["the rain in the plain"] * 9), 270)
    described = json.loads(backend.to_json())
    known = backend.vocabulary
    for place, name in enumerate(("<|mask|>", "<|one|>", "<|two|>")):
        token = {"id": known + place, "content": name, "special": True, "single_word": False}
        described["added_tokens"].append(token | {"lstrip": False, "rstrip": False, "normalized": False})
    make(tmp_path, "a2d-llama", known + 3, mask_token_id=known)
    (tmp_path / "tokenizer.json").write_text(json.dumps(described))
    model = load(tmp_path, device="cpu", precision="fp32")
    assert (model.info.vocabulary, model.info.mask_id) == (known + 2, known + 2)
    assert model.tokenizer.decode(model.tokenizer.encode("the rain")) == "the rain"


def test_the_alphabet_of_proteins_is_read_from_its_list(tmp_path: Path) -> None:
    make(tmp_path, "dplm", 33)
    (tmp_path / "vocab.txt").write_text("\n".join(PROTEINS))
    model = load(tmp_path, device="cpu")
    assert model.tokenizer.encode("MKTAY") == [20, 15, 11, 5, 19]
    assert model.tokenizer.decode([20, 15, 11]) == "MKT"
    with pytest.raises(UserError, match='does not know the symbol "j"'):
        model.tokenizer.encode("MjK")
    with pytest.raises(UserError):
        model.tokenizer.encode("<cls>")


def test_a_list_of_words_is_no_alphabet(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[PAD]\n[MASK]\nthe\n##s\na\n")
    with pytest.raises(UserError, match="No tokenizer was found"):
        find_tokenizer(tmp_path)


@torch.no_grad()
def test_a_qwen2_whose_tokenizer_has_a_mask_is_one_of_masks_with_a_shift(tmp_path: Path) -> None:
    """Open-dCoder says no more of itself; without a mask it is a causal model."""
    tokenizer = train_tokenizer(iter(["a dragon slept"] * 3), 262).backend
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    states = tokenizer.get_vocab_size() + 1
    weights = make(tmp_path, "a2d-qwen2", states, model_type="qwen2")
    assert is_causal(tmp_path)
    assert glance_at(tmp_path).noise == "none"
    tokenizer.add_special_tokens(["[MASK]"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text('{"mask_token": "[MASK]"}')
    assert not is_causal(tmp_path)
    assert (glance_at(tmp_path).family, glance_at(tmp_path).noise) == ("Open-dCoder", "absorb")
    model = load(tmp_path, "cpu", "fp32")
    model.diffusion.network.double()
    tokens = torch.tensor([[5, states - 1, 7, states - 1]])
    raw = ADAPTED["a2d-qwen2"].forward(weights, tokens, states)
    shifted = torch.cat((raw[:, :1], raw[:, :-1]), dim=1)
    expected = shifted[..., : states - 1].log_softmax(-1)[:, 1::2]
    found = law(model.diffusion, tokens).log()[:, 1::2]
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    assert model.info.mask_id == states - 1
