"""The autoregressive baseline: likelihoods that add up, learning, saving, and judging by any causal model."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from engine.causal import causal_model, opening
from engine.causal.causal_model import (
    CausalLearner,
    CausalModel,
    begin_token,
    build_causal,
    causal_likelihood,
    save_causal,
)
from engine.language.backends import END_OF_TEXT, read_all
from engine.language.tokenizers import Tokenizer, train_tokenizer
from engine.protocol import FREE, UserError
from engine.stopping import Stopped, stoppable
from engine.theory.conditioning import Shaping
from engine.training.settings import TrainingConfig
from engine.training.trainer import Trainer, Validated

TEXTS = ["Once upon a time there was a dragon.", "The dragon lived on a hill.", "One day a girl came up the hill."]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(iter(TEXTS), 280)


@pytest.fixture(scope="module")
def model(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> CausalModel:
    torch.manual_seed(0)
    network = build_causal(tokenizer, length=16, hidden=16, blocks=1, heads=2)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    folder = tmp_path_factory.mktemp("judge")
    save_causal(folder, network, tokenizer, "# Judge\n")
    return CausalModel.load(folder, "cpu", "fp32")


def direct(model: CausalModel, ids: list[int]) -> np.ndarray:
    """-log p of each token after the first, one call for each."""
    nats = []
    for k in range(1, len(ids)):
        with torch.no_grad():
            logits = model.network(torch.tensor([ids[max(0, k - 15) : k]])).logits[0, -1]
        nats.append(-float(logits.log_softmax(-1)[ids[k]]))
    return np.array(nats)


def test_a_temperature_is_a_power_of_every_law(model: CausalModel) -> None:
    tokens = np.array([5, 3, 7, 1])
    cold = replace(model, temperature=0.5)
    for place in range(4):
        law = model.law_after(tokens[:place])
        expected = law**2 / (law**2).sum()
        torch.testing.assert_close(cold.law_after(tokens[:place]), expected)
        assert cold.token_nats([tokens])[0][place] == pytest.approx(-math.log(expected[tokens[place]]), rel=1e-5)


def test_a_saved_model_reads_texts_with_its_own_tokenizer(model: CausalModel, tokenizer: Tokenizer) -> None:
    text = f"{TEXTS[0]}{END_OF_TEXT}a hill"
    assert model.tokenizer(text)["input_ids"] == [
        *tokenizer.encode(TEXTS[0]),
        tokenizer.eot_id,
        *tokenizer.encode("a hill"),
    ]


def test_texts_of_different_lengths_are_judged_as_alone(model: CausalModel, tokenizer: Tokenizer) -> None:
    short = [text[:14] for text in TEXTS] + ["a", ""]
    for text, nats in zip(short, model.text_nats(short), strict=True):
        np.testing.assert_allclose(nats, direct(model, tokenizer.encode(text)), atol=1e-4)


def test_a_long_text_is_read_in_windows_that_share_a_token(model: CausalModel, tokenizer: Tokenizer) -> None:
    text = " ".join(TEXTS)
    ids = tokenizer.encode(text)
    assert len(ids) > 2 * 16
    (nats,) = model.text_nats([text])
    assert len(nats) == len(ids) - 1
    np.testing.assert_allclose(nats[:15], direct(model, ids[:16]), atol=1e-4)
    np.testing.assert_allclose(nats[15:30], direct(model, ids[15:31]), atol=1e-4)


def test_batches_change_nothing(model: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = model.text_nats(TEXTS)
    monkeypatch.setattr(causal_model, "MAX_ELEMENTS", 1)
    for mine, theirs in zip(model.text_nats(TEXTS), whole, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_the_likelihoods_of_all_sequences_sum_to_one(tokenizer: Tokenizer) -> None:
    torch.manual_seed(1)
    config = transformers.GPT2Config(vocab_size=4, n_positions=8, n_embd=8, n_layer=1, n_head=1, bos_token_id=0)
    network = transformers.GPT2LMHeadModel(config).eval()  # type: ignore[no-untyped-call]
    everything = torch.cartesian_prod(*[torch.arange(4)] * 3).numpy()
    found = CausalModel("", network, None).token_nats(list(everything))
    nats = np.array([row.sum() for row in found])
    assert np.exp(-nats).sum() == pytest.approx(1, abs=1e-5)
    result = causal_likelihood(CausalModel("", network, None), list(everything))
    assert result.nats == pytest.approx(nats.mean() / 3)
    assert result.calls == 64


def test_the_learners_loss_is_the_likelihood_that_is_reported(model: CausalModel) -> None:
    learner = CausalLearner(model.network)
    sequences = np.random.default_rng(0).integers(280, size=(4, 16))
    loss = learner.loss(learner.draw(torch.from_numpy(sequences), np.random.default_rng(0)))
    assert learner.validate(list(sequences), 0).nats == pytest.approx(float(loss.detach()), abs=1e-5)


def test_a_baseline_learns_a_pattern(tokenizer: Tokenizer, tmp_path: Path) -> None:
    torch.manual_seed(0)
    stream = np.tile(np.array([1, 2, 3, 4, 5, 6, 7, 0], np.uint16), 400)
    learner = CausalLearner(build_causal(tokenizer, length=16, hidden=32, blocks=1, heads=2))
    config = TrainingConfig(60, 8, 5e-3, warmup=5, precision="fp32", save_every=1e9, validate_every=60)
    events = list(Trainer(learner, config, stream, stream[:160]).run(tmp_path / "state.pt"))
    (bound,) = (event.bound for event in events if isinstance(event, Validated))
    # After the first token, one of eight, nothing is left to guess.
    assert math.log(8) / 16 < bound.nats < 1.0


def test_features_are_one_row_a_text(model: CausalModel) -> None:
    assert model.features(TEXTS).shape == (3, 16)


def test_a_folder_without_a_model_is_answered_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no causal model"):
        CausalModel.load(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="no model that writes from left to right"):
        CausalModel.load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "of nobody"}')
    with pytest.raises(UserError, match="cannot be read"):
        CausalModel.load(tmp_path)


def continued(model: CausalModel, prefix: np.ndarray, count: int, seed: int, sample: int) -> np.ndarray:
    """`count` tokens after a prefix (L,)."""
    asked = np.concatenate([prefix, np.full(count, FREE)])
    return np.array([token for _, token in model.fill_tokens(asked, seed, sample)], np.int64)


def test_continuing_a_text_draws_from_the_models_own_law(model: CausalModel) -> None:
    prefix = np.array([3, 1, 4])
    with torch.no_grad():
        logits = model.network(torch.tensor([[begin_token(model.network), *prefix]])).logits[0, -1]
    law = logits.double().softmax(-1).numpy()
    drawn = np.array([continued(model, prefix, 1, 0, sample)[0] for sample in range(2000)])
    share = np.bincount(drawn, minlength=len(law)) / len(drawn)
    error = np.sqrt(law * (1 - law) / len(drawn))
    assert (np.abs(share - law) < 5 * error + 1e-3).all()


def test_each_continued_token_is_drawn_given_all_before_it(model: CausalModel) -> None:
    """The cache changes nothing: a longer prefix and the same draws give the same tokens."""
    drawn = continued(model, np.array([2]), 6, seed=4, sample=9)
    uniforms = np.random.Generator(np.random.Philox(key=[4, 9])).random(7)
    for k, uniform in enumerate(uniforms[1:]):  # one for each position
        ids = [begin_token(model.network), 2, *drawn[:k]]
        with torch.no_grad():
            reached = model.network(torch.tensor([ids])).logits[0, -1].double().softmax(-1).cumsum(-1)
        assert drawn[k] == int((reached < uniform * reached[-1]).sum())


def test_temperature_and_nucleus_shape_the_law_that_is_drawn_from(model: CausalModel) -> None:
    asked = np.array([3, FREE, FREE])
    with torch.no_grad():
        likeliest = int(model.network(torch.tensor([[begin_token(model.network), 3]])).logits[0, -1].argmax())
    for shaping in (Shaping(temperature=0.0), Shaping(top_p=1e-6)):
        firsts = {next(model.fill_tokens(asked, seed, 0, shaping)) for seed in range(5)}
        assert firsts == {(1, likeliest)}


def test_filling_keeps_locked_tokens_and_draws_given_all_on_the_left_and_nothing_on_the_right(
    model: CausalModel,
) -> None:
    """Two texts that differ in their last locked token alone: what comes before it is the same."""
    asked = np.array([FREE, 7, FREE, FREE, 9, FREE])
    filled, other = asked.copy(), np.append(asked[:-2], [11, FREE])
    for tokens in (filled, other):
        for position, token in list(model.fill_tokens(tokens.copy(), seed=3, sample=1)):
            assert tokens[position] == FREE
            tokens[position] = token
    assert filled[:4].tolist() == other[:4].tolist()
    assert (filled[[1, 4]] == [7, 9]).all()
    uniforms = np.random.Generator(np.random.Philox(key=[3, 1])).random(6)
    ids = [begin_token(model.network), *filled.tolist()]
    for position in (0, 2, 3, 5):
        with torch.no_grad():
            law = model.network(torch.tensor([ids[: position + 1]])).logits[0, -1].double().softmax(-1).cumsum(-1)
        drawn = ids[position + 1]
        assert float(law[drawn]) >= uniforms[position] - 1e-5
        assert drawn == 0 or float(law[drawn - 1]) <= uniforms[position] + 1e-5


def test_a_model_that_cannot_be_saved_whole_leaves_the_one_that_was_there(
    model: CausalModel, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_causal(tmp_path, model.network, tokenizer, "# Judge\n")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(transformers.PreTrainedTokenizerFast, "save_pretrained", full)
    with pytest.raises(UserError, match="No space left"):
        save_causal(tmp_path, build_causal(tokenizer, 16, 16, 1, 2), tokenizer, "# Another\n")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "described",
    [
        {"model_type": "bert"},
        {"model_type": "roberta", "architectures": ["RobertaForMaskedLM"]},
        {"model_type": "modernbert", "architectures": ["ModernBertForMaskedLM"]},
        {"model_type": "esm"},
        {"model_type": "gpt2", "architectures": ["SomethingForMaskedLM"]},
    ],
)
def test_a_model_of_masked_words_is_not_taken_for_one_that_writes_from_left_to_right(
    tmp_path: Path, described: dict[str, Any]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(described))
    with pytest.raises(UserError, match="masked words"):
        CausalModel.load(tmp_path)


def test_a_decoder_of_a_kind_that_has_masked_ones_too_is_read(tmp_path: Path) -> None:
    sizes: dict[str, Any] = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
    }
    config = transformers.BertConfig(vocab_size=300, is_decoder=True, **sizes)
    transformers.BertLMHeadModel(config).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="No tokenizer"):
        CausalModel.load(tmp_path, "cpu", "fp32")


def test_the_import_of_the_library_can_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = threading.Event()
    monkeypatch.setattr(opening, "import_module", lambda name: imported.wait())
    try:
        with stoppable(lambda: True), pytest.raises(Stopped):
            opening.load_causal(tmp_path, "cpu", "fp32")
    finally:
        imported.set()


def test_texts_that_are_judged_are_read_together(model: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one call of the tokenizer, which can be stopped where it takes long."""
    asked: list[int] = []

    def counted(backend: Any, texts: Sequence[str]) -> list[list[int]]:
        asked.append(len(texts))
        return read_all(backend, texts)

    monkeypatch.setattr(causal_model, "read_all", counted)
    apart = [model.text_nats([text])[0] for text in TEXTS]
    for alone, together in zip(apart, model.text_nats(TEXTS), strict=True):
        np.testing.assert_allclose(together, alone, rtol=1e-5)
    assert asked == [1, 1, 1, 3]
