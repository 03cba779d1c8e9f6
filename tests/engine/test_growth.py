"""A model that is deepened before it learns on computes the same as before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.causal.causal_model import build_causal, with_dropout
from engine.language.tokenizers import find_tokenizer
from engine.protocol import UserError
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.growth import block_places, deepen
from engine.theory.network import NetworkConfig


def test_blocks_are_spread_evenly() -> None:
    assert block_places(2, 2) == [0, 1]
    assert block_places(3, 5) == [0, 1, 3]
    with pytest.raises(UserError, match="cannot grow"):
        block_places(3, 2)


def test_a_deepened_score_network_computes_the_same() -> None:
    config = DiffusionConfig(NetworkConfig(9, 8, 16, 2, 2))
    before = Diffusion(config)
    with torch.no_grad():
        for parameter in before.network.parameters():
            parameter.normal_(0, 0.3)
    after = Diffusion(replace(config, network=replace(config.network, blocks=5)))
    deepen(after.network, before.network)
    for model in (before, after):
        model.network.eval()
    x, sigma = torch.randint(0, 9, (2, 8)), torch.tensor([0.3, 2.0])
    torch.testing.assert_close(after.log_score(x, sigma), before.log_score(x, sigma))


def test_a_deepened_causal_network_computes_the_same() -> None:
    before = build_causal(find_tokenizer(Path("assets/stories-gpt")), 16, 32, 2, 2).eval()
    after = with_dropout(before, 0.1, 5).eval()
    x = torch.randint(0, 2048, (2, 16))
    torch.testing.assert_close(after(x).logits, before(x).logits)
