"""`sedd compare` and `sedd evaluate`, with a judge, in one process and in two."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from engine.causal.causal_model import build_causal, save_causal
from engine.cli import app
from engine.language.tokenizers import train_tokenizer
from engine.models.own_layout import save
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from tests.strict import strict

TEXTS = ["Once upon a time there was a dragon.", "The dragon lived on a hill.", "One day a girl came up the hill."]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, a judge and a text."""
    root = tmp_path_factory.mktemp("evaluation")
    tokenizer = train_tokenizer(iter(TEXTS), 280)
    torch.manual_seed(0)
    network = NetworkConfig(states=tokenizer.vocabulary + 1, length=12, hidden=16, blocks=1, heads=2, cond_dim=8)
    diffusion = Diffusion(DiffusionConfig(network, parametrisation="posterior", time_free=True))
    torch.nn.init.normal_(diffusion.network.get_parameter("output_layer.linear.weight"), std=0.5)
    (root / "model").mkdir()
    save(root / "model", diffusion, tokenizer, "# Tiny\n", {})
    save_causal(root / "judge", build_causal(tokenizer, 12, 16, 1, 2), tokenizer, "# Judge\n")
    (root / "text.txt").write_text("\n<|endoftext|>\n".join(TEXTS * 8), encoding="utf-8")
    return root


def arguments(folder: Path, *extra: object) -> list[str]:
    given = ("--model", folder / "model", "--judge", folder / "judge", "--device", "cpu", "--precision", "fp32", *extra)
    return [str(argument) for argument in given]


def run(command: str, folder: Path, *extra: object) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, [command, *arguments(folder, *extra), "--json"])
    assert result.exit_code == 0, result.output
    return [strict(line) for line in result.stdout.splitlines()]


def test_compare_prints_a_row_for_each_budget_and_one_for_the_text(folder: Path) -> None:
    *rows, text = run("compare", folder, "--steps", "2,12", "--samples", 6, "--reference", folder / "text.txt")
    assert [row["steps"] for row in rows] == [2, 12]
    assert [row["calls"] for row in rows] == [2, 12]
    for row in (*rows, text):
        assert row["perplexity_by_text"] >= row["perplexity_by_token"] > 1
        assert 0 < row["entropy"] <= np.log(12)
    shown = CliRunner().invoke(app, ["compare", *arguments(folder, "--steps", "2,12", "--samples", 3)])
    assert "judge: judge" in shown.stdout
    assert "by token" in shown.stdout
    assert "same_tokens" not in rows[0]
    assert 0 <= rows[1]["same_tokens_by_chance"] <= 1
    assert "the same tokens: 2 and 12 steps " in " ".join(shown.stdout.split())
    assert all(0 < row["self_bleu"] <= 1 for row in (*rows, text))


def test_one_budget_twice_has_the_same_tokens(folder: Path) -> None:
    _, again = run("compare", folder, "--steps", "4,4", "--samples", 6)
    assert again["same_tokens"] == 1 > again["same_tokens_by_chance"]


def test_samples_do_not_depend_on_how_many_are_drawn_at_once(folder: Path, tmp_path: Path) -> None:
    tokens = []
    for chunk in (2, 5):
        run("evaluate", folder, "--samples", 5, "--steps", 3, "--chunk", chunk, "--out", tmp_path / f"{chunk}.jsonl")
        lines = (tmp_path / f"{chunk}.jsonl").read_text().splitlines()
        tokens.append([strict(line)["tokens"] for line in lines])
        assert all(strict(line)["nats"] > 0 for line in lines)
    assert tokens[0] == tokens[1]
    assert len(tokens[0]) == 5


def test_two_processes_give_what_one_gives(folder: Path, tmp_path: Path) -> None:
    given = arguments(
        folder, "--samples", 5, "--steps", 3, "--chunk", 2, "--threads", 1, "--out", tmp_path / "two.jsonl"
    )
    launch = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"]
    launch += ["--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0", "-m", "engine.cli"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *launch, "evaluate", *given, "--json"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (record,) = (strict(line) for line in done.stdout.splitlines() if line.startswith("{"))
    assert record["processes"] == 2
    one = ("--samples", 5, "--steps", 3, "--chunk", 2, "--threads", 1, "--out", tmp_path / "one.jsonl")
    (alone,) = run("evaluate", folder, *one)
    assert (tmp_path / "one.jsonl").read_text() == (tmp_path / "two.jsonl").read_text()
    assert record["perplexity_by_token"] == alone["perplexity_by_token"]
    assert record["calls"] == alone["calls"]


def test_evaluate_prints_its_measures(folder: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", *arguments(folder, "--samples", 2, "--steps", 2)])
    assert "distinct pairs" in result.stdout
    assert "1 process" in result.stdout


def test_a_prompt_is_kept_in_every_sample(folder: Path, tmp_path: Path) -> None:
    run("evaluate", folder, "--samples", 3, "--text", "The dragon [4]", "--steps", 2, "--out", tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert all(strict(line)["text"].startswith("The dragon") for line in lines)


@pytest.mark.parametrize(
    ("command", "extra", "said"),
    [
        ("compare", ("--steps", "4,many"), "whole numbers"),
        ("compare", ("--steps", "0"), "Each of --steps must be a whole number from 1 to"),
        ("compare", ("--reference", "absent.txt"), "absent.txt"),
        ("evaluate", ("--judge", "absent"), "no causal model"),
        ("evaluate", ("--mauve",), "--reference"),
        ("evaluate", ("--out", "/absent/out.jsonl", "--samples", "1", "--steps", "1"), "cannot be written"),
    ],
)
def test_bad_input_is_answered_in_a_sentence(folder: Path, command: str, extra: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(app, [command, *arguments(folder, *extra)])
    assert result.exit_code == 2
    assert said in result.stderr


def test_train_makes_a_judge_with_the_tokenizer_of_a_model(folder: Path, tmp_path: Path) -> None:
    sizes = ("--length", 12, "--hidden", 16, "--blocks", 1, "--heads", 2, "--batch", 2, "--steps", 3)
    command = (
        "train",
        folder / "text.txt",
        "--out",
        tmp_path / "gpt",
        "--kind",
        "gpt",
        "--tokenizer",
        folder / "model",
    )
    result = CliRunner().invoke(app, [str(a) for a in (*command, *sizes, "--precision", "fp32")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "gpt" / "tokenizer.json").is_file()
    (row,) = run("evaluate", folder, "--judge", tmp_path / "gpt", "--samples", 2, "--steps", 2)
    assert row["judge"] == "gpt"
    again = CliRunner().invoke(
        app, [str(a) for a in (*command[:3], tmp_path / "more", *command[4:6], "--model", tmp_path / "gpt", *sizes[8:])]
    )
    assert again.exit_code == 0, again.output
