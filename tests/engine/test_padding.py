"""A model with more tokens than its tokenizer never shows one of them, and its laws are those of the others."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from engine.causal.causal_model import build_causal, save_causal
from engine.language.tokenizers import train_tokenizer, was_padded
from engine.models.loading import Model, load
from engine.models.own_layout import save
from engine.performing.causal_performer import CausalPerformer
from engine.performing.diffusion_performer import DiffusionPerformer
from engine.performing.engine import Engine
from engine.protocol import (
    FREE,
    Failed,
    Frame,
    Generate,
    Guess,
    Guessed,
    Insight,
    Inspect,
    LoadModel,
    ModelLoaded,
    Started,
    UserError,
    frozen,
)
from engine.protocol.sampler_table import SAMPLERS
from engine.theory.conditioning import Locks
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from engine.theory.uniform_law import noised

TOKENIZER = train_tokenizer(iter(["once upon a time"] * 3), 260)
KNOWN, PADDED, LENGTH = 260, 320, 12
KINDS = {
    "absorb-posterior": DiffusionConfig(NetworkConfig(PADDED + 1, LENGTH, 16, 1, 2, 8), parametrisation="posterior"),
    "absorb-score": DiffusionConfig(NetworkConfig(PADDED + 1, LENGTH, 16, 1, 2, 8)),
    "uniform-leave-one-out": DiffusionConfig(
        NetworkConfig(PADDED, LENGTH, 16, 1, 2, 8), "uniform", parametrisation="leave_one_out", scale_by_sigma=False
    ),
    "uniform-score": DiffusionConfig(NetworkConfig(PADDED, LENGTH, 16, 1, 2, 8), "uniform", scale_by_sigma=False),
}


def padded(config: DiffusionConfig) -> Diffusion:
    """A model with random weights that likes the tokens that the tokenizer lacks."""
    torch.manual_seed(0)
    diffusion = Diffusion(config)
    for parameter in diffusion.network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    with torch.no_grad():
        diffusion.network.get_parameter("output_layer.linear.bias")[KNOWN:PADDED] += 4.0
    diffusion.network.requires_grad_(False).eval()
    return diffusion


@pytest.fixture(params=KINDS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / str(request.param)
    save(path, padded(KINDS[request.param]), TOKENIZER, "# Padded\n", precision="fp32")
    return path


def loaded(folder: Path) -> Model:
    return load(folder, "cpu", "fp32")


def test_no_sampler_guess_or_inspection_names_a_token_that_the_tokenizer_lacks(folder: Path) -> None:
    engine = Engine(DiffusionPerformer(loaded(folder)))
    assert engine.performer is not None
    info = engine.performer.info
    assert info.vocabulary == TOKENIZER.vocabulary == KNOWN
    allowed = KNOWN + (info.mask_id is not None)
    tokens = frozen([5, *[FREE] * (LENGTH - 1)])
    for row in (row for row in SAMPLERS if info.noise in row.noises):
        last = np.zeros(0, np.int64)
        for event in engine.perform(1, Generate(tokens, steps=4, sampler=row.name, samples=2)):
            assert not isinstance(event, Failed), event
            if isinstance(event, Started):
                last = event.tokens.copy()
            if isinstance(event, Frame):
                last[event.sample, event.position] = event.token
            assert last.max() < allowed
        assert last.max() < KNOWN
    text = frozen([5, *[FREE if info.mask_id is not None else 7] * (LENGTH - 1)])
    (seen,) = engine.perform(1, Inspect(text, text == 5, 3, 0.5, most=1_000))
    assert isinstance(seen, Insight)
    assert seen.tokens.max() < KNOWN
    assert seen.probability.sum() == pytest.approx(1)
    (guessed,) = engine.perform(1, Guess(text, text == 5, 0.5))
    assert isinstance(guessed, Guessed)
    assert guessed.tokens.max() < KNOWN


@pytest.mark.parametrize("kind", ["absorb-posterior", "absorb-score"])
def test_under_absorbing_noise_a_law_is_that_of_the_whole_model_restricted(kind: str, tmp_path: Path) -> None:
    whole = padded(KINDS[kind])
    save(tmp_path, whole, TOKENIZER, "# Padded\n", precision="fp32")
    part = loaded(tmp_path).diffusion
    text = torch.tensor([[5, 6, KNOWN, KNOWN, 8]])
    sigma, masked = torch.tensor([0.7]), (text == KNOWN)[0]
    before = whole.log_score(torch.where(text == KNOWN, PADDED, text), sigma)[0, masked].exp()
    after = part.log_score(text, sigma)[0, masked].exp()
    if kind == "absorb-score":  # rates of what is left stay
        torch.testing.assert_close(after[:, :KNOWN], before[:, :KNOWN])
    torch.testing.assert_close(
        after[:, :KNOWN] / after[:, :KNOWN].sum(-1, keepdim=True),
        before[:, :KNOWN] / before[:, :KNOWN].sum(-1, keepdim=True),
    )


@pytest.mark.parametrize("kind", ["uniform-leave-one-out", "uniform-score"])
def test_under_uniform_noise_it_is_that_of_the_whole_model_at_the_level_that_looks_the_same(
    kind: str, tmp_path: Path
) -> None:
    whole = padded(KINDS[kind])
    save(tmp_path, whole, TOKENIZER, "# Padded\n", precision="fp32")
    part = loaded(tmp_path).diffusion
    text, sigma = torch.tensor([[5, 6, 9, 250, 8]]), torch.tensor([0.7])
    kept = math.exp(-0.7)
    level = -math.log(kept * KNOWN / PADDED / (1 - kept + kept * KNOWN / PADDED))
    # A token's noise on all states, seen where none is beyond the tokenizer's, is weaker noise on those.
    all_states = noised(torch.eye(PADDED, dtype=torch.float64), torch.tensor([level], dtype=torch.float64))
    restricted = all_states[:KNOWN, :KNOWN] / all_states[:KNOWN, :KNOWN].sum(-1, keepdim=True)
    few = noised(torch.eye(KNOWN, dtype=torch.float64), torch.tensor([0.7], dtype=torch.float64))
    torch.testing.assert_close(restricted, few)
    before = whole.log_score(text, torch.tensor([level]))[0, :, :KNOWN]
    after = part.log_score(text, sigma)[0]
    if kind == "uniform-score":
        torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4)
    features = whole.features(text, torch.tensor([level]))
    law = whole.network.head(features)[0, :, :KNOWN].softmax(-1)
    if kind == "uniform-leave-one-out":
        torch.testing.assert_close(part.network.head(part.features(text, sigma))[0].softmax(-1), law)


def test_what_was_cut_off_stays_cut_off_when_the_model_is_saved_again(folder: Path, tmp_path: Path) -> None:
    first = loaded(folder)
    save(tmp_path / "again", first.diffusion, TOKENIZER, "# Again\n", precision="fp32")
    second = loaded(tmp_path / "again")
    assert second.diffusion.config == first.diffusion.config
    text, sigma = torch.tensor([[5, 6, 9]]), torch.tensor([0.7])
    same = [model.diffusion.log_score(text, sigma) for model in (first, second)]
    torch.testing.assert_close(*same, rtol=0, atol=0)


def test_a_locked_token_that_the_tokenizer_lacks_is_refused(folder: Path) -> None:
    with pytest.raises(UserError, match="not in this model's vocabulary"):
        Locks.of(frozen([KNOWN]), loaded(folder).diffusion.vocabulary, LENGTH)


def test_only_a_round_size_is_taken_for_padding() -> None:
    assert was_padded(50_257, 50_304)
    assert was_padded(50_257, 50_303)  # with the mask 50,304 states
    assert not was_padded(257, 262)
    assert not was_padded(256, 512)
    assert not was_padded(300, 296)


def test_a_model_from_left_to_right_neither_writes_nor_expects_them(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build_causal(TOKENIZER, LENGTH, 16, 1, 2)
    config = transformers.GPT2Config(**{**network.config.to_dict(), "vocab_size": PADDED})  # type: ignore[union-attr,operator]
    network = transformers.GPT2LMHeadModel(config)
    torch.nn.init.normal_(network.transformer.wte.weight, std=0.5)
    save_causal(tmp_path, network, TOKENIZER, "# Padded\n")
    engine = Engine()
    (event,) = engine.perform(1, LoadModel(str(tmp_path), "cpu", "fp32"))
    assert isinstance(event, ModelLoaded)
    request = Generate(frozen([FREE] * LENGTH), samples=8)
    for asked in (request, replace(request, banned=(5,))):
        for written in engine.perform(1, asked):
            assert not isinstance(written, Failed), written
            assert not isinstance(written, Frame) or written.token.max() < KNOWN
    assert isinstance(engine.performer, CausalPerformer)
    causal = engine.performer.causal
    logits = causal.network(torch.tensor([[causal.network.config.bos_token_id, 7]])).logits[0, -1].double()
    law = causal.law_after(np.array([7]))
    torch.testing.assert_close(law, logits[:KNOWN].softmax(-1))
    assert causal.token_nats([np.array([7, 9])])[0][1] == pytest.approx(-math.log(law[9]), rel=1e-5)
    (seen,) = engine.perform(1, Inspect(frozen([7, FREE]), np.zeros(2, bool), 1, math.nan, most=1_000))
    assert isinstance(seen, Insight)
    assert seen.tokens.max() < KNOWN
    assert seen.probability.sum() == pytest.approx(1)
