"""What would not fit, into memory or into time, is refused before it is begun, with the numbers."""

from __future__ import annotations

import re
import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.main import get_command
from typer.testing import CliRunner, Result

from engine import estimates
from engine.causal.causal_model import CausalModel, build_causal, save_causal
from engine.cli import app
from engine.estimates import GIB, Shape, free_in_groups, free_in_system, require, running, scoring, training
from engine.language.tokenizers import train_tokenizer
from engine.models.own_layout import save
from engine.performing.engine import Engine
from engine.protocol import Failed, Judge, LoadModel, Weigh, frozen
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig

LENGTH, CORES = 16, 2
STORY = "Once upon a time there was a dragon. " * 40
NETWORK = "--hidden=16384", "--blocks=512", "--heads=64", "--length=65536", "--batch=65536"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A diffusion model "model" and an autoregressive one "judge" with the same tokenizer, and a text."""
    place = tmp_path_factory.mktemp("models")
    tokenizer = train_tokenizer(iter([STORY]), 300)
    network = NetworkConfig(states=tokenizer.vocabulary + 1, length=LENGTH, hidden=16, blocks=1, heads=2, cond_dim=8)
    save(place / "model", Diffusion(DiffusionConfig(network, parametrisation="posterior")), tokenizer, "")
    save_causal(place / "judge", build_causal(tokenizer, LENGTH, 16, 1, 2), tokenizer, "")
    (place / "text.txt").write_text(STORY, encoding="utf-8")
    (place / "qm9.smi").write_text("CC\n" * 900, encoding="utf-8")
    return place


def sedd(folder: Path, command: str) -> Result:
    words = command.format(model=folder / "model", judge=folder / "judge", text=folder / "text.txt", place=folder)
    return CliRunner().invoke(app, words.split())


def full(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Memory is full from the `number`th time on that it is asked for."""
    asked = iter(range(1000))
    monkeypatch.setattr(estimates, "free", lambda device: 2**50 if next(asked) < number else 0)


@pytest.mark.parametrize(
    ("command", "fitting", "what"),
    [
        ("info --model={model}", 0, "The model in"),
        ("info --model={judge}", 0, "The model in"),
        ("sample --model={model} --device=cpu", 2, "This run"),
        ("sample --model={judge}", 1, "This run"),
        ("score --text=dragon --model={model} --device=cpu", 2, "This score"),
        ("score --text=dragon --model={judge}", 1, "This score"),
        ("compare --samples=1 --model={model} --judge={judge} --device=cpu", 2, "The model in"),
        ("compare --samples=1 --model={model} --judge={judge} --device=cpu", 3, "Judging by judge"),
        ("infilling {text} --samples=1 --model={model} --beside={judge} --device=cpu", 4, "Judging by judge"),
        ("infilling {text} --samples=1 --model={model} --beside={judge} --device=cpu", 5, "This run"),
        ("baseline {text} --model={judge}", 0, "The model in"),
        ("train {text} --out={place}/new --device=cpu", 0, "Training"),
        ("train {text} --out={place}/on --model={model} --device=cpu", 2, "Training"),
        ("adapt {judge} {text} --out={place}/on --device=cpu", 1, "Training"),
        ("reproduce molecules-absorb {place} --out={place}/new --device=cpu", 0, "Training"),
    ],
)
def test_what_does_not_fit_into_memory_is_refused_with_both_numbers(
    command: str, fitting: int, what: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full(monkeypatch, fitting)
    result = sedd(folder, command)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith(what)
    assert re.search(r" needs about \d\.\d GiB of memory, and 0\.0 GiB are free; .*\.$", result.stderr)
    takes: Any = get_command(app)
    options = {option for parameter in takes.commands[command.partition(" ")[0]].params for option in parameter.opts}
    assert set(re.findall(r"--[a-z-]+", result.stderr)) <= options, "what it advises can be done"
    assert not (folder / "new").exists()
    assert not (folder / "on" / "config.json").exists()


@pytest.mark.parametrize(
    "command",
    [
        "sample --model={model}",
        "sample --model={judge}",
        "score --text=dragon --model={model}",
        "compare --model={model} --judge={judge}",
        "train {text} --out={place}/new",
    ],
)
def test_what_would_take_longer_than_a_month_is_refused_with_the_numbers(
    command: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimates, "RATES", {"cpu": 1e-3, "cuda": 1e-3})
    result = sedd(folder, command)
    assert result.exit_code == 2, result.output
    assert "days at least, more than the 30 that are allowed" in result.stderr
    assert not (folder / "new").exists()


@pytest.mark.parametrize(
    "sizes", [NETWORK[:2], (*NETWORK[2:4], "--hidden=12800"), NETWORK, ("--steps=1000000000", "--hidden=640")]
)
def test_sizes_of_training_that_no_machine_has_are_refused_before_a_tokenizer_is_learned(
    sizes: tuple[str, ...], folder: Path
) -> None:
    result = sedd(folder, f"train {{text}} --out={{place}}/new --heads=64 {' '.join(sizes)}")
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("Training ")
    assert not (folder / "new").exists()


def test_a_judge_beside_the_model_is_asked_whether_it_fits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, judge = Engine(), str(folder / "judge")
    list(engine.perform(0, LoadModel(str(folder / "model"), "cpu", "fp32")))
    for request in (Weigh(judge, frozen([1, 2, 3])), Judge(judge, ("a dragon",), ((1, 2),))):
        full(monkeypatch, 0 if isinstance(request, Judge) else 1)
        (failed,) = engine.perform(0, request)
        assert isinstance(failed, Failed)
        assert failed.headline.startswith("Judging by judge needs about")


def test_where_memory_is_not_known_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    require(2**60, "This", "mps")
    monkeypatch.setattr("engine.estimates.sys.platform", "win32")
    require(2**60, "This")


def test_the_sizes_of_a_network_are_read_from_its_configuration(folder: Path) -> None:
    shape = Shape.of(CausalModel.load(folder / "judge", "cpu", "fp32").network)
    assert (shape.hidden, shape.blocks, shape.heads) == (16, 1, 2)
    diffusion = Diffusion(DiffusionConfig(NetworkConfig(9, 4, 8, 3, 2), parametrisation="posterior"))
    assert Shape.of(diffusion.network) == Shape(diffusion.network.parameter_count, 8, 3, 2, 9)


def test_estimates_grow_as_the_formulas_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: CORES)
    shape = Shape(10**6, 128, 4, 4, 2048)
    kept = estimates.KEPT
    laws = CORES * 4 * 128 * 2048 * (3 + 10)  # fewer than 2^19 numbers
    assert running(shape, 1, 256, False) == kept + 256 * (72 * 128 + 4 * 128 + 64) + laws
    wide = Shape(10**6, 128, 4, 4, 50_000)
    laws = CORES * 4 * (3 * 128 * 50_000 + 24 * estimates.FEW_LAWS)
    assert running(wide, 1, 1024, True) == kept + 1024 * (72 * 128 + 4 * 128 + 64) + laws
    assert running(wide, 1, 100, True) == kept + 100 * (76 * 128 + 64) + 4 * (300 * 50_000 + 24 * estimates.FEW_LAWS)
    assert running(shape, 9, 256, True) - running(shape, 1, 256, True) == 8 * 256 * (4 * 128 + 64)
    assert running(shape, 1, 256, True, patterned=True) - running(shape, 1, 256, True) == 256 * 32 * 2048
    elsewhere = [running(shape, samples, 256, False, "cuda") for samples in (1, 100, 1000)]
    assert elsewhere[0] == kept + 256 * (76 * 128 + 64 + 20 * 2048)
    assert elsewhere[2] - elsewhere[1] < 1000 * 256 * (76 * 128 + 64) + 20 * estimates.LARGEST_LAWS
    assert scoring(shape, 99, 256, 2**20) == kept + 2 * 256 * (112 * 128 + 20 * 2048)
    assert scoring(shape, 99, 256, 2**20, 10**5) == kept + 2 * 256 * 72 * 128 + 32 * 10**5
    assert scoring(shape, 1, 2, 2**20, 10**5) == kept + 2 * (72 * 128 + 32 * 2048)
    assert training(shape, 2, 256, True) - training(shape, 1, 256, True) == 256 * (
        4 * (68 * 128 + 12 * 4 * 256) + 12 * 2048
    )
    assert training(shape, 2, 256, False) - training(shape, 2, 256, True) == 4 * 10**6


def test_memory_is_what_the_system_the_limits_and_every_control_group_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 99 kB\nMemAvailable: 50 kB\nSwapFree: 7 kB\n", encoding="utf-8")
    assert free_in_system(meminfo) == 57 * 1024
    assert free_in_system(tmp_path / "nowhere") is None

    monkeypatch.setattr("resource.getrlimit", lambda kind: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert estimates.free_in_limits() is None
    (statm := tmp_path / "statm").write_text("100 7 7 7 7 7 7", encoding="utf-8")
    monkeypatch.setattr("resource.getrlimit", lambda kind: (103 * resource.getpagesize(), -1))
    assert estimates.free_in_limits(statm) == 3 * resource.getpagesize()
    monkeypatch.setattr("resource.getrlimit", lambda kind: (99 * resource.getpagesize(), -1))
    assert estimates.free_in_limits(statm) == 0

    files = {
        "outer/memory.max": "4000",
        "outer/memory.current": "3500",
        "outer/memory.stat": "anon 1\nactive_file 100\ninactive_file 900\n",
        "outer/inner/memory.max": "max",
        "outer/inner/memory.current": "10",
        "memory/old/memory.limit_in_bytes": "5000",
        "memory/old/memory.usage_in_bytes": "4000",
        "memory/memory.limit_in_bytes": str(2**63 - 4096),
        "memory/memory.usage_in_bytes": "1",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n", encoding="utf-8")
    groups = tmp_path / "cgroup"
    groups.write_text("4:memory:/old\n3:cpu,cpuacct:/other\n0::/outer/inner\n", encoding="utf-8")
    assert [left for left in free_in_groups(groups, tmp_path) if left is not None] == [1000, 1500]
    assert free_in_groups(tmp_path / "nowhere", tmp_path) == ()


def test_this_machine_has_memory_for_something() -> None:
    require(GIB // 1024, "A megabyte")
    require(int(np.prod([2, 2])), "A small array", torch.device("cpu"))
