"""A folder with code wherever code can stand: nothing of it runs, nothing is asked, and a sentence says why."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from engine.causal.causal_model import CausalModel
from engine.cli import app
from engine.performing.engine import Engine
from engine.protocol import Failed, LoadModel, ModelLoaded, UserError
from tests.hostile.ggufs import gguf
from tests.hostile.traps import OPENED, REFUSED, TEXTS, Bomb, causal_folder

GOLDEN = Path(__file__).parents[1] / "golden"
RUN_CODE = "a: !!python/object/apply:os.system ['touch {canary}']"


class Asked(io.StringIO):
    """Standard input that must not be read."""

    def read(self, size: int | None = -1, /) -> str:
        raise AssertionError("standard input was read")

    readline = read  # type: ignore[assignment]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return causal_folder(tmp_path_factory.mktemp("causal") / "judge")


@pytest.fixture
def folder(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A causal model that must not run anything; where it lies is where modules are looked for, too."""
    monkeypatch.setattr(sys, "stdin", Asked())
    copy = Path(shutil.copytree(whole, tmp_path / "judge"))
    monkeypatch.chdir(copy)
    yield copy
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("trap", REFUSED)
def test_a_folder_that_asks_for_code_is_refused_in_silence(
    folder: Path, trap: str, capfd: pytest.CaptureFixture[str]
) -> None:
    REFUSED[trap](folder, folder.parent / "canary")
    with pytest.raises(UserError, match=r"was not opened|open that|in full|known here") as error:
        CausalModel.load(folder, "cpu", "fp32")
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("trap", OPENED)
def test_code_where_nothing_is_looked_for_is_passed_over(folder: Path, trap: str) -> None:
    OPENED[trap](folder, folder.parent / "canary")
    model = CausalModel.load(folder, "cpu", "fp32")
    model.text_nats(TEXTS)


def test_a_text_on_which_the_tokenizer_panics_is_answered_in_a_sentence(folder: Path) -> None:
    described = json.loads((folder / "tokenizer.json").read_text())
    panics = {"type": "Split", "pattern": {"Regex": r"q(\w|\w)*!"}, "behavior": "Isolated", "invert": False}
    described["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [panics, described["pre_tokenizer"]]}
    (folder / "tokenizer.json").write_text(json.dumps(described))
    model = CausalModel.load(folder, "cpu", "fp32")
    assert [len(nats) for nats in model.text_nats(TEXTS)]
    for ask in (model.text_nats, model.features):
        with pytest.raises(UserError, match="cannot read this text"):
            ask([f"{'q' * 50} !"])


def commands(folder: Path, text: Path, out: Path) -> dict[str, list[object]]:
    """Every command that opens a folder."""
    story = Path(__file__).parents[2] / "assets" / "stories-absorb"
    quick = ["--steps", 1, "--samples", 1]
    small = ["--steps", 1, "--batch", 1, "--length", 8, "--hidden", 8, "--heads", 2, "--blocks", 1]
    return {
        "info": ["info", folder],
        "sample": ["sample", "--model", folder, "--length", 8, *quick],
        "infill": ["infill", "--model", folder, "--text", "a [2] b", *quick],
        "score": ["score", text, "--model", folder, "--draws", 1],
        "compare": ["compare", "--model", story, "--judge", folder, "--steps", "1", "--samples", 1, "--length", 8],
        "compare models": ["compare", "--text", "a", "--model", folder, "--beside", folder, "--steps", "1"],
        "influence": ["influence", "a [2] b", "--model", folder],
        "typo": ["typo", "a word", "--model", folder, *quick],
        "evaluate": ["evaluate", "--model", story, "--judge", folder, "--length", 8, *quick],
        "infilling": ["infilling", text, "--model", story, "--beside", folder, *quick],
        "infilling judged": ["infilling", text, "--model", story, "--judge", folder, *quick],
        "baseline judged": ["baseline", "--samples", 1, "--judge", folder],
        "baseline": ["baseline", text, "--model", folder],
        "write": ["write", "--model", folder, "--out", out / "w.txt", "--tokens", 1, "--batch", 1, "--length", 4],
        "train": ["train", text, "--out", out / "t", "--model", folder, "--kind", "causal", *small],
        "train gpt": ["train", text, "--out", out / "g", "--model", folder, "--kind", "gpt", *small],
        "train diffusion": ["train", text, "--out", out / "d", "--model", folder, *small],
        "adapt": ["adapt", folder, text, "--out", out / "a", "--steps", 1, "--batch", 1, "--length", 8],
        "adapt gguf": ["adapt", folder / "model.gguf", text, "--out", out / "b", "--steps", 1],
        "judge": ["judge", "--out", out / "j", "--file", folder / "model.gguf"],
        "reproduce": ["reproduce", "stories-absorb", folder, "--out", out / "r"],
        "tokenizer": ["train", text, "--out", out / "k", "--tokenizer", folder, *small],
    }


@pytest.mark.parametrize("trap", ["own_model", "own_tokenizer", "pickled"])
def test_no_command_runs_it(folder: Path, tmp_path: Path, trap: str) -> None:
    for each in OPENED.values():
        each(folder, tmp_path / "canary")
    REFUSED[trap](folder, tmp_path / "canary")
    (folder / "model.gguf").write_bytes(gguf()[0])
    (tmp_path / "text.txt").write_text(" ".join(TEXTS * 20))
    for name, arguments in commands(folder, tmp_path / "text.txt", tmp_path).items():
        result = CliRunner().invoke(app, list(map(str, arguments)))
        assert not (tmp_path / "canary").exists(), name
        assert result.exit_code in (0, 2), (name, result.output)
        assert "Traceback" not in result.output, name
        assert result.exit_code == 2 or name == "tokenizer", name


@pytest.mark.parametrize("trap", [*REFUSED, *OPENED])
def test_the_engine_opens_or_refuses_it(folder: Path, trap: str) -> None:
    (REFUSED | OPENED)[trap](folder, folder.parent / "canary")
    (event,) = Engine().perform(1, LoadModel(str(folder), "cpu", "fp32"))
    assert isinstance(event, Failed if trap in REFUSED else ModelLoaded)
    assert not isinstance(event, Failed) or not event.detail


def test_the_other_layouts_run_nothing_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = tmp_path / "canary"
    for name in ("absorb-loglinear", "absorb-training-run"):
        place = Path(shutil.copytree(GOLDEN / name, tmp_path / name))
        monkeypatch.chdir(place)
        if (place / "config.json").exists():
            (place / "model.safetensors").unlink()
            torch.save({"x": Bomb(canary)}, place / "pytorch_model.bin")
        else:
            torch.save({"model": Bomb(canary)}, place / "checkpoints-meta" / "checkpoint.pth")
        (event,) = Engine().perform(1, LoadModel(str(place), "cpu", "fp32"))
        assert isinstance(event, Failed)
        assert "asks to run code" in event.headline
    (place / ".hydra" / "config.yaml").write_text(RUN_CODE.format(canary=canary))
    (event,) = Engine().perform(1, LoadModel(str(place), "cpu", "fp32"))
    assert isinstance(event, Failed)
    assert "holds more than entries, lists, texts and numbers" in event.headline
    assert not canary.exists()


def test_parts_that_an_index_names_are_read(folder: Path) -> None:
    before = CausalModel.load(folder, "cpu", "fp32").text_nats(TEXTS)
    (folder / "model.safetensors").rename(folder / "part.safetensors")
    index = {"weight_map": {"transformer.wte.weight": "part.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    after = CausalModel.load(folder, "cpu", "fp32").text_nats(TEXTS)
    assert [nats.tolist() for nats in before] == [nats.tolist() for nats in after]
    index["weight_map"] = {"transformer.wte.weight": "../part.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match="names weights that are not there"):
        CausalModel.load(folder, "cpu", "fp32")
