"""`sedd baseline` and `sedd infilling`: diffusion beside an autoregressive model."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from engine.causal.causal_model import CausalModel, build_causal, causal_likelihood, save_causal
from engine.cli import app
from engine.cli.baseline import read_blocks, read_stream
from engine.language.tokenizers import find_tokenizer, train_tokenizer
from engine.models.own_layout import save
from engine.protocol import FREE, UserError
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from tests.strict import strict

TEXTS = ["Once upon a time there was a dragon.", "The dragon lived on a hill.", "One day a girl came up the hill."]
LENGTH = 12
PLACE = ("--device", "cpu", "--precision", "fp32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, a baseline with the same tokenizer, one with another, and a text."""
    root = tmp_path_factory.mktemp("baseline")
    tokenizer, other = train_tokenizer(iter(TEXTS), 280), train_tokenizer(iter(TEXTS), 270)
    torch.manual_seed(0)
    network = NetworkConfig(states=tokenizer.vocabulary + 1, length=LENGTH, hidden=16, blocks=1, heads=2, cond_dim=8)
    diffusion = Diffusion(DiffusionConfig(network, parametrisation="posterior", time_free=True))
    torch.nn.init.normal_(diffusion.network.get_parameter("output_layer.linear.weight"), std=0.5)
    (root / "model").mkdir()
    save(root / "model", diffusion, tokenizer, "# Tiny\n", {})
    save_causal(root / "gpt", build_causal(tokenizer, LENGTH, 16, 1, 2), tokenizer, "# Baseline\n")
    save_causal(root / "other", build_causal(other, LENGTH, 16, 1, 2), other, "# Other\n")
    (root / "text.txt").write_text("\n<|endoftext|>\n".join(TEXTS * 8), encoding="utf-8")
    return root


def records(*arguments: object, given: bytes | None = None) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, [*map(str, arguments), *PLACE, "--json"], input=given)
    assert result.exit_code == 0, result.output
    return [strict(line) for line in result.stdout.splitlines()]


def test_baseline_prints_the_exact_likelihood_and_measures_samples(folder: Path) -> None:
    scored, sampled = records("baseline", folder / "text.txt", "--samples", 3, "--model", folder / "gpt")
    stream = read_stream(folder / "text.txt", find_tokenizer(folder / "gpt"))
    assert len(stream) % LENGTH  # the last block is a shorter one
    found = [stream[start : start + LENGTH] for start in range(0, len(stream), LENGTH)]
    exact = causal_likelihood(CausalModel.load(folder / "gpt", "cpu", "fp32"), found)
    assert scored["nats_per_token"] == pytest.approx(exact.nats, rel=1e-6)
    assert scored["perplexity"] == pytest.approx(math.exp(exact.nats), rel=1e-6)
    (bounded,) = records("score", folder / "text.txt", "--model", folder / "model")
    assert scored["tokens"] == bounded["tokens"] == len(stream)
    assert sampled["samples"] == 3
    assert 0 < sampled["entropy"] <= math.log(LENGTH)
    shown = CliRunner().invoke(app, ["baseline", str(folder / "text.txt"), "--model", str(folder / "gpt"), *PLACE])
    assert "exact" in shown.stdout


def test_score_of_a_causal_model_is_its_likelihood_with_the_error_over_texts(folder: Path) -> None:
    gpt = folder / "gpt"
    (exact,) = records("baseline", folder / "text.txt", "--model", gpt)
    (scored,) = records("score", folder / "text.txt", "--model", gpt)
    for name in ("nats_per_token", "nats_per_token_standard_error", "perplexity", "tokens"):
        assert scored[name] == pytest.approx(exact[name], rel=1e-6)
    *texts, together = records("score", folder / "text.txt", "--per", "text", "--model", gpt)
    assert len(texts) == together["tokens"] / np.mean([text["tokens"] for text in texts]) == 24
    assert {text["nats_per_token_standard_error"] for text in texts} == {0}
    assert together["nats_per_token_standard_error"] > 0
    bound, shares = records("score", "--text", TEXTS[1], "--tokens", "--model", gpt)
    assert np.mean(shares["token_nats"]) == pytest.approx(bound["nats_per_token"], rel=1e-5)
    for refused in (("--orders", "2"), ("--steps", "4")):
        result = CliRunner().invoke(app, ["score", "--text", "The", *refused, "--model", str(gpt)])
        assert result.exit_code != 0
        assert "leave out steps and orders" in result.output


def test_a_text_is_taken_as_it_is_and_a_file_beside_it_is_refused(folder: Path) -> None:
    gpt = folder / "gpt"
    (scored,) = records("baseline", "--text", TEXTS[1], "--model", gpt)
    tokens = np.array(find_tokenizer(gpt).encode(TEXTS[1]), np.int64)
    exact = causal_likelihood(CausalModel.load(gpt, "cpu", "fp32"), [tokens[:LENGTH], tokens[LENGTH:]])
    assert scored["tokens"] == len(tokens)  # no end of text, as in `sedd score --text`
    assert scored["nats_per_token"] == pytest.approx(exact.nats, rel=1e-6)
    refused = CliRunner().invoke(app, ["baseline", str(folder / "text.txt"), "--text", "The", "--model", str(gpt)])
    assert refused.exit_code != 0
    assert "leave out one" in refused.output


def test_a_temperature_anneals_what_is_scored_and_drawn_but_not_the_judge(folder: Path) -> None:
    gpt = folder / "gpt"
    command = ("baseline", "--text", TEXTS[1], "--samples", 2, "--model", gpt)
    scored, sampled = records(*command, "--temperature", 0.01)
    tokens = np.array(find_tokenizer(gpt).encode(TEXTS[1]), np.int64)
    plain = CausalModel.load(gpt, "cpu", "fp32")
    exact = causal_likelihood(replace(plain, temperature=0.01), [tokens[:LENGTH], tokens[LENGTH:]])
    assert scored["nats_per_token"] == pytest.approx(exact.nats, rel=1e-6)
    as_it_is, free = records(*command)
    assert scored["nats_per_token"] > as_it_is["nats_per_token"]
    assert sampled["perplexity_by_token"] < free["perplexity_by_token"]  # likelier to the judge
    refused = CliRunner().invoke(app, ["baseline", "--text", "The", "--temperature", "0", "--model", str(gpt)])
    assert refused.exit_code != 0
    assert "more than 0" in refused.output


@pytest.mark.parametrize(
    "command", [("baseline", "--model", "gpt"), ("infilling", "--model", "model", "--beside", "gpt")]
)
def test_a_text_from_standard_input_gives_what_its_file_gives(folder: Path, command: tuple[str, ...]) -> None:
    name, *options = [folder / word if word in ("gpt", "model") else word for word in command]
    text = folder / "text.txt"
    assert records(name, "-", *options, given=text.read_bytes()) == records(name, text, *options)


def test_infilling_compares_both_sides_with_the_left_side_alone(folder: Path) -> None:
    command = ("infilling", folder / "text.txt", "--model", folder / "model", "--beside", folder / "gpt")
    rows = {row["row"]: row for row in records(*command, "--samples", 3, "--steps", 4)}
    assert list(rows)[:3] == ["text", "model, 4 steps, sees both sides", "gpt, sees the left side"]
    real = read_blocks(folder / "text.txt", find_tokenizer(folder / "gpt"), LENGTH)[:3]
    causal = CausalModel.load(folder / "gpt", "cpu", "fp32")
    left = np.mean([nats[3:9].mean() for nats in causal.token_nats(real)])
    assert rows["likelihood of the middle, left side given"]["nats"] == pytest.approx(left, rel=1e-6)
    assert rows["bound of the middle, both sides given"]["tokens"] == 3 * 6
    shown = CliRunner().invoke(app, [*map(str, command), "--samples", "2", "--steps", "2", *PLACE])
    assert "given both sides" in shown.stdout


def test_samples_are_from_the_nucleus_and_another_model_judges_them(folder: Path) -> None:
    gpt, other = folder / "gpt", CausalModel.load(folder / "other", "cpu", "fp32")
    drawn = ("baseline", "--samples", 3, "--model", gpt)
    (plain,), (cut,) = records(*drawn), records(*drawn, "--top-p", 0.05)
    assert cut["perplexity_by_token"] < plain["perplexity_by_token"]
    (judged,) = records(*drawn, "--judge", folder / "other")
    causal, tokenizer = CausalModel.load(gpt, "cpu", "fp32"), find_tokenizer(gpt)
    free = np.full(LENGTH, FREE)
    texts = [tokenizer.decode([token for _, token in causal.fill_tokens(free, 0, k)]) for k in range(3)]
    nats = np.concatenate(other.text_nats(texts))
    assert judged["perplexity_by_token"] == pytest.approx(math.exp(nats.mean()), rel=1e-5)
    assert judged["entropy"] == plain["entropy"], "the samples are the same"
    assert (plain["judge"], judged["judge"]) == ("gpt", "other")


def test_wholes_and_right_sides_are_judged_by_a_model_with_any_tokenizer(folder: Path) -> None:
    command = ("infilling", folder / "text.txt", "--model", folder / "model", "--beside", folder / "gpt")
    rows = records(*command, "--judge", folder / "other", "--samples", 3, "--steps", 4)
    judge, tokenizer = CausalModel.load(folder / "other", "cpu", "fp32"), find_tokenizer(folder / "gpt")
    real = read_blocks(folder / "text.txt", tokenizer, LENGTH)[:3]
    wholes = judge.text_nats([tokenizer.decode(text.tolist()) for text in real])
    assert rows[0]["perplexity_by_token"] == pytest.approx(math.exp(np.concatenate(wholes).mean()), rel=1e-5)
    left = judge.text_nats([tokenizer.decode(text[:9].tolist()) for text in real])
    right = [(whole.sum() - part.sum()) / (LENGTH - 9) for whole, part in zip(wholes, left, strict=True)]
    assert rows[0]["right_nats"] == pytest.approx(np.mean(right), rel=1e-5)
    assert {row["judge"] for row in rows[:3]} == {"other"}


def test_the_nucleus_shapes_both_ways_to_fill_a_middle(folder: Path) -> None:
    command = (
        "infilling",
        folder / "text.txt",
        "--model",
        folder / "model",
        "--beside",
        folder / "gpt",
        "--samples",
        8,
    )
    wide, narrow = (records(*command, "--steps", 8, "--top-p", share) for share in (1, 0.01))
    for way in (1, 2):
        assert narrow[way]["perplexity_by_token"] < wide[way]["perplexity_by_token"]


def test_middles_of_a_model_without_a_bound_on_a_part_are_measured_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> Any:
        raise UserError("It has no bound on a part; score the whole text.")

    monkeypatch.setattr("engine.cli.infilling.middle_bound", none)
    command = [*map(str, ("infilling", folder / "text.txt", "--model", folder / "model", "--beside", folder / "gpt"))]
    done = CliRunner().invoke(app, [*command, "--samples", "1", "--steps", "2", *PLACE])
    assert done.exit_code == 0, done.output
    assert "No bound of the middles: It has no bound on a part" in done.stderr
    assert "given the left side" in done.stdout
    assert "given both sides" not in done.stdout
    assert "nan" not in done.stdout


def test_one_text_has_no_error(folder: Path) -> None:
    done = CliRunner().invoke(app, ["baseline", "--text", "a", "--model", str(folder / "gpt"), *PLACE])
    assert "1 token in 1 block; exact, one block has no error" in done.stdout
    assert "±" not in done.stdout
    done = CliRunner().invoke(app, ["score", "--text", "a", "--model", str(folder / "model"), *PLACE])
    assert "1 token (1 byte) in 1 block" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("baseline", "--model", "gpt"), "--samples how many"),
        (("baseline", "absent.txt", "--model", "gpt"), "absent.txt"),
        (("baseline", "empty.txt", "--model", "gpt"), "no text in empty.txt"),
        (("infilling", "text.txt", "--model", "model", "--beside", "other"), "another tokenizer"),
        (("infilling", "text.txt", "--model", "model", "--beside", "gpt", "--gap", "1"), "--gap must be"),
        (("infilling", "text.txt", "--model", "model", "--beside", "gpt", "--gap", "0.999"), "choose a smaller --gap"),
        (("infilling", "text.txt", "--model", "model", "--beside", "gpt", "--gap", "0.001"), "choose a larger --gap"),
        (("infilling", "text.txt", "--model", "model", "--beside", "gpt", "--judge", "model"), "from left to right"),
        (("baseline", "--model", "gpt", "--samples", "1", "--judge", "model"), "from left to right"),
        (("infilling", "text.txt", "--model", "model", "--beside", "model"), "model writes no text from left to right"),
        (("infilling", "short.txt", "--model", "model", "--beside", "gpt"), "less than one block"),
    ],
)
def test_what_cannot_be_compared_is_answered_in_a_sentence(
    folder: Path, arguments: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    Path("short.txt").write_text("Once", encoding="utf-8")
    Path("empty.txt").write_text("\n", encoding="utf-8")
    result = CliRunner().invoke(app, [*arguments, *PLACE])
    assert result.exit_code == 2
    assert said in result.stderr
