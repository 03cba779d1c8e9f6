"""D3, score-entropy diffusion of DNA: its checkpoints open with nothing beside them, and write bases."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from engine.models import load
from engine.models.loading import build
from engine.performing.doctor import examine
from engine.protocol import UserError
from tests.engine.families import COND, Sizes, forward, nested, noised, random_weights
from tests.engine.test_cli import records, sedd
from tests.engine.test_lightning import node as node  # noqa: PLC0414 - a fixture

SIZES = {"uniform": Sizes(states=4, length=24), "absorb": Sizes(states=5, length=24)}


def config(noise: str = "uniform", **model: Any) -> dict[str, Any]:
    """A run of D3's program; the length of sequences stands with the data alone."""
    sizes = nested(SIZES[noise], architecture="transformer", class_dropout_prob=0.1) | model
    del sizes["length"]
    return {
        "dataset": {"name": "lentimpra", "sequence_length": SIZES[noise].length, "num_classes": 4, "signal_dim": 2},
        "tokens": 4,
        "model": sizes,
        "graph": {"type": noise, "file": "data"},
        "noise": {"type": "geometric", "sigma_min": 1e-3, "sigma_max": 8},
        "training": {"ema": 0.9999},
    }


def whole(noise: str = "uniform") -> dict[str, torch.Tensor]:
    """All weights, in the order of the program's network; those of SEDD are `random_weights`."""
    weights = random_weights(SIZES[noise])
    signal = {f"vocab_embed.signal_embedding.{name}": torch.ones(16, *more) for name, more in SIGNAL.items()}
    classes = {"label_embed.embedding_table.weight": torch.ones(5, COND)}
    first = {name: tensor for name, tensor in weights.items() if name.startswith("vocab_embed")}
    return first | signal | classes | weights


SIGNAL: dict[str, tuple[int, ...]] = {"weight": (2,), "bias": ()}


def of_lightning(described: Any, noise: str = "uniform") -> dict[str, Any]:
    """A checkpoint whose averages, among the weights, are those of `whole`, and whose weights are others."""
    weights = whole(noise)
    held: dict[str, Any] = {
        f"score_model.{name}": tensor if "inv_freq" in name else tensor + 1 for name, tensor in weights.items()
    }
    held |= {"ema.decay": 0.9999, "ema.num_updates": 3, "noise.sigmas": torch.ones(2)}
    held["ema.shadow_params"] = [tensor for name, tensor in weights.items() if "inv_freq" not in name]
    return {"state_dict": held, "hyper_parameters": {"cfg": described, "dataset_name": None}, "global_step": 77}


def check(path: Path, noise: str) -> None:
    """The network in a file or a folder answers as D3's does when it is given no signal."""
    diffusion, stored = build(path)
    diffusion.network.double()
    tokens, told = noised(SIZES[noise], noise == "uniform")
    raw = forward(random_weights(SIZES[noise]), SIZES[noise].heads, tokens, told)
    expected = raw.scatter(-1, tokens[..., None], 0.0)
    found = diffusion.log_score(tokens, told.double())
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10 * float(raw.abs().max()))
    assert (diffusion.config.noise, diffusion.config.schedule, diffusion.config.sigma_max) == (noise, "geometric", 8)
    assert (stored.facts["family"], stored.facts["domain"]) == ("D3", "promoters")
    assert stored.facts["weights"].startswith("averaged")


@torch.no_grad()
@pytest.mark.parametrize("noise", SIZES)
def test_a_checkpoint_of_lightning_is_all_that_is_needed(
    tmp_path: Path, node: Callable[[Any], Any], noise: str
) -> None:
    torch.save(of_lightning(node(config(noise)), noise), tmp_path / "D3.ckpt")
    del sys.modules["omegaconf_of_old"]
    check(tmp_path / "D3.ckpt", noise)
    check(tmp_path, noise)


@torch.no_grad()
@pytest.mark.parametrize("name", [".hydra/config.yaml", "config.yaml", "config_transformer.yaml", "config.json"])
def test_the_configuration_may_stand_beside_it(tmp_path: Path, name: str) -> None:
    torch.save(of_lightning(None), tmp_path / "D3.ckpt")
    beside = tmp_path / name
    beside.parent.mkdir(exist_ok=True)
    beside.write_text(json.dumps(config()) if name.endswith("json") else yaml.safe_dump(config()))
    check(tmp_path / "D3.ckpt", "uniform")


@torch.no_grad()
def test_a_run_of_the_first_program_opens(tmp_path: Path) -> None:
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "config.yaml").write_text(yaml.safe_dump(config()))
    weights = whole()
    shadow = [tensor for name, tensor in weights.items() if "inv_freq" not in name]
    (tmp_path / "checkpoints-meta").mkdir()
    other = {name: tensor if "inv_freq" in name else tensor + 1 for name, tensor in weights.items()}
    state = {"model": other, "ema": {"shadow_params": shadow}, "step": 9}
    torch.save(state, tmp_path / "checkpoints-meta" / "checkpoint.pth")
    check(tmp_path, "uniform")


def test_it_writes_and_scores_bases_without_a_tokenizer(tmp_path: Path) -> None:
    file = tmp_path / "D3.ckpt"
    torch.save(of_lightning(config()), file)
    model = load(file, device="cpu")
    assert model.tokenizer.symbols == tuple("ACGT")
    assert model.tokenizer.encode("GATTACA") == [2, 0, 3, 3, 0, 1, 0]
    assert (model.info.domain, model.info.length) == ("promoters", 24)
    (record,) = records("sample", "--model", file, "--steps", 4, "--device", "cpu")
    assert len(record["text"]) == 24
    assert set(record["text"]) <= set("ACGT")
    (record,) = records("infill", "--model", file, "--text", "TATA [6] GC", "--steps", 4, "--device", "cpu")
    assert (record["text"][:4], record["text"][-2:], len(record["text"])) == ("TATA", "GC", 12)
    (score,) = records("score", "--model", file, "--text", "ACGTACGTTTGA", "--max-calls", 32, "--device", "cpu")
    assert np.isfinite(score["bits_per_token"])
    fasta = tmp_path / "some.fasta"
    fasta.write_text(">one\nACGTACGTTTGAACGTACGTTTGA\n>two\nACGTACGTTTGAACGTACGTTTGC\n")
    assert sedd("score", fasta, "--model", file, "--max-calls", 32, "--device", "cpu").exit_code == 0
    assert "it knows A C G T" in sedd("infill", "--model", file, "--text", "ACGTN [3]", "--device", "cpu").stderr
    facts = examine(file, "cpu").facts
    assert facts["family"] == "D3"
    assert str(facts["tokenizer"]).startswith("a token for each symbol, 4 tokens")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda run: run["model"].update(architecture="convolutional"), "architecture"),
        (lambda run: run["graph"].update(type="bridge"), "graph.type"),
        (lambda run: run["dataset"].pop("sequence_length"), "model.length"),
        (lambda run: run["model"].update(hidden_size=32), "4 x 16 instead of 4 x 32"),
        (lambda run: run.update(tokens=10**9), "tokens"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, change: Callable[[dict[str, Any]], object], said: str) -> None:
    run = config()
    change(run)
    torch.save(of_lightning(run), tmp_path / "D3.ckpt")
    with pytest.raises(UserError, match=said):
        build(tmp_path / "D3.ckpt")
