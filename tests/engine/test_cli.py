"""The `sedd` command on a tiny model whose head is still zero: every token is equally likely."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file
from typer.testing import CliRunner, Result

from engine.cli import app
from engine.cli.score import flat, units
from engine.language.tokenizers import Tokenizer, train_tokenizer
from engine.models.loading import load
from engine.models.own_layout import save
from engine.models.published_layout import published_config
from engine.performing.engine import Engine
from engine.protocol import Bounded, Failed
from engine.strict_json import to_json
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from tests.strict import strict

GOLDEN = Path(__file__).parents[1] / "golden"
LENGTH = 32
TEXTS = ["Once upon a time there was a dragon.", "The dragon lived on a hill.", "One day a girl came up the hill."]
PROMPT = "Once upon a time [6] the dragon [3] The end."


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(iter(TEXTS), 300)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer) -> Path:
    folder = tmp_path_factory.mktemp("model")
    network = NetworkConfig(states=tokenizer.vocabulary + 1, length=LENGTH, hidden=16, blocks=1, heads=2, cond_dim=8)
    diffusion = Diffusion(DiffusionConfig(network, parametrisation="posterior", time_free=True))
    save(folder, diffusion, tokenizer, "# Tiny\n", {"training steps": "0"})
    return folder


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story.txt"
    path.write_text("\n<|endoftext|>\n".join(TEXTS * 40), encoding="utf-8")
    return path


def sedd(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def records(*arguments: object) -> list[dict[str, Any]]:
    """The JSON objects on standard output of a command that must succeed."""
    result = sedd(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return [strict(line) for line in result.stdout.splitlines()]


def refusal(*arguments: object) -> str:
    """The one sentence on standard error of a command that must be refused."""
    result = sedd(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].endswith(".")
    return lines[0]


def test_help_answers_without_loading_torch() -> None:
    code = "import sys, engine.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert "infill" in sedd("--help").stdout


def test_info_shows_what_the_checkpoint_says(model: Path) -> None:
    assert "training steps  0" in sedd("info", model).stdout
    assert sedd("info", "--model", model).stdout == sedd("info", model).stdout
    assert records("info", model)[0]["length"] == LENGTH


def test_sample_writes_one_record_for_each_text(model: Path, tokenizer: Tokenizer) -> None:
    texts = records("sample", "--model", model, "--samples", 3, "--steps", 4, "--sampler", "euler", "--seed", 5)
    assert [text["sample"] for text in texts] == [0, 1, 2]
    for text in texts:
        assert len(text["tokens"]) == LENGTH
        assert text["text"] == tokenizer.decode(text["tokens"])
        assert (text["steps"], text["sampler"], text["seed"]) == (4, "euler", 5)
        assert 1 <= text["calls"] <= 4
        assert text["seconds"] > 0


def test_sample_has_the_length_asked_for(model: Path) -> None:
    assert len(records("sample", "--model", model, "--length", 7)[0]["tokens"]) == 7


def test_infill_keeps_every_locked_word(model: Path) -> None:
    text = records("infill", "--model", model, "--text", PROMPT)[0]["text"]
    assert text.startswith("Once upon a time")
    assert " the dragon" in text
    assert text.endswith(" The end.")


def test_infill_is_the_same_alone_and_in_company(model: Path) -> None:
    (alone,) = records("infill", "--model", model, "--text", PROMPT, "--seed", 3)
    company = records("infill", "--model", model, "--text", PROMPT, "--seed", 3, "--samples", 4)
    assert company[0]["tokens"] == alone["tokens"]
    assert company[1]["tokens"] != alone["tokens"]


def test_a_reader_is_told_seconds_and_network_calls(model: Path) -> None:
    result = sedd("infill", "--model", model, "--text", PROMPT, "--steps", 8)
    assert result.stdout.startswith("Once upon a time")
    assert "8 steps, surest, seed 0" in result.stdout
    assert "seconds" in result.stdout
    assert "network calls" in result.stdout


def test_score_of_an_even_model_is_the_logarithm_of_its_vocabulary(
    model: Path, tokenizer: Tokenizer, story: Path
) -> None:
    even = math.log(tokenizer.vocabulary)
    (of_file,) = records("score", story, "--model", model)
    (of_text,) = records("score", "--text", TEXTS[0], "--model", model)
    for bound, size in ((of_file, 40 * sum(map(len, TEXTS))), (of_text, len(TEXTS[0]))):
        assert bound["nats_per_token"] == pytest.approx(even, rel=1e-5)
        assert bound["perplexity"] == pytest.approx(tokenizer.vocabulary, rel=1e-4)
        assert bound["bits_per_byte"] == pytest.approx(even / math.log(2) * bound["tokens"] / size, rel=1e-5)
        assert bound["nats_per_token_standard_error"] == pytest.approx(0, abs=1e-4)
    assert of_file["tokens"] == sum(len(tokenizer.encode(text)) + 1 for text in TEXTS) * 40


def test_score_says_that_it_is_an_upper_bound_with_its_error(model: Path) -> None:
    result = sedd("score", "--text", TEXTS[0], "--model", model)
    for unit in ("nats per token", "bits per token", "bits per byte", "perplexity"):
        (line,) = (line for line in result.stdout.splitlines() if line.startswith(unit))
        assert " <= " in line
        assert " ± " in line


def test_sampler_options_spacing_and_patterns_reach_the_engine(model: Path) -> None:
    (given,) = records(
        "sample", "--sampler", "trapezoidal", "--option", "theta=0.4", "--spacing", "1,0.5,0", "--steps", 2,
        "--length", 6, "--model", model,
    )  # fmt: skip
    assert given["sampler"] == "trapezoidal"
    assert given["calls"] <= 4
    result = sedd("sample", "--pattern", "[a-z ]*", "--length", 6, "--steps", 2, "--model", model)
    assert "log weights -" in result.stdout
    listed = ("--text", "[2] dragon", "--only", '0-1="The"', "--top-p", 0.001, "--steps", 2, "--model", model)
    assert "log weights -inf (-inf: at this temperature and top-p no such" in " ".join(
        sedd("infill", *listed).stdout.split()
    )
    again = sedd("sample", "--pattern", "[a-z ]*", "--length", 6, "--steps", 3, "--sampler", "remask", "--model", model)
    assert "log weights are not known with this sampler" in " ".join(again.stdout.split())
    (bare,) = records("sample", "--ban", "dragon", "--length", 6, "--steps", 2, "--model", model)
    assert bare["log_weight"] <= 0


def test_each_text_of_a_file_gets_a_row_and_all_of_them_an_interval(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("\n<|endoftext|>\n".join(TEXTS), encoding="utf-8")
    *rows, whole = records("score", path, "--per", "text", "--model", model)
    assert [row["text"] for row in rows] == [0, 1, 2]
    assert [row["bytes"] for row in rows] == [len(text) for text in TEXTS]
    assert whole["tokens"] == sum(row["tokens"] for row in rows)
    assert whole["nats_per_token_interval"][0] <= whole["nats_per_token"] <= whole["nats_per_token_interval"][1]


def test_parts_in_brackets_are_scored_given_the_rest(model: Path, tokenizer: Tokenizer) -> None:
    (part,) = records("score", "--text", "Once upon a time [[there was a]] dragon.", "--model", model)
    assert part["tokens"] == len(tokenizer.encode(" there was a"))
    assert part["bytes"] == len(" there was a")
    assert part["nats_per_token"] == pytest.approx(math.log(tokenizer.vocabulary), rel=1e-5)


def test_a_record_is_scored_as_the_row_that_it_is_by_text_and_by_file(tmp_path: Path) -> None:
    """Molecules were learned as rows filled up with end-of-text tokens; where they end is part of what they are."""
    asked = ("--model", "molecules-absorb", "--max-calls", 8)
    (path := tmp_path / "two.smi").write_text("CCO\nCCN\n", encoding="utf-8")
    (by_text,), (as_row,) = (records("score", "--text", text, *asked) for text in ("CCO", "CCO" + "<|endoftext|>" * 21))
    assert (by_text["tokens"], by_text["nats_per_token"]) == (24, as_row["nats_per_token"])
    for per in ("block", "text"):
        *rows, whole = records("score", path, "--per", per, *asked)
        assert (whole["blocks"], whole["tokens"]) == (2, 48)
        assert [row["tokens"] for row in rows] == ([24, 24] if per == "text" else [])
    (part,) = records("score", "--text", "C[[CO]]", *asked)
    assert part["tokens"] == 2
    assert "takes 24" in refusal("score", "--text", "C" * 25, *asked)


def test_a_text_shorter_than_any_that_a_model_was_trained_on_is_said_to_be(
    model: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    """Published models saw whole blocks alone; ours saw short texts, too."""
    about = json.loads((GOLDEN / "absorb-loglinear" / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps(about | {"tokens": tokenizer.vocabulary}), encoding="utf-8")
    network = Diffusion(published_config(about | {"tokens": tokenizer.vocabulary}, tmp_path)).network
    save_file(network.state_dict(), tmp_path / "model.safetensors")
    tokenizer.save(tmp_path)
    said = " ".join(sedd("score", "--text", TEXTS[0], "--max-calls", 8, "--model", tmp_path).stdout.split())
    assert f"no text of {len(tokenizer.encode(TEXTS[0]))}: the bound may be far too high." in said
    assert load(tmp_path, "cpu").info.unfamiliar(24) == ""
    assert "no text of" not in sedd("score", "--text", TEXTS[0], "--model", model).stdout


def test_the_bound_of_a_sampler_takes_its_steps_in_calls(model: Path) -> None:
    (record,) = records("score", "--text", TEXTS[0], "--steps", 2, "--model", model)
    assert record["calls"] == 2 * 8  # replicates


def test_a_part_that_is_scored_alone_has_its_share_of_the_bytes_and_no_error(model: Path, story: Path) -> None:
    (whole,) = records("score", story, "--model", model)
    (part,) = records("score", story, "--max-calls", 4, "--model", model)
    assert part["tokens"] == LENGTH
    assert part["bytes"] == pytest.approx(whole["bytes"] * LENGTH / whole["tokens"], abs=0.5)
    assert part["bits_per_byte"] == pytest.approx(whole["bits_per_byte"], rel=0.02)  # an even model
    said = sedd("score", story, "--max-calls", 4, "--orders", 2, "--model", model).stdout
    assert "nan" not in said
    assert "one value has no error" in said


def test_orders_tighten_the_bound_with_the_calls_that_it_left(model: Path, story: Path) -> None:
    plain, tight = records("score", story, "--orders", 2, "--max-calls", 400, "--model", model)
    assert tight["orders"] == 2
    assert plain["calls"] + tight["calls"] <= 400
    assert tight["slack_nats_per_token"] == pytest.approx(0, abs=1e-5)  # an even model says the same in every order
    assert tight["nats_per_token"] == pytest.approx(plain["nats_per_token"], abs=1e-5)
    (alone,) = records("score", story, "--max-calls", 400, "--model", model)
    assert {**plain, "seconds": 0} == {**alone, "seconds": 0}
    result = sedd("score", "--text", TEXTS[0], "--orders", 2, "--model", model)
    assert "With 2 orders of each text <= " in result.stdout


def test_a_goal_ends_the_run_and_tokens_show_their_parts(model: Path) -> None:
    summary, parts = records("score", "--text", TEXTS[0], "--goal", 0.01, "--tokens", "--model", model)
    assert "".join(parts["pieces"]) == TEXTS[0]
    assert sum(parts["token_nats"]) == pytest.approx(summary["nats_per_token"] * summary["tokens"], rel=1e-3)
    result = sedd("score", "--text", TEXTS[0], "--tokens", "--model", model)
    assert TEXTS[0] in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("infill", "--text", ""), "empty"),
        (("infill", "--text", "a [0] b"), "0"),
        (("infill", "--text", "a [100000] b"), "32"),
        (("infill", "--text", "hill " * 99), "32"),
        (("infill", "--text", "a [3] b", "--sampler", "magic"), "analytic, euler"),
        (("sample", "--steps", "0"), "--steps must be a whole number from 1 to 65,536 and is 0"),
        (("sample", "--samples", "0"), "--samples must be a whole number from 1 to 4,096 and is 0"),
        (("sample", "--seed", "-1"), "seed"),
        (("sample", "--length", "0"), "--length must be"),
        (("sample", "--length", "33"), "1 to 32"),
        (("sample", "--threads", "0"), "threads"),
        (("sample", "--device", "abacus"), "abacus"),
        (("sample", "--precision", "fp3"), "fp3"),
        (("score",), "--text"),
        (("score", "--text", ""), "no text"),
        (("score", "--text", "a", "--draws", "0"), "draws"),
        (("score", "nowhere.txt"), "nowhere.txt"),
        (("score", "--text", "a", "--seed", "-1"), "seed"),
        (("score", "--text", "a", "--goal", "0"), "--goal must be"),
        (("score", "--text", "a", "--estimator", "magic"), "magic"),
        (("score", "--text", "hill [[a]] " + "hill " * 40), "32 tokens at most"),
        (("score", "pyproject.toml", "--tokens"), "--text"),
        (("score", "--text", "a", "--orders", "0"), "--orders must be"),
        (("score", "--text", "a", "--orders", "2", "--steps", "4"), "leave out --steps or --orders"),
        (("sample", "--pattern", "("), "pattern"),
        (("sample", "--ban", " "), "empty"),
        (("sample", "--option", "theta"), "name=number"),
        (("sample", "--spacing", "1,half,0"), "half"),
        (("sample", "--guidance", "3"), "--guidance changes nothing without --class"),
        (("infill", "--text", "a [3] b", "--guidance", "3"), "--guidance changes nothing without --class"),
        (("compare", "--text", "a [3] b", "--guidance", "3"), "--guidance changes nothing without --class"),
        (("typo", "a dragon", "--guidance", "3"), "--guidance changes nothing without --class"),
        (("influence", "a [3] b", "--guidance", "3"), "--guidance changes nothing without --class"),
        (("evaluate", "--text", "a [3] b", "--length", "7"), "leave out --length or --text"),
        (("score", "--text", "a", "--steps", "4", "--draws", "9"), "leave out --steps, or --draws"),
        (("score", "--text", "a", "--steps", "4", "--estimator", "plain"), "leave out --steps, or --draws"),
    ],
)
def test_bad_input_is_answered_by_one_sentence(model: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in refusal(*arguments, "--model", model)


def test_uniform_noise_has_no_orders_and_says_so_before_it_scores(tmp_path: Path, tokenizer: Tokenizer) -> None:
    network = NetworkConfig(states=tokenizer.vocabulary, length=LENGTH, hidden=16, blocks=1, heads=2, cond_dim=8)
    diffusion = Diffusion(DiffusionConfig(network, "uniform", parametrisation="leave_one_out", log_sigma=True))
    save(tmp_path, diffusion, tokenizer, "# Tiny\n", {})
    assert "leave them out for this model" in refusal("score", "--text", "a", "--orders", 2, "--model", tmp_path)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    assert "no-model" in refusal("sample", "--model", tmp_path / "no-model")


def test_an_unexpected_error_shows_its_detail_and_another_exit_code(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "perform", lambda *_: iter([Failed(0, "It broke.", "somewhere deep")]))
    result = sedd("sample", "--model", model)
    assert (result.exit_code, result.stderr) == (1, "It broke.\nsomewhere deep\n")


def test_an_interrupt_ends_the_command_quietly(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "perform", interrupted)
    result = sedd("sample", "--model", model)
    assert (result.exit_code, result.output) == (130, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", "--text", "Once upon a time", "--max-calls", 1),  # one value has no error and no interval
        ("score", "--text", "Once [[upon]] a time", "--max-calls", 1, "--tokens"),
        ("score", "--text", "Once upon a time", "--max-calls", 1, "--orders", 2),
        ("score", "--text", "Once upon a time", "--max-calls", 1, "--steps", 2),
        ("sample", "--length", 1, "--steps", 1),
        ("evaluate", "--length", 1, "--steps", 1, "--samples", 1),  # a single text has no pairs and no error
        ("compare", "--length", 1, "--steps", "1,2", "--samples", 1),
    ],
)
def test_what_is_not_a_number_is_null(model: Path, arguments: tuple[object, ...]) -> None:
    found = records(*arguments, "--model", model, "--device", "cpu", "--precision", "fp32")
    assert arguments[0] == "sample" or any("null" in json.dumps(record) for record in found)


def test_a_perplexity_beyond_all_numbers_is_null() -> None:
    bound = Bounded(1, 800.0, standard_error=1.0, half_width=12.7, tokens=3, calls=2)
    found = strict(to_json(flat(units(bound, 0))))
    assert found["nats_per_token"] == 800
    assert (found["perplexity"], found["perplexity_interval"]) == (None, [None, None])
    deep = {"a": [{"b": (1.0, math.nan)}, -math.inf], "c": {"d": math.inf}, "e": "NaN"}
    assert strict(to_json(deep)) == {"a": [{"b": [1.0, None]}, None], "c": {"d": None}, "e": "NaN"}
