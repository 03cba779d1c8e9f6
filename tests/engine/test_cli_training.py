"""`sedd train`: what it leaves, where it goes on, what it refuses; and a lack of memory in any command."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.bundled_models import ASSETS
from engine.cli.training_folder import PLAN, goes_on
from engine.language.tokenizers import find_tokenizer
from engine.models.alone import STATE
from engine.strict_json import to_json
from tests.engine.test_cli import LENGTH, model, records, refusal, sedd, story, tokenizer

__all__ = ["model", "story", "tokenizer"]

SIZES = ("--length", 16, "--hidden", 16, "--blocks", 1, "--heads", 2, "--vocabulary", 300, "--batch", 4)


def test_train_leaves_a_model_that_can_be_used(tmp_path: Path, story: Path) -> None:
    out = tmp_path / "new"
    events = records("train", story, "--out", out, "--steps", 3, "--precision", "fp32", *SIZES)
    assert [event["step"] for event in events if event["event"] == "trained"] == [1, 2, 3]
    assert [event["event"] for event in events][-3:] == ["validated", "saved", "model"]
    assert records("info", out)[0]["facts"]["training steps"] == "3"
    assert len(records("sample", "--model", out)[0]["tokens"]) == 16


def test_train_goes_on_where_it_was_and_refuses_another_run_in_its_folder(tmp_path: Path, story: Path) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--precision", "fp32", *SIZES, "--steps")
    records(*command, 3)
    assert [event["event"] for event in records(*command, 3)] == ["model"]
    assert "other settings" in refusal(*command, 4)
    story.write_text("Another text.\n" * 500, encoding="utf-8")
    assert "other settings" in refusal(*command, 3)


def test_a_run_is_the_same_wherever_the_folders_that_it_starts_from_lie(
    tmp_path: Path, story: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for option in ("--model", "--tokenizer"):
        command = ("train", story, "--out", tmp_path / option, "--precision", "fp32", *SIZES, "--steps", 1, option)
        records(*command, model)
        monkeypatch.chdir(model.parent)
        moved = shutil.copytree(model, tmp_path / f"moved{option}")
        for place in (model.name, moved, moved / "tokenizer.json"):
            assert [event["event"] for event in records(*command, place)] == ["model"]


def test_another_model_or_tokenizer_in_the_same_place_is_another_run(tmp_path: Path, story: Path, model: Path) -> None:
    shutil.copytree(model, start := tmp_path / "start")
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--steps", 1, "--batch", 2, "--precision", "fp32", "--model", start)
    records(*command)
    kept = {path.name: path.read_bytes() for path in out.iterdir()}
    for file in ("tokenizer.json", "model.safetensors"):
        before = (start / file).read_bytes()
        if file == "tokenizer.json":
            (start / file).write_bytes(before + b" ")
        else:
            weights = load_file(start / file)
            save_file({name: tensor + 1 for name, tensor in weights.items()}, start / file)
        assert "other settings" in refusal(*command)
        (start / file).write_bytes(before)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == kept
    assert [event["event"] for event in records(*command)] == ["model"]


def test_a_model_that_is_trained_on_has_no_other_tokenizer(tmp_path: Path, story: Path, model: Path) -> None:
    command = ("train", story, "--out", tmp_path / "new", "--model", model, "--tokenizer", model)
    assert "keeps its own tokenizer" in refusal(*command)


def test_a_text_to_validate_on_is_not_one_to_learn_from(tmp_path: Path, story: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("Another text.\n" * 500, encoding="utf-8")
    settings = ("--out", tmp_path / "new", "--steps", 1, "--precision", "fp32", *SIZES)
    records("train", story, other, *settings)
    assert "other settings" in refusal("train", story, "--valid", other, *settings)


def test_a_run_goes_on_however_many_texts_it_has(tmp_path: Path) -> None:
    description = {"texts": [f"{number:064x}" for number in range(20_000)]}
    (tmp_path / PLAN).write_text(to_json(description, indent=2), encoding="utf-8")
    (tmp_path / STATE).touch()
    assert goes_on(tmp_path, description)


def test_a_tokenizer_that_is_not_there_is_refused(tmp_path: Path, story: Path) -> None:
    (loop := tmp_path / "loop").symlink_to(loop)
    (empty := tmp_path / "empty").mkdir()
    for named, said in (
        (loop, "There is no folder"),
        (tmp_path / "none", "no folder"),
        ("n" * 400, "is too long"),
        (empty, "no tokenizer"),
    ):
        refused = refusal("train", story, "--out", tmp_path / "new", "--tokenizer", named, "--steps", 1, *SIZES)
        assert said in refused
    assert not (tmp_path / "new").exists()


def test_a_tokenizer_is_taken_from_whatever_folder_it_lies_in(tmp_path: Path, story: Path, model: Path) -> None:
    (named := tmp_path / "checkpoints").mkdir()
    shutil.copy(model / "tokenizer.json", named)
    for name in ("a.gguf", "b.gguf"):
        (named / name).touch()
    command = ("train", story, "--out", tmp_path / "new", "--tokenizer", named, "--precision", "fp32", *SIZES)
    assert records(*command, "--steps", 1)[-1]["event"] == "model"


def test_the_tokenizer_of_a_bundled_model_is_taken_by_its_name(tmp_path: Path, story: Path) -> None:
    out = tmp_path / "new"
    sizes = ("--length", 16, "--hidden", 16, "--blocks", 1, "--heads", 2, "--batch", 2)
    records("train", story, "--out", out, "--tokenizer", "stories-gpt", "--steps", 1, "--precision", "fp32", *sizes)
    assert find_tokenizer(out).to_json() == find_tokenizer(ASSETS / "stories-gpt").to_json()


def test_train_can_start_from_a_model(tmp_path: Path, story: Path, model: Path) -> None:
    out = tmp_path / "new"
    records("train", story, "--out", out, "--steps", 2, "--batch", 2, "--precision", "fp32", "--model", model)
    assert records("info", out)[0]["length"] == LENGTH


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--steps", 0), "--steps"),
        (("--heads", 3), "--heads"),
        (("--hidden", 0), "--hidden"),
        (("--seed", -1), "seed"),
        (("--batch", 9999), "too few"),
        (("--device", "abacus"), "abacus"),
    ],
)
def test_train_refuses_what_makes_no_model(
    tmp_path: Path, story: Path, arguments: tuple[object, ...], said: str
) -> None:
    result = sedd("train", story, "--out", tmp_path / "new", "--steps", 1, *SIZES, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr.splitlines()[-1]


def test_train_says_where_it_cannot_write(tmp_path: Path, story: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    assert "taken" in refusal("train", story, "--out", tmp_path / "taken" / "new")


def test_train_says_which_text_is_missing(tmp_path: Path) -> None:
    assert "absent.txt" in refusal("train", tmp_path / "absent.txt", "--out", tmp_path / "new")


def too_much(*_: object, **__: object) -> None:
    torch.empty(2**60)


@pytest.mark.parametrize("command", ["sample", "score", "train", "evaluate"])
def test_a_lack_of_memory_is_one_sentence_whichever_command_meets_it(
    model: Path, story: Path, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.theory.network.ScoreTransformer.body", too_much)
    given = {
        "train": [story, "--out", tmp_path / "new", "--model", model, "--steps", 1, "--batch", 1],
        "score": [story, "--model", model],
    }
    result = sedd(command, *given.get(command, ["--model", model]), "--device", "cpu", "--precision", "fp32")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "not enough memory" in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


def test_a_training_state_that_does_not_fit_into_memory_is_not_called_damaged(
    tmp_path: Path, story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["train", story, "--out", tmp_path / "new", *SIZES, "--steps", 2, "--precision", "fp32"]
    assert sedd(*command).exit_code == 0
    monkeypatch.setattr("engine.models.pickles.records_of", too_much)
    assert "not enough memory" in sedd(*command).stderr.splitlines()[-1]
