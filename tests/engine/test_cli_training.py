"""`sedd train`: what it leaves, where it goes on, what it refuses; and a lack of memory in any command."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.cli.training_folder import PLAN, STATE, goes_on
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


def test_a_run_is_the_same_however_the_folders_that_it_starts_from_are_named(
    tmp_path: Path, story: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("train", story, "--out", tmp_path / "new", "--steps", 1, "--batch", 2, "--precision", "fp32")
    records(*command, "--model", model, "--tokenizer", model)
    monkeypatch.chdir(model.parent)
    again = records(*command, "--model", model.name, "--tokenizer", model.name)
    assert [event["event"] for event in again] == ["model"]


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


def test_a_tokenizers_folder_that_is_not_there_is_refused(tmp_path: Path, story: Path) -> None:
    (loop := tmp_path / "loop").symlink_to(loop)
    for named in (loop, tmp_path / "none"):
        said = refusal("train", story, "--out", tmp_path / "new", "--tokenizer", named, "--steps", 1, *SIZES)
        assert "There is no folder" in said
    assert not (tmp_path / "new").exists()


def test_a_refused_run_does_not_stand_in_the_way_of_the_next(tmp_path: Path, story: Path) -> None:
    command = ("train", story, "--out", tmp_path / "new", "--steps", 1, "--precision", "fp32", *SIZES)
    assert sedd(*command, "--batch", 9999).exit_code == 2
    assert records(*command)[-1]["event"] == "model"


def test_train_does_not_write_over_a_model(story: Path, model: Path) -> None:
    before = (model / "model.safetensors").read_bytes()
    assert "holds a model" in refusal("train", story, "--out", model)
    assert (model / "model.safetensors").read_bytes() == before


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
