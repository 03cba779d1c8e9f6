"""Whatever is wrong with the files of a model is said in one sentence, and no file runs code."""

from __future__ import annotations

import json
import math
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from engine.language.tokenizers import train_tokenizer
from engine.models.loading import build, load
from engine.models.own_layout import save
from engine.protocol import UserError
from tests.engine.checkpoints import GOLDEN, TOKENIZER, published_in, saved_in

EMBEDDING = "vocab_embed.embedding"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return saved_in(tmp_path)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return published_in(tmp_path)


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


@pytest.mark.parametrize(
    "index", ["", "[]", "{}", '{"weight_map": {}}', '{"weight_map": {"a": "../own/x"}}', '{"weight_map": {"a": [1]}}']
)
def test_an_index_that_names_no_weights_is_answered_in_a_sentence(published: Path, index: str) -> None:
    (published / "model.safetensors").unlink()
    (published / "model.safetensors.index.json").write_text(index)
    with pytest.raises(UserError):
        build(published)


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json"])
@pytest.mark.parametrize("kept", [0, 7, 100])
def test_a_file_that_is_cut_short_is_answered_in_a_sentence(own: Path, file: str, kept: int) -> None:
    content = (own / file).read_bytes()
    (own / file).write_bytes(content[:kept])
    with pytest.raises(UserError, match=r"damaged|not valid JSON"):
        load(own, device="cpu").tokenizer  # noqa: B018


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("exploded",)


def test_a_pickle_that_would_run_code_is_refused(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(published)
    (published / "model.safetensors").unlink()
    torch.save({"x": Bomb()}, published / "pytorch_model.bin")
    with pytest.raises(UserError, match="asks to run code"):
        build(published)
    (published / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(UserError, match="was not opened"):
        build(published)
    assert not (published / "exploded").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("graph"), "lacks the entry graph.type"),
        (lambda c: c.update(model_type=c.pop("graph") and "gpt2"), "of the type 'gpt2', not one of"),
        (lambda c: c["model"].pop("length"), "lacks the entry model.length"),
        (lambda c: c.update(model=3), "lacks the entry model"),
        (lambda c: c["model"].update(hidden_size=-4), "hidden_size = -4"),
        (lambda c: c["model"].update(hidden_size=10**12), "hidden_size = 1000000000000"),
        (lambda c: c["model"].update(n_blocks=True), "n_blocks = True"),
        (lambda c: c["model"].update(n_heads=5), "5 heads"),
        (lambda c: c["model"].update(dropout="much"), "dropout = 'much'"),
        (lambda c: c.update(tokens="many"), "tokens = 'many'"),
        (lambda c: c.update(tokens=10**4000), r"tokens = 1000.*\.\.\., not a whole number"),
        (lambda c: c["model"].update(dropout=list(range(9000))), r"dropout = \[0, 1"),
        (lambda c: c.update(format="of the future"), "does not know"),
        (lambda c: c["graph"].update(type="cosmic"), "not one of absorb, uniform"),
        (lambda c: c["noise"].update(type="geometric", sigma_max=1e9), "sigma_max"),
        (lambda c: c["graph"].update(type="uniform"), "does not allow"),
        (lambda c: c["model"].update(hidden_size=128), "instead of"),
        (lambda c: c["model"].update(n_blocks=4), "lacks 10 weights"),
        (lambda c: c["model"].update(n_blocks=2), "10 weights too many"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_answered_in_a_sentence(
    published: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    edit(published / "config.json", change)
    with pytest.raises(UserError, match=said) as error:
        build(published)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) - len(str(published)) < 250


def test_a_configuration_of_a_huge_network_takes_no_memory(published: Path) -> None:
    """Shapes are compared before anything is allocated: 256 blocks of 16,384 would be terabytes."""
    edit(published / "config.json", lambda c: c["model"].update(hidden_size=16_384, n_blocks=256, n_heads=4))
    with pytest.raises(UserError, match="lacks"):
        build(published)


@pytest.mark.parametrize("content", ["[1, 2]", "null", '"text"', "{" * 100_000, "[" * 100_000, "9" * 5_000, "\xff"])
def test_a_configuration_that_is_no_mapping_is_answered_in_a_sentence(published: Path, content: str) -> None:
    (published / "config.json").write_text(content, encoding="latin-1")
    with pytest.raises(UserError, match=r"config\.json"):
        build(published)


def test_a_damaged_training_run_is_answered_in_a_sentence(tmp_path: Path) -> None:
    run = Path(shutil.copytree(GOLDEN / "absorb-training-run", tmp_path / "run"))
    torch.save({"model": {}}, run / "checkpoints-meta" / "checkpoint.pth")
    with pytest.raises(UserError, match="is missing"):
        build(run)
    for content, why in (
        ("a: [", "not valid YAML"),
        ("[" * 20_000, "nested too deeply"),
        ("a: 2020-99-99", "not valid YAML"),
        ("a: !!python/object/apply:os.mkdir [exploded]", "holds more than entries"),
        ("a: 0x" + "f" * 5_000, "not valid YAML"),
    ):
        (run / ".hydra" / "config.yaml").write_text(content)
        with pytest.raises(UserError, match=why):
            build(run)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state["ema"]["shadow_params"].pop(), "one averaged weight for each of 30"),
        (lambda state: state["ema"]["shadow_params"].reverse(), "instead of 54 x 32"),
        (lambda state: state["ema"].update(shadow_params=None), "one averaged weight"),
        (lambda state: state.update(ema=None), "is missing"),
        (lambda state: state.pop("step"), "is missing"),
        (lambda state: state.update(model=[1]), "does not hold the weights"),
        (lambda state: state["model"].update({7: torch.zeros(1)}), "one averaged weight for each of 31"),
    ],
)
def test_a_training_run_without_its_average_is_answered_in_a_sentence(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    run = Path(shutil.copytree(GOLDEN / "absorb-training-run", tmp_path / "run"))
    file = run / "checkpoints-meta" / "checkpoint.pth"
    state = torch.load(file, weights_only=True)
    change(state)
    torch.save(state, file)
    with pytest.raises(UserError, match=said):
        build(run)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda weight: weight.fill_(math.nan), "no finite numbers"),
        (lambda weight: weight.long(), "does not hold the weights"),
        (lambda weight: weight.to(torch.complex64), "does not hold the weights"),
        (lambda weight: weight.to_sparse(), "does not hold the weights"),
        (lambda weight: weight.to("meta"), "does not hold the weights"),
        (lambda weight: weight[:, :1], "is 98 x 1 instead of 98 x 64"),
    ],
)
def test_weights_that_are_no_ordinary_numbers_are_answered_in_a_sentence(
    published: Path, spoil: Callable[[torch.Tensor], torch.Tensor], said: str
) -> None:
    weights = load_file(published / "model.safetensors")
    (published / "model.safetensors").unlink()
    torch.save({**weights, EMBEDDING: spoil(weights[EMBEDDING])}, published / "pytorch_model.bin")
    with pytest.raises(UserError, match=said):
        build(published)


def test_a_missing_model_is_answered_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no model at"):
        load(tmp_path / "absent")
    for impossible in ("x" * 5_000, "~nobody-of-that-name/model"):
        with pytest.raises(UserError, match="no model at"):
            load(impossible)
    with pytest.raises(UserError, match=r"is empty; put config\.json"):
        load(tmp_path)


def test_without_a_tokenizer_the_files_to_bring_are_named(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own / "tokenizer.json").unlink()
    monkeypatch.setenv("HF_HOME", str(own / "empty"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    with pytest.raises(UserError, match=r"put tokenizer\.json, or vocab\.json .* encoder\.json .* into"):
        load(own, device="cpu").tokenizer  # noqa: B018


def test_a_tokenizer_of_another_model_is_refused(own: Path) -> None:
    train_tokenizer(iter(["other"]), 257).save(own)
    with pytest.raises(UserError, match="257 tokens and the model 262"):
        load(own, device="cpu").tokenizer  # noqa: B018


def test_a_folder_that_cannot_be_written_is_answered_in_a_sentence(own: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        save(tmp_path / "file" / "model", build(own)[0], TOKENIZER, "")


def test_an_unknown_device_or_precision_is_answered_with_the_known_ones(own: Path) -> None:
    with pytest.raises(UserError, match="auto, cpu, cuda or mps"):
        load(own, device="abacus")
    with pytest.raises(UserError, match="auto, fp32 or bf16"):
        load(own, device="cpu", precision="fp13")


def test_weights_that_may_not_be_read_are_not_called_damaged(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("engine.models.stored.safe_open", denied)
    with pytest.raises(UserError, match="Permission denied; allow reading it"):
        load(own, device="cpu")
