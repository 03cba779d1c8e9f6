"""What the panels show of a real engine is what the command line prints for the same request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from engine.causal.causal_model import build_causal, save_causal
from engine.cli import app
from sedd_studio.background.reader import Reader
from sedd_studio.background.runner import Runner
from sedd_studio.record.settings import SETTINGS, Settings
from sedd_studio.session.compare_kinds import BUDGETS
from sedd_studio.session.session import Session
from sedd_studio.session.state import RunState
from sedd_studio.window.main_window import MainWindow
from tests.sedd_studio.test_steering import LENGTH, TOKENIZER, model
from tests.sedd_studio.windows import window_of

LEFT = Qt.MouseButton.LeftButton
PROMPT = "Once[9] the dragon[5]."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a small model and a judge of the same tokenizer."""
    model(tmp_path, "absorb")
    save_causal(tmp_path / "judge", build_causal(TOKENIZER, LENGTH, 16, 1, 2), TOKENIZER, "# Judge\n")
    return tmp_path


@pytest.fixture
def window(folder: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window with the small model and a prompt."""
    settings = Settings(folder / "settings.json")
    settings.set("device", "cpu")
    settings.set("precision", "fp32")
    session = Session(Runner(), Reader(), settings)
    window = window_of(session, settings, qtbot)
    window.services.comparison.choice.judge = window.services.scorer.writer = str(folder / "judge")
    session.models.open(folder / "absorb")
    qtbot.waitUntil(lambda: session.models.ready)
    session.editor.set_prompt(PROMPT)
    session.form.set(steps=6, seed=4, sampler="tweedie")
    yield window
    session.shutdown()


def printed(folder: Path, command: str, *arguments: object, model: str = "absorb") -> list[dict[str, Any]]:
    """What a command prints of the small model, or of the other one."""
    given = (*arguments, "--model", folder / model, "--device", "cpu", "--precision", "fp32", "--json")
    result = CliRunner().invoke(app, [command, *map(str, given)])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_pane_says_what_compare_prints(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    window.show_panel("compare")
    window.panel("compare").samples.setValue(4)
    QTest.mouseClick(window.panel("compare").start, LEFT)
    panes = window.services.comparison.panes
    qtbot.waitUntil(lambda: len(panes) == len(BUDGETS) and all(pane.verdict for pane in panes))
    budgets = ",".join(map(str, BUDGETS))
    drawn = ("--sampler", "tweedie", "--top-p", SETTINGS["top_p"].default)
    how = (*drawn, "--samples", 4, "--seed", 4, "--judge", folder / "judge")
    rows = printed(folder, "compare", "--text", PROMPT, "--steps", budgets, *how)
    for pane, row in zip(panes, rows, strict=True):
        assert pane.verdict is not None
        assert pane.verdict.perplexity == pytest.approx(row["perplexity_by_token"], rel=1e-12)
        assert pane.verdict.error == pytest.approx(row["perplexity_by_token_error"], rel=1e-12)
        assert pane.verdict.entropy == pytest.approx(row["entropy"], rel=1e-12)
        assert pane.calls == row["calls"]


def test_the_bound_of_a_fill_given_the_locked_words_is_what_score_prints(
    window: MainWindow, folder: Path, qtbot: QtBot
) -> None:
    session = window.session
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.state is RunState.DONE and not session.playhead.playing)
    session.editor.set_prompt("Once upon a time there was a dragon.")
    parts = "Once[[ upon a time]] there was[[ a dragon]]."
    given = parts.replace("[[", "|").replace("]]", "|").split("|")
    start, locked = 0, list[int]()
    for number, part in enumerate(given):
        count = len(TOKENIZER.encode(part))
        locked += range(start, start + count) if number % 2 == 0 else []
        start += count
    tokens = [token for part in given for token in TOKENIZER.encode(part)]
    assert tokens == session.view.canvas().tokens.tolist()
    session.editor.unlock_all()
    session.editor.set_locked(locked, True)
    window.panel("likelihood").given.setChecked(True)
    window.show_panel("likelihood")
    QTest.mouseClick(window.panel("likelihood").start, LEFT)
    qtbot.waitUntil(lambda: bool(window.services.scorer.points) and not window.services.scorer.scoring)
    (row,) = printed(folder, "score", "--text", parts, "--goal", window.panel("likelihood").precision.currentData())
    last = window.services.scorer.points[-1]
    assert last.nats == pytest.approx(row["nats_per_token"], rel=1e-12)
    assert last.standard_error == pytest.approx(row["nats_per_token_standard_error"], rel=1e-12)
    assert window.panel("likelihood").values["nats_per_token"].text() == (
        f"<= {row['nats_per_token']:.3f} ± {row['nats_per_token_interval'][1] - row['nats_per_token']:.3f}"
    )


def test_the_exact_value_beside_the_bound_is_what_baseline_prints(
    window: MainWindow, folder: Path, qtbot: QtBot
) -> None:
    text = "Once upon a time there was a dragon."
    window.session.editor.set_prompt(text)
    window.session.editor.unlock_all()
    window.show_panel("likelihood")
    QTest.mouseClick(window.panel("likelihood").start, LEFT)
    qtbot.waitUntil(lambda: window.services.scorer.exact is not None and not window.services.scorer.scoring)
    (row,) = printed(folder, "baseline", "--text", text, model="judge")
    assert window.services.scorer.exact is not None
    assert window.services.scorer.exact.nats.mean() == pytest.approx(row["nats_per_token"], rel=1e-12)
    assert window.panel("likelihood").exact["bits_per_byte"].text() == f"{row['bits_per_byte']:.3f}"
