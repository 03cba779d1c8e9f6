"""`sedd compare --beside` and `sedd typo`: several models on one text, whatever their tokenizers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from engine import bundled_models
from engine.causal.causal_model import CausalModel, build_causal, causal_likelihood, save_causal
from engine.cli import app
from engine.language.tokenizers import Tokenizer, find_tokenizer, symbol_tokenizer, train_tokenizer
from engine.models.own_layout import save
from engine.protocol import Noise
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from tests.engine.families import CONFIGS, make
from tests.strict import strict

TEXT = "The dragon lived on a hill"
TEXTS = [TEXT + ".", "One day a girl came up the hill."]


def model(
    folder: Path,
    tokenizer: Tokenizer,
    noise: Noise,
    facts: dict[str, str] | None = None,
    marks: bool = False,
    spread: float = 0.0,
) -> None:
    """A small model; with a `spread` its blocks do something, too, so that words lean on each other."""
    torch.manual_seed(0)
    states = tokenizer.vocabulary + (noise == "absorb")
    network = NetworkConfig(states, length=40, hidden=16, blocks=1, heads=2, cond_dim=8, marks_locks=marks)
    diffusion = Diffusion(DiffusionConfig(network, noise))
    if spread:
        for parameter in diffusion.network.parameters():
            torch.nn.init.normal_(parameter, std=spread)
    torch.nn.init.normal_(diffusion.network.get_parameter("output_layer.linear.weight"), std=0.5)
    folder.mkdir()
    save(folder, diffusion, tokenizer, "# Tiny\n", facts or {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of three tokenizers, and a judge."""
    root = tmp_path_factory.mktemp("beside")
    coarse, fine = train_tokenizer(iter(TEXTS * 4), 290), train_tokenizer(iter(["no words"]), 257)
    model(root / "coarse", coarse, "absorb")
    model(root / "fine", fine, "uniform")
    model(root / "dna", symbol_tokenizer("ACGT"), "absorb")
    save_causal(root / "judge", build_causal(coarse, 64, 16, 1, 2), coarse, "# Judge\n")
    return root


def run(folder: Path, *given: object) -> list[dict[str, Any]]:
    shared = ("--device", "cpu", "--precision", "fp32", "--json")
    result = CliRunner().invoke(app, [str(argument) for argument in (*given, *shared)])
    assert result.exit_code == 0, result.output
    return [strict(line) for line in result.stdout.splitlines()]


def test_each_model_has_a_row_in_the_same_unit_and_those_that_cannot_read_the_text_are_named(folder: Path) -> None:
    beside = [argument for name in ("fine", "dna", "judge") for argument in ("--beside", folder / name)]
    given = ("--text", TEXT, "--samples", 3, "--steps", "2,5", "--spacing", "cosine", "--judge", folder / "judge")
    coarse, fine, dna, judge = run(folder, "compare", "--model", folder / "coarse", *beside, *given)
    assert (coarse["model"], fine["model"], judge["model"]) == ("coarse", "fine", "judge")
    assert coarse["tokens"] < fine["tokens"] == len(TEXT)
    assert 'does not know the symbol "h"' in dna["left_out"]
    for row in (coarse, fine, judge):
        assert row["bits"] > 0
        assert row["perplexity"] > 1
        assert 0 < row["entropy"] < math.log(64)
        assert row["samples"] == 3
    causal = CausalModel.load(folder / "judge", "cpu", "fp32")
    bound = causal_likelihood(causal, [torch.tensor(find_tokenizer(folder / "judge").encode(TEXT)).numpy()])
    assert judge["bits"] == pytest.approx(bound.nats * bound.tokens / len(TEXT) / math.log(2))


def test_locks_are_characters_and_what_tokens_share_with_them_is_said(folder: Path) -> None:
    given = ("--text", "The dra[[gon lived on]] a hill", "--samples", 2, "--steps", 3, "--judge", folder / "judge")
    told = ("compare", "--model", folder / "coarse", "--beside", folder / "fine", "--beside", folder / "judge", *given)
    coarse, fine, judge = run(folder, *told)
    assert (coarse["shared"], fine["shared"]) == (4, 0)  # " dra" of " dragon"
    assert fine["tokens"] == len("gon lived on")
    assert judge["bits"] is None
    assert "sees only what stands to the left" in judge["note"]
    shown = CliRunner().invoke(app, [str(argument) for argument in told])
    assert "coarse: 4 characters of the locks are scored and drawn, too" in shown.stdout


def test_causal_models_are_found_by_name_and_a_judge_that_is_not_there_is_told_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bundled_models, "ASSETS", folder)
    monkeypatch.chdir(tmp_path)
    (told,) = run(folder, "baseline", "--model", "judge", "--text", TEXT)
    (named,) = run(folder, "baseline", "--model", folder / "judge", "--text", TEXT)
    assert told == named
    given = ["compare", "--model", "coarse", "--beside", "fine", "--text", TEXT, "--samples", "1", "--steps", "2"]
    coarse, _ = run(folder, *given, "--judge", "judge")
    assert coarse["perplexity"] > 1
    result = CliRunner().invoke(app, [*given, "--judge", "nobody"])
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "There is no causal model in nobody" in result.stderr


def test_no_judge_of_words_reads_sequences_of_symbols(folder: Path) -> None:
    dna = folder / "dna"
    (row, again) = run(folder, "compare", "--model", dna, "--beside", dna, "--text", "ACGTTGCA", "--samples", 2)
    assert (row["perplexity"], row["note"]) == (None, "There is no judge for this kind of text.")
    assert row == again
    assert row["entropy"] > 0


def test_a_comparison_wants_a_text_and_a_model_that_can_read_it(folder: Path) -> None:
    for text, said in ((None, "give it with --text"), ("xyz", "None of these models can be asked this")):
        given = ["compare", "--model", str(folder / "dna"), "--beside", str(folder / "dna")]
        result = CliRunner().invoke(app, given + (["--text", text] if text else []))
        assert result.exit_code == 2
        assert said in " ".join(result.stderr.split())


def test_a_text_without_words_is_told_once_and_not_by_each_model(folder: Path) -> None:
    for command in (("compare", "--text", "", "--beside", folder / "fine", "--model", folder / "coarse"), ("typo", "")):
        result = CliRunner().invoke(app, [*map(str, command)])
        assert result.exit_code == 2
        assert "left out" not in result.stderr
        assert "give at least one" in " ".join(result.stderr.split())


def test_a_typo_is_planted_once_and_every_model_tries_to_mend_it(folder: Path) -> None:
    models = [argument for name in ("coarse", "fine", "judge") for argument in ("--model", folder / name)]
    given = ("--kind", "letter", "--word", "hill", "--levels", "0.2,0.9", "--samples", 10, "--steps", 4)
    typo, *rows, judge = run(folder, "typo", TEXT, *models, *given)
    assert (typo["original"], len(typo["spoilt"])) == ("hill", 4)
    assert typo["text"] == TEXT.replace("hill", typo["spoilt"])
    assert [(row["model"], row["level"]) for row in rows] == [
        (name, level) for name in ("coarse", "fine") for level in (0.2, 0.9)
    ]
    for row in rows:
        assert 0 <= row["mended"] <= 1
        assert row["mended_error"] > 0
        assert 0 < row["damaged"] <= 1  # a network of chance
        assert row["samples"] == 10
    assert "judge writes from left to right and never changes a word" in judge["left_out"]
    again = run(folder, "typo", TEXT, *models, *given)
    assert again == [typo, *rows, judge]


def test_a_typo_is_shown_with_its_rates_and_bad_levels_are_refused(folder: Path) -> None:
    given = ["typo", TEXT, "--model", str(folder / "coarse"), "--samples", "2", "--steps", "2", "--levels", "0.5"]
    shown = CliRunner().invoke(app, given)
    assert shown.exit_code == 0, shown.output
    assert "other words changed" in shown.stdout
    assert "of 2 texts at each level" in shown.stdout
    for levels, said in (("a", 'The noise levels "a" are not numbers'), ("0.5,1.5", "Each of --levels must be")):
        result = CliRunner().invoke(app, [*given[:-1], levels])
        assert result.exit_code == 2
        assert said in " ".join(result.stderr.split())


def test_models_of_every_family_have_a_row_and_mend_typos_unless_they_write_block_by_block(tmp_path: Path) -> None:
    for name in CONFIGS:
        make(tmp_path / name, name)
        symbol_tokenizer(" bcdefghij" if name.startswith(("duo", "udlm")) else " bcdefghi").save(tmp_path / name)
    first, *others = (tmp_path / name for name in CONFIGS)
    beside = [argument for folder in others for argument in ("--beside", folder)]
    rows = run(
        tmp_path, "compare", "--model", first, *beside, "--text", "bcd be[[f cd]]b", "--samples", 2, "--steps", 3
    )
    assert [row["model"] for row in rows] == list(CONFIGS)
    for row in rows:
        assert (row["bits"] is None) == ("has no bound on a part" in row["note"]), row
        assert (row["tokens"], row["shared"], row["samples"]) == (4, 0, 2)
    models = [argument for folder in (first, *others) for argument in ("--model", folder)]
    given = ("--samples", 1, "--steps", 3, "--levels", "0.5", "--kind", "swap")
    _, *mended = run(tmp_path, "typo", "bcd be bb", *models, *given)
    assert [Path(row["model"]).name for row in mended] == list(CONFIGS)
    (left_out,) = (row["left_out"] for row in mended if "left_out" in row)
    assert left_out == "bd3lm writes block by block and never noises a whole text; choose another model."
