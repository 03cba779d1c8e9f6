"""`sedd influence`: the same numbers as the engine's, word by word."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.cli import app
from engine.language.prompts import parse_prompt
from engine.language.tokenizers import find_tokenizer, train_tokenizer
from engine.models.loading import load
from engine.protocol import FREE, Influence, Run
from engine.theory.hindsight import influence
from tests.engine.test_cli_beside import TEXT, TEXTS, model
from tests.strict import strict


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of each noise."""
    root = tmp_path_factory.mktemp("influence")
    tokenizer = train_tokenizer(iter(TEXTS * 4), 290)
    model(root / "absorb", tokenizer, "absorb", spread=0.45)
    model(root / "uniform", tokenizer, "uniform", spread=0.45)
    model(root / "marked", tokenizer, "uniform", marks=True, spread=0.45)
    return root


def invoke(model: Path, *given: str) -> Any:
    return CliRunner().invoke(app, ["influence", *given, "--model", str(model), "--device", "cpu", "--json"])


def told(model: Path, *given: str) -> list[dict[str, Any]]:
    result = invoke(model, *given)
    assert result.exit_code == 0, result.output
    return [strict(line) for line in result.stdout.splitlines()]


def expected(model: Path, asked: Influence) -> dict[tuple[Run, int], float]:
    found: dict[tuple[Run, int], float] = {}
    for event in influence(load(model, "cpu", "auto").diffusion, asked):
        found |= {
            (event.word, place): nats for place, nats in zip(event.positions.tolist(), event.nats.tolist(), strict=True)
        }
    return found


def cells(rows: list[dict[str, Any]]) -> dict[tuple[Run, int], float]:
    return {
        ((row["start"], row["stop"]), place): nats
        for row in rows
        for place, nats in zip(row["positions"], row["nats"], strict=True)
    }


def test_every_word_has_a_row_with_what_it_does_to_each_gap(folder: Path) -> None:
    prompt = "The dragon [3] on a hill"
    rows = told(folder / "absorb", prompt)
    assert [row["word"] for row in rows] == ["The", "dragon", "on", "a", "hill"]
    tokens = parse_prompt(prompt, find_tokenizer(folder / "absorb"), 40)
    free = [place for place, token in enumerate(tokens.tolist()) if token == FREE]
    words = tuple((row["start"], row["stop"]) for row in rows)
    assert cells(rows) == pytest.approx(expected(folder / "absorb", Influence(tokens, tokens != FREE, math.nan, words)))
    assert all(row["positions"] == free for row in rows)
    assert all(row["total"] == pytest.approx(sum(row["nats"])) for row in rows)
    assert rows[0]["calls"] == 6


def test_of_a_chosen_word_those_that_it_leans_on_most_come_first(folder: Path) -> None:
    rows = told(folder / "absorb", TEXT, "--on", "hill")
    assert sorted(row["word"] for row in rows) == sorted(["The", "dragon", "lived", "on", "a"])
    totals = [row["total"] for row in rows]
    assert totals == sorted(totals, reverse=True)


@pytest.mark.parametrize("name", ["uniform", "marked"])
def test_under_uniform_noise_each_token_has_a_row(folder: Path, name: str) -> None:
    rows = told(folder / name, "The hill", "--draws", "2", "--seed", "3")
    tokens = parse_prompt("The hill", find_tokenizer(folder / name), 40)
    assert [row["stop"] - row["start"] for row in rows] == [1] * len(tokens)
    assert cells(rows) == cells(told(folder / name, "The hill", "--draws", "2", "--seed", "3"))
    words, free = tuple((row["start"], row["stop"]) for row in rows), tokens == FREE
    asked = Influence(tokens, free, 0.0, words, tuple(range(len(tokens))), draws=2, seed=3)
    assert cells(rows) == pytest.approx(expected(folder / name, asked))


@pytest.mark.parametrize("name", ["uniform", "marked"])
def test_under_uniform_noise_a_word_has_those_that_it_leans_on(folder: Path, name: str) -> None:
    rows = told(folder / name, "The hill", "--on", "hill", "--draws", "2")
    assert {row["word"] for row in rows} == {"The"}
    assert all(row["total"] > 1e-4 for row in rows), "far above rounding"


@pytest.mark.parametrize(
    ("noise", "given", "said"),
    [
        ("absorb", (TEXT,), "Give some words and a gap"),
        ("absorb", (TEXT, "--on", "castle"), 'no word "castle"'),
        ("absorb", ("hill", "--on", "hill"), "no other word"),
        ("uniform", ("The [2] hill",), "text without gaps"),
        ("absorb", (TEXT, "--on", "hill", "--draws", "9"), "leave out --draws"),
    ],
)
def test_what_cannot_be_asked_is_answered_in_a_sentence(
    folder: Path, noise: str, given: tuple[str, ...], said: str
) -> None:
    result = invoke(folder / noise, *given)
    assert result.exit_code == 2
    assert said in result.output
