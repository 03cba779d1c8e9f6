"""`sedd train` over several processes, and `sedd reproduce`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.bundled_models import ASSETS
from engine.cli import app, bundled, written_stories
from engine.cli.asked import Machine, Writing
from engine.cli.bundled import BUNDLED, Stage, plans_of
from engine.cli.output import Output
from engine.cli.train import split
from engine.files import sha256
from engine.language.domains import DOMAINS
from engine.models.loading import load
from engine.protocol import UserError
from engine.training.settings import Plan, Recipe, Sizes, TrainingConfig
from tests.engine.causals import make_gguf
from tests.strict import strict

ROOT = Path(__file__).parents[2]
STORY = "Once upon a time there was a dragon. The dragon lived on a hill. One day a girl came up the hill."


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story.txt"
    path.write_text("\n<|endoftext|>\n".join([STORY] * 40), encoding="utf-8")
    return path


def losses(lines: str) -> list[float]:
    events = [strict(line) for line in lines.splitlines() if line.startswith("{")]
    return [event["loss"] for event in events if event["event"] == "trained"]


LAUNCH = [
    *("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"),
    *("--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"),
]


def in_two_processes(*command: object) -> subprocess.CompletedProcess[str]:
    """What two processes that share a piece of work print; it must succeed."""
    done = subprocess.run(
        [sys.executable, *LAUNCH, *map(str, command)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_two_processes_have_the_loss_curve_of_one(tmp_path: Path, story: Path) -> None:
    command = ["train", story, "--steps", 4, "--batch", 4, "--length", 16, "--hidden", 32, "--blocks", 1, "--heads", 2]
    command += ["--vocabulary", 300, "--precision", "fp32", "--device", "cpu", "--threads", 1, "--json", "--out"]
    done = in_two_processes("-m", "engine.cli", *command, tmp_path / "two")
    alone = CliRunner().invoke(app, [*map(str, command), str(tmp_path / "one")])
    assert len(losses(alone.stdout)) == 4
    assert losses(done.stdout) == pytest.approx(losses(alone.stdout), rel=1e-4)
    assert (tmp_path / "two" / "model.safetensors").is_file()


SMALL = """
from dataclasses import replace
from engine.cli import app
from engine.cli.bundled import BUNDLED, Data, Stage
from engine.training.settings import TrainingConfig
model = BUNDLED["stories-absorb"]
sizes = replace(model.sizes, vocabulary=300, length=16, hidden=32, blocks=1, heads=2)
stages = tuple(Stage(TrainingConfig(steps=steps, batch=2)) for steps in (2, 3))
BUNDLED["stories-absorb"] = replace(model, data=(Data("story.txt", "0" * 64),), valid=None, sizes=sizes, stages=stages)
app()
"""
"""A program that reproduces a small model, in two stages."""


def test_two_processes_reproduce_a_model_of_several_stages(tmp_path: Path, story: Path) -> None:
    (program := tmp_path / "small.py").write_text(SMALL, encoding="utf-8")
    command = ("reproduce", "stories-absorb", tmp_path, "--out", tmp_path / "new", "--device", "cpu", "--json")
    done = in_two_processes(program, *command)
    assert len(losses(done.stdout)) == 5
    assert load(tmp_path / "new").info.facts["before that"].startswith("steps 2, ")


@pytest.mark.parametrize("kind", ["diffusion", "gpt"])
def test_a_model_that_is_trained_on_leaves_out_as_many_units_as_asked(tmp_path: Path, story: Path, kind: str) -> None:
    command = ["train", story, "--steps", 2, "--batch", 4, "--length", 16, "--hidden", 32, "--blocks", 1, "--heads", 2]
    command += ["--vocabulary", 300, "--kind", kind, "--device", "cpu", "--out"]
    for name, more in (("first", []), ("second", ["--model", tmp_path / "first", "--dropout", 0.5])):
        done = CliRunner().invoke(app, list(map(str, [*command, tmp_path / name, *more])))
        assert done.exit_code == 0, done.output
    shares = [share_left_out(tmp_path / name, kind) for name in ("first", "second")]
    assert shares == [0.0, 0.5]


def share_left_out(folder: Path, kind: str) -> float:
    """The dropout that a model folder asks for."""
    if kind == "diffusion":
        return load(folder).diffusion.config.network.dropout
    return float(strict((folder / "config.json").read_text(encoding="utf-8"))["resid_pdrop"])


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_models_plan_is_one_that_can_be_trained(name: str) -> None:
    from engine.cli.train import check

    model = BUNDLED[name]
    for stage in model.stages:
        check(Plan([], None, Path(), replace(model.sizes, dropout=stage.dropout), stage.recipe, stage.training))
    assert model.sizes.length == DOMAINS[model.sizes.domain].length
    assert all(len(data.sha256) == 64 for data in (*model.data, *([model.valid] if model.valid else [])))


def test_the_story_models_share_data_and_sizes_and_both_noise_types_a_budget() -> None:
    absorb, uniform, gpt = (BUNDLED[f"stories-{kind}"] for kind in ("absorb", "uniform", "gpt"))
    assert absorb.data == uniform.data == gpt.data
    assert replace(uniform.sizes, noise="absorb") == replace(gpt.sizes, kind="diffusion") == absorb.sizes
    tokens = [sum(stage.training.steps * stage.training.batch for stage in model.stages) for model in (absorb, uniform)]
    assert tokens[0] == pytest.approx(tokens[1], rel=0.02)


def test_every_folder_in_assets_has_its_row() -> None:
    assert {folder.name for folder in ASSETS.iterdir() if folder.is_dir()} <= set(BUNDLED)


def test_reproduce_finds_its_data_by_name_and_trains(
    tmp_path: Path, story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = BUNDLED["stories-absorb"]
    sizes = replace(model.sizes, vocabulary=300, length=16, hidden=32, blocks=1, heads=2)
    data = (bundled.Data(story.name, sha256(story)),)
    stages = Stage(TrainingConfig(steps=2, batch=2)), Stage(TrainingConfig(steps=3, batch=2))
    small = replace(model, data=data, valid=None, sizes=sizes, stages=stages)
    monkeypatch.setitem(BUNDLED, "stories-absorb", small)
    command = ["reproduce", "stories-absorb", tmp_path, "--out", tmp_path / "new", "--device", "cpu", "--json"]
    result = CliRunner().invoke(app, list(map(str, command)))
    assert result.exit_code == 0, result.output
    assert len(losses(result.stdout)) == 5
    first, last = (load(folder) for folder in (tmp_path / "new" / "stage-1", tmp_path / "new"))
    assert first.info.weights != last.info.weights
    assert last.info.facts["before that"].startswith("steps 2, tokens 64")
    again = CliRunner().invoke(app, list(map(str, command)))
    assert losses(again.stdout) == []
    card = (tmp_path / "new" / "README.md").read_text(encoding="utf-8")
    assert sha256(story) in card
    assert "training time" in card
    story.write_text("Another story.\n" * 500, encoding="utf-8")
    refused = CliRunner().invoke(app, list(map(str, command)))
    assert refused.exit_code == 2
    assert "stage-1 holds a run with other settings or texts" in " ".join(refused.output.split())


def test_reproduce_refuses_another_run_in_its_place_before_it_trains(
    tmp_path: Path, story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, out = BUNDLED["stories-absorb"], tmp_path / "new"
    sizes = replace(model.sizes, vocabulary=300, length=16, hidden=32, blocks=1, heads=2)
    data = (bundled.Data(story.name, sha256(story)),)
    stages = tuple(Stage(TrainingConfig(steps=steps, batch=2)) for steps in (2, 3))
    monkeypatch.setitem(BUNDLED, "stories-absorb", replace(model, data=data, valid=None, sizes=sizes, stages=stages))
    command = ["reproduce", "stories-absorb", str(tmp_path), "--out", str(out), "--device", "cpu", "--json"]
    assert CliRunner().invoke(app, command).exit_code == 0
    (out / "stage-1" / "training-state.pt").unlink()  # to save room
    assert losses(CliRunner().invoke(app, command).stdout) == []
    shutil.rmtree(out / "stage-1")
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2
    assert "was begun with a model that is not in" in " ".join(refused.output.split())
    other = replace(model, data=data, valid=None, sizes=sizes, stages=(stages[0], Stage(TrainingConfig(4, 2))))
    monkeypatch.setitem(BUNDLED, "stories-absorb", other)
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2
    assert "new holds a run with other settings" in " ".join(refused.output.split())
    assert not (out / "stage-1").exists()


def test_reproduce_has_a_teacher_write_what_is_not_at_hand(
    tmp_path: Path, story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, out = BUNDLED["stories-absorb"], tmp_path / "new"
    make_gguf(tmp_path / "judge.gguf", "llama")
    other, test = tmp_path / "valid.txt", tmp_path / "test.txt"
    for path in (other, test):
        path.write_text("The dragon slept on its hill.", encoding="utf-8")
    real, valid, kept = (bundled.Data(path.name, sha256(path)) for path in (story, other, test))
    more = bundled.Written("more.txt", "", (real,), valid, kept)
    first, last = Stage(TrainingConfig(steps=1, batch=2)), Stage(TrainingConfig(steps=1, batch=2), more=(more, real))
    sizes = replace(model.sizes, vocabulary=300, length=16, hidden=32, blocks=1, heads=2)
    monkeypatch.setitem(
        BUNDLED, "stories-absorb", replace(model, data=(real,), valid=valid, sizes=sizes, stages=(first, last))
    )
    monkeypatch.setattr(written_stories, "judge_file", lambda: tmp_path / "judge.gguf")
    monkeypatch.setattr(written_stories, "LESSON", TrainingConfig(2, 2, optimizer="adamw", short=0.0))
    asked: list[tuple[Path | None, list[Path] | None]] = []

    def writes(machine: Machine, writing: Writing, output: Output) -> None:
        asked.append((machine.model, writing.apart))
        writing.out.write_text(" ".join(reversed(STORY.split())), encoding="utf-8")

    monkeypatch.setattr(written_stories, "write_text", writes)
    command = list(map(str, ["reproduce", "stories-absorb", tmp_path, "--out", out, "--device", "cpu", "--json"]))
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert len(losses(result.stdout)) == 2 + 1 + 1
    by_teacher = sha256(out / "more.txt")
    card = (out / "README.md").read_text(encoding="utf-8")
    assert by_teacher in card
    assert "more.txt" not in (out / "stage-1" / "README.md").read_text(encoding="utf-8")
    assert losses(CliRunner().invoke(app, command).stdout) == []
    assert asked == [(out / "teacher", [other, test])]
    (out / "more.txt").unlink()
    monkeypatch.setattr(written_stories, "LESSON", TrainingConfig(3, 2, optimizer="adamw", short=0.0))
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2
    assert "teacher holds a run with other settings" in " ".join(refused.output.split())


def test_reproduce_refuses_a_folder_with_another_model_before_it_looks_for_data(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    result = CliRunner().invoke(app, ["reproduce", "stories-absorb", str(tmp_path), "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "holds a config.json already" in " ".join(result.output.split())


def test_reproduce_says_what_is_missing_or_other_than_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tinystories_train.txt").mkdir()
    with pytest.raises(UserError, match=r"holds no tinystories_train\.txt"):
        list(plans_of("stories-absorb", tmp_path, tmp_path, False, Machine(), Output(False)))
    with pytest.raises(UserError, match="choose one of: stories-absorb"):
        list(plans_of("poems", tmp_path, tmp_path, False, Machine(), Output(False)))
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "qm9.smi").write_text("CC\n", encoding="utf-8")
    (only,) = plans_of("molecules-absorb", tmp_path, tmp_path, False, Machine(), Output(False))
    assert (only.data, only.out) == ([tmp_path / "below" / "qm9.smi"], tmp_path)
    assert "not the file" in capsys.readouterr().err


def test_every_seed_holds_the_same_molecules_out(tmp_path: Path) -> None:
    smiles = tmp_path / "some.smi"
    smiles.write_text("\n".join("C" * (1 + n % 9) + "O" * (n // 9) for n in range(90)), encoding="utf-8")
    tokenizer = DOMAINS["molecules"].tokenizer(iter(()), 0)

    def parts(seed: int) -> list[list[list[int]]]:
        training = TrainingConfig(seed=seed)
        plan = Plan([smiles], None, tmp_path, Sizes("molecules", length=24), Recipe(), training)
        return [part.tolist() for part in split(plan, [smiles], tokenizer, 24)]

    train, held_out = parts(0)
    assert parts(1) == [train, held_out]
    assert len(train) + len(held_out) == 90
    assert not {*map(tuple, train)} & {*map(tuple, held_out)}


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_of_short_batches_that_is_none_is_refused(tmp_path: Path, story: Path, share: float) -> None:
    done = CliRunner().invoke(app, ["train", str(story), "--out", str(tmp_path / "model"), "--short", str(share)])
    assert done.exit_code != 0
    assert "--short must be a number from 0 to 1" in f"{done.output}{done.exception}"
    assert not (tmp_path / "model").exists()
