"""Runs of `sedd sample` and `sedd infill` that are kept as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from engine.cli import app
from engine.language.tokenizers import train_tokenizer
from engine.runs.runfile import open_run
from tests.engine.test_cli_beside import TEXTS, model
from tests.strict import strict


@pytest.fixture(scope="module", params=["absorb", "uniform"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of each noise."""
    made: Path = tmp_path_factory.mktemp("recording") / "tiny"
    model(made, train_tokenizer(iter(TEXTS * 4), 290), request.param)
    return made


def sedd(folder: Path, *given: object) -> Result:
    shared = ("--model", folder, "--device", "cpu", "--steps", 5, "--seed", 3)
    return CliRunner().invoke(app, [str(each) for each in (*given, *shared)])


@pytest.mark.parametrize("asked", [("sample", "--length", 9), ("infill", "--text", "The dragon [3] on a hill")])
def test_a_run_is_kept_whole_with_what_makes_it_again(folder: Path, tmp_path: Path, asked: tuple[object, ...]) -> None:
    kept = tmp_path / "run.sedd"
    result = sedd(folder, *asked, "--samples", 2, "--first-sample", 4, "--save", kept, "--json")
    assert result.exit_code == 0, result.output
    rows: list[dict[str, Any]] = [strict(line) for line in result.stdout.splitlines()]
    run = open_run(kept)
    assert [run.at(run.recorded, sample)[0].tolist() for sample in range(2)] == [row["tokens"] for row in rows]
    assert (run.steps, run.recorded, run.under_way) == (5, 5, False)
    assert run.result is not None
    assert run.result.calls == rows[0]["calls"]
    assert run.origin is not None
    request = run.origin.request
    assert (request.seed, request.samples, request.first_sample) == (3, 2, 4)
    assert len(run.origin.info.weights) == 64
    assert np.array_equal(request.tokens >= 0, run.locked)
    assert f"The run is in {kept}" in " ".join(sedd(folder, *asked, "--save", kept).stdout.split())


def test_a_place_that_takes_no_run_is_named_before_there_is_one(folder: Path, tmp_path: Path) -> None:
    for kept, said in (
        (tmp_path / "gone" / "run.sedd", "run.sedd cannot be used"),
        (tmp_path / "run.json", "run.sedd"),
    ):
        result = sedd(folder, "sample", "--save", kept)
        assert result.exit_code == 2
        assert said in "".join(result.output.splitlines())
    assert not list(tmp_path.iterdir())
