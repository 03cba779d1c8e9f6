"""What an extra brings is missing: a sentence says how to install it, and all else goes on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.bundled_models import DEFAULT_JUDGE
from engine.cli import app
from engine.performing.engine import Engine
from engine.protocol import Failed, LoadModel

IMPORTERS = {
    "accelerate": (
        "cli.evaluate",
        "cli.baseline",
        "cli.bundled",
        "cli.train",
        "training.trainer",
        "training.processes",
    ),
    "transformers": ("cli.evaluate", "cli.baseline", "causal.causal_model"),
}
"""Modules of the engine that cannot be imported without a library."""


@pytest.fixture(params=IMPORTERS)
def missing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A library that is not installed."""
    library: str = request.param
    monkeypatch.setitem(sys.modules, library, None)
    for module in IMPORTERS[library]:
        monkeypatch.delitem(sys.modules, f"engine.{module}", raising=False)
    return library


def only(library: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("missing", [library], indirect=True)


def refusal(*arguments: str) -> str:
    """The sentence of a command that is refused."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2, result.output
    return " ".join(result.stderr.split())


@only("transformers")
@pytest.mark.usefixtures("missing")
def test_an_autoregressive_model_names_its_extra() -> None:
    (event,) = Engine().perform(1, LoadModel(str(DEFAULT_JUDGE), "cpu", "auto"))
    assert isinstance(event, Failed)
    assert event.headline == (
        'Autoregressive models need transformers, which is not installed; run: pip install "sedd-studio[causal]"'
    )
    assert 'pip install "sedd-studio[causal]"' in refusal("baseline", "--text", "Once upon a time")


@only("accelerate")
@pytest.mark.usefixtures("missing")
def test_training_names_its_extra(tmp_path: Path) -> None:
    assert refusal("train", str(tmp_path), "--out", str(tmp_path / "model")).endswith(
        "Training and measuring many samples need accelerate, which is not installed; "
        'run: pip install "sedd-studio[train]"'
    )
