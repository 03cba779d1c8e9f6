"""A run copied as a command or as Python makes the same tokens as the run itself did."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from engine.causal.causal_model import build_causal, save_causal
from engine.cli import app
from engine.language.prompts import parse_prompt
from engine.language.tokenizers import Tokenizer, train_tokenizer
from engine.models.own_layout import save
from engine.performing.engine import Engine
from engine.protocol import FREE, Frame, Generate, LoadModel, ModelLoaded, Started, Tokens, UserError, frozen
from engine.runs.trajectory import Origin
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from sedd_studio.record.settings import Settings
from sedd_studio.record.snippets import as_command, as_python
from sedd_studio.session.session import Session
from tests.sedd_studio.fake_engine import INFO
from tests.sedd_studio.windows import window_of

STORY = "Once upon a time there was a dragon. The dragon lived on a hill."
TOKENIZER: Tokenizer = train_tokenizer(iter([STORY] * 4), 280)
LENGTH = 24
PROMPT = parse_prompt("Once [9] the dragon [5].", TOKENIZER, LENGTH)
SPELT = frozen([*TOKENIZER.encode("d"), *TOKENIZER.encode("r"), *[FREE] * 9])
"""Tokens that the text they make is not cut into."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small model for each kind of noise."""
    made = {}
    for noise, extra in (("absorb", 1), ("uniform", 0)):
        torch.manual_seed(0)
        sizes = NetworkConfig(TOKENIZER.vocabulary + extra, LENGTH, hidden=16, blocks=1, heads=2, cond_dim=8)
        form = "posterior" if noise == "absorb" else "leave_one_out"
        diffusion = Diffusion(DiffusionConfig(sizes, noise, parametrisation=form))  # type: ignore[arg-type]
        torch.nn.init.normal_(diffusion.network.get_parameter("output_layer.linear.weight"), std=0.5)
        made[noise] = tmp_path_factory.mktemp(noise)
        save(made[noise], diffusion, TOKENIZER, "# Tiny", {})
    made["none"] = tmp_path_factory.mktemp("gpt")
    save_causal(made["none"], build_causal(TOKENIZER, LENGTH, 16, 1, 2), TOKENIZER, "# Tiny")
    return made


def performed(folder: Path, request: Generate) -> tuple[Origin, Tokens]:
    """The run by the engine itself."""
    engine, tokens = Engine(), np.empty((0, 0), np.int64)
    (loaded,) = engine.perform(0, LoadModel(str(folder), "cpu", "fp32"))
    assert isinstance(loaded, ModelLoaded)
    for event in engine.perform(1, request):
        match event:
            case Started():
                tokens = event.tokens.copy()
            case Frame():
                tokens[event.sample, event.position] = event.token
    return Origin(request, loaded.info, loaded.tokenizer, ""), tokens


REQUESTS = [
    ("absorb", Generate(PROMPT)),
    ("absorb", Generate(SPELT, steps=8)),
    ("absorb", Generate(PROMPT, 6, "trapezoidal", 5, 2, options=(("theta", 0.3),), spacing="cosine")),
    ("absorb", Generate(PROMPT, 3, "tweedie", 7, spacing=(1.0, 0.61, 0.3, 0.0), temperature=0.7, top_p=0.9)),
    ("absorb", Generate(PROMPT, 5, "tweedie", 4, 2, first_sample=3)),
    ("absorb", Generate(PROMPT, 5, limits=((2, 4, (30, 31, 99)), (6, 7, (40,))), seed=8)),
    ("absorb", Generate(PROMPT, 5, limits=((2, 4, ("a", '"I"')), (6, 7, (40,))), seed=8)),
    ("uniform", Generate(PROMPT, 5, limits=((2, 4, (30, 31, 99)),), seed=8)),
    ("absorb", Generate(PROMPT, 5, words=("dragon's hoard", "hill"), seed=2)),
    ("none", Generate(PROMPT, 14, seed=3, samples=2, top_p=0.9)),
    ("uniform", Generate(PROMPT, 5, "gibbs", options=(("corrections", 2),), locking="gibbs", seed=3)),
]


@pytest.mark.parametrize(("noise", "request_"), REQUESTS)
def test_the_command_makes_the_same_tokens(noise: str, request_: Generate, folders: dict[str, Path]) -> None:
    origin, tokens = performed(folders[noise], request_)
    words = shlex.split(as_command(origin))
    assert words[0] == "sedd"
    result = CliRunner().invoke(app, [*words[1:], "--json"])
    assert result.exit_code == 0, result.output
    assert [json.loads(line)["tokens"] for line in result.stdout.splitlines()] == tokens.tolist()


@pytest.mark.parametrize(("noise", "request_"), REQUESTS)
def test_the_program_makes_the_same_tokens(
    noise: str, request_: Generate, folders: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    origin, tokens = performed(folders[noise], request_)
    names: dict[str, Any] = {}
    exec(as_python(origin), names)
    np.testing.assert_array_equal(names["tokens"], tokens)
    assert TOKENIZER.decode(tokens[0].tolist()) in capsys.readouterr().out


def test_a_run_that_went_on_from_a_step_is_said_in_python_only(folders: dict[str, Path]) -> None:
    begun = Generate(PROMPT, 6, "tweedie", 4)
    _, tokens = performed(folders["absorb"], begun)
    middle = np.where(np.arange(len(PROMPT)) < 12, tokens, np.where(PROMPT == FREE, FREE, tokens))
    request = Generate(PROMPT, 6, "tweedie", 4, start=frozen(middle), first_step=3)
    origin, after = performed(folders["absorb"], request)
    with pytest.raises(UserError, match="copy it as Python"):
        as_command(origin)
    names: dict[str, Any] = {}
    exec(as_python(origin), names)
    np.testing.assert_array_equal(names["tokens"], after)


def test_text_is_written_as_text_where_it_is_cut_the_same_again() -> None:
    info = INFO
    command = as_command(Origin(Generate(PROMPT, 8, seed=3), info, TOKENIZER, ""))
    assert "--text 'Once [9] the dragon [5].' --steps 8 --sampler auto --seed 3 --samples 1 --model tiny" in command
    assert "--tokens" in as_command(Origin(Generate(SPELT), info, TOKENIZER, ""))


def test_both_are_copied_by_commands_of_the_window(session: Session, settings: Settings, qtbot: QtBot) -> None:
    from sedd_studio.session.state import RunState

    window = window_of(session, settings, qtbot)
    assert not window.actions_by_name["copy_command"].isEnabled()
    session.form.set(steps=6, seed=11)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE)
    window.actions_by_name["copy_command"].trigger()
    assert QGuiApplication.clipboard().text().startswith("sedd infill --text 'Once upon a time [8] One day")
    window.actions_by_name["copy_python"].trigger()
    assert "seed=11" in QGuiApplication.clipboard().text()
