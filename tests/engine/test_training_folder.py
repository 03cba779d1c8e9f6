"""The folder of a training run: what is gone on with, what is told, and that nobody's files are written over."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from pathlib import Path

import pytest

from engine.bundled_models import ASSETS
from engine.cli.training_folder import LOCK, PLAN, folder_for
from engine.models.alone import STATE
from engine.strict_json import to_json
from tests.engine.test_cli import model, records, refusal, sedd, story, tokenizer
from tests.engine.test_cli_training import SIZES
from tests.strict import strict

__all__ = ["model", "story", "tokenizer"]


def test_two_runs_do_not_share_a_folder(tmp_path: Path, story: Path) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--steps", 1, "--precision", "fp32", *SIZES)
    with folder_for(out, speaks=True):
        (out / "a file").touch()
        assert "Another process writes into" in refusal(*command)
    (out / "a file").unlink()
    assert records(*command)[-1]["event"] == "model"
    assert not (out / LOCK).exists()


@pytest.mark.parametrize("damage", ["", "{", "[]"])
def test_a_run_whose_plan_is_lost_or_damaged_is_not_called_another(tmp_path: Path, story: Path, damage: str) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--steps", 1, "--precision", "fp32", *SIZES)
    records(*command)
    (out / PLAN).write_text(damage, encoding="utf-8") if damage else (out / PLAN).unlink()
    assert f"{PLAN} is damaged or missing" in refusal(*command)


def test_a_state_that_is_damaged_or_in_the_way_can_be_deleted(tmp_path: Path, story: Path) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--precision", "fp32", *SIZES, "--steps")
    records(*command, 2)
    kept = (out / "model.safetensors").read_bytes()
    (out / STATE).write_bytes(b"")
    assert sedd(*command, 2).stderr.endswith("is damaged; delete it to start again.\n")
    (out / STATE).unlink()
    assert "holds a model already" in refusal(*command, 3)
    assert [event["event"] for event in records(*command, 2)] == ["model"]
    assert (out / "model.safetensors").read_bytes() == kept
    (out / "config.json").unlink()  # as where the run had not come to its end
    assert [event["event"] for event in records(*command, 2)].count("trained") == 2


def test_a_run_of_an_older_version_goes_on(tmp_path: Path, story: Path) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--steps", 1, "--precision", "fp32", *SIZES)
    records(*command)
    plan = strict((out / PLAN).read_text(encoding="utf-8"))
    del plan["weights"]
    (out / PLAN).write_text(to_json(plan | {"model": None}), encoding="utf-8")
    assert [event["event"] for event in records(*command)] == ["model"]


@pytest.mark.parametrize("name", ["README.md", "tokenizer.json", "model.safetensors", "config.json"])
def test_what_no_run_made_is_not_written_over(tmp_path: Path, story: Path, name: str) -> None:
    (out := tmp_path / "new").mkdir()
    (out / name).write_text("a user's own", encoding="utf-8")
    assert "already" in refusal("train", story, "--out", out, "--steps", 1, *SIZES)
    assert [path.name for path in out.iterdir()] == [name]
    assert (out / name).read_text(encoding="utf-8") == "a user's own"


@pytest.mark.parametrize("name", ["README.md", "tokenizer.json", "model.safetensors", "config.json", PLAN])
@pytest.mark.parametrize("of", ["this", "another", "none"])
def test_beside_the_plan_of_a_run_that_has_no_state_others_files_are_not_written_over(
    tmp_path: Path, story: Path, name: str, of: str
) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--precision", "fp32", *SIZES, "--steps")
    records(*command, 1 if of == "this" else 2)
    plan = (out / PLAN).read_text(encoding="utf-8") if of != "none" else "my plan"
    shutil.rmtree(out)
    out.mkdir()
    (out / PLAN).write_text(plan, encoding="utf-8")
    (out / name).write_text("a user's own", encoding="utf-8")
    assert "already" in refusal(*command, 1)
    assert {path.name for path in out.iterdir()} == {PLAN, name}
    assert (out / name).read_text(encoding="utf-8") == "a user's own"


def test_what_a_run_left_that_has_no_state_is_written_over(tmp_path: Path, story: Path) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--precision", "fp32", *SIZES, "--steps")
    records(*command, 1)
    for name in (STATE, "config.json", "model.safetensors", "README.md"):
        (out / name).unlink()
    assert records(*command, 2)[-1]["event"] == "model"


@pytest.mark.parametrize("finished", [True, False])
def test_a_readme_that_is_not_the_run_s_stays(tmp_path: Path, story: Path, finished: bool) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--precision", "fp32", *SIZES, "--steps", 1)
    records(*command)
    if not finished:  # as where it was stopped between the last state and the model
        for name in ("config.json", "model.safetensors"):
            (out / name).unlink()
    (out / "README.md").write_bytes(b"a user's own \xff")
    for _ in range(2):
        assert "README.md is another than this run's, and stays as it is." in " ".join(sedd(*command).stderr.split())
        assert (out / "README.md").read_bytes() == b"a user's own \xff"
    assert len(records("sample", "--model", out)[0]["tokens"]) == 16
    (out / "README.md").unlink()
    records(*command)
    assert (out / "README.md").read_text(encoding="utf-8").startswith("# new")


def test_a_run_does_not_go_on_with_another_tokenizer(tmp_path: Path, story: Path) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--precision", "fp32", *SIZES, "--steps", 1)
    records(*command)
    state, tokenizer = (out / STATE).read_bytes(), (out / "tokenizer.json").read_bytes()
    shutil.copy(ASSETS / "stories-gpt" / "tokenizer.json", out)
    assert "tokenizer.json is not as the run there wrote it; put that back" in refusal(*command)
    assert (out / STATE).read_bytes() == state
    (out / "tokenizer.json").write_bytes(tokenizer)
    assert records(*command)[-1]["event"] == "model"


def test_a_run_that_was_stopped_while_it_saved_its_model_knows_its_own_files(tmp_path: Path, story: Path) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--precision", "fp32", *SIZES, "--steps", 1)
    records(*command)
    plan = strict((out / PLAN).read_text(encoding="utf-8"))
    begun = {"tokenizer.json": plan["written"]["tokenizer.json"]}
    for gone in ((), ("config.json",), ("config.json", "model.safetensors")):
        for name in gone:
            (out / name).unlink()
        others: tuple[object, ...] = (begun, [], None, 1)
        for written in others:
            (out / PLAN).write_text(to_json(plan | {"written": written}), encoding="utf-8")
            assert "README.md" not in sedd(*command).stderr
            assert strict((out / PLAN).read_text(encoding="utf-8")) == plan


def test_a_run_that_starts_from_a_model_is_not_held_up_by_the_tokenizer_that_it_was_saving(
    tmp_path: Path, story: Path, model: Path
) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--steps", 1, "--batch", 2, "--precision", "fp32", "--model", model)
    records(*command)
    (out / "config.json").unlink()
    shutil.copy(ASSETS / "stories-gpt" / "tokenizer.json", out)
    assert records(*command)[-1]["event"] == "model"


def test_a_model_that_has_lost_its_weights_is_trained_again(
    tmp_path: Path, story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--precision", "fp32", *SIZES, "--steps", 1)
    records(*command)
    for name in ("model.safetensors", STATE):
        (out / name).unlink()
    old = strict((out / PLAN).read_text(encoding="utf-8"))
    with monkeypatch.context() as patched:
        patched.setattr("engine.cli.train.follow", lambda *_: sys.exit(9))  # stopped before there is a state
        sedd(*command)
    assert not (out / STATE).exists()
    assert [event["event"] for event in records(*command)].count("trained") == 1
    assert strict((out / PLAN).read_text(encoding="utf-8")).keys() == old.keys()
    assert (out / "model.safetensors").is_file()
    for name in ("model.safetensors", STATE):
        (out / name).unlink()
    assert "README.md" not in sedd(*command).stderr


@pytest.mark.parametrize("lost", [(STATE,), (STATE, "model.safetensors"), (), (STATE, "config.json")])
def test_a_folder_of_an_older_version_is_gone_on_with_whatever_is_lost(
    tmp_path: Path, story: Path, lost: tuple[str, ...]
) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--precision", "fp32", *SIZES, "--steps", 1)
    records(*command)
    plan = strict((out / PLAN).read_text(encoding="utf-8"))
    (out / PLAN).write_text(to_json({name: plan[name] for name in plan if name != "written"}), encoding="utf-8")
    for name in lost:
        (out / name).unlink()
    assert records(*command)[-1]["event"] == "model"
    assert len(records("sample", "--model", out)[0]["tokens"]) == 16


def hide(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has files of this name deny being read, as they do to one who is not root."""
    opened = os.open

    def denied(path: Path, *rest: int, **named: int) -> int:
        if Path(path).name == name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, *rest, **named)

    monkeypatch.setattr(os, "open", denied)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != name)


@pytest.mark.parametrize("hidden", [STATE, PLAN])
def test_what_cannot_be_read_is_not_called_damaged(
    tmp_path: Path, story: Path, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--precision", "fp32", *SIZES, "--steps", 1)
    records(*command)
    hide(hidden, monkeypatch)
    said = sedd(*command).stderr.splitlines()[-1]
    assert f"{hidden} cannot be read" in said
    assert "allow reading it" in said


def test_a_readme_that_cannot_be_read_stays(tmp_path: Path, story: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "new"
    command = ("train", story, "--out", out, "--precision", "fp32", *SIZES, "--steps", 1)
    records(*command)
    (out / "README.md").write_bytes(b"a user's own")
    hide("README.md", monkeypatch)
    assert "README.md is another than this run's" in " ".join(sedd(*command).stderr.split())
    assert (out / "README.md").read_bytes() == b"a user's own"


def test_a_training_that_has_not_ended_is_not_taken_for_a_model(tmp_path: Path, story: Path) -> None:
    out = tmp_path / "new"
    records("train", story, "--out", out, "--precision", "fp32", *SIZES, "--steps", 1)
    for name in ("config.json", "model.safetensors", "README.md"):
        (out / name).unlink()
    for command in (("sample", "--model", out), ("doctor", out)):
        said = " ".join((result := sedd(*command)).output.split()) + " ".join(result.stderr.split())
        assert "holds a training that has not ended; give its command again" in said


@pytest.mark.parametrize("name", [STATE, PLAN, "model.safetensors", "README.md"])
def test_a_folder_in_the_place_of_a_file_is_told_before_the_time_is_spent(
    tmp_path: Path, story: Path, name: str
) -> None:
    (tmp_path / "new" / name).mkdir(parents=True)
    assert f"{name} is no file" in refusal("train", story, "--out", tmp_path / "new", "--steps", 1, *SIZES)
    (tmp_path / "new" / name).rmdir()
    (tmp_path / "new" / name).symlink_to("nothing")
    assert f"{name} is no file" in refusal("train", story, "--out", tmp_path / "new", "--steps", 1, *SIZES)


def test_a_refused_run_does_not_stand_in_the_way_of_the_next(tmp_path: Path, story: Path) -> None:
    command = ("train", story, "--out", tmp_path / "new", "--steps", 1, "--precision", "fp32", *SIZES)
    assert sedd(*command, "--batch", 9999).exit_code == 2
    assert records(*command)[-1]["event"] == "model"


def test_train_does_not_write_over_a_model(story: Path, model: Path) -> None:
    before = (model / "model.safetensors").read_bytes()
    assert "holds a model" in refusal("train", story, "--out", model)
    assert (model / "model.safetensors").read_bytes() == before
