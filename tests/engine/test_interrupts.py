"""Ctrl+C at any moment, imports included, ends a command silently with exit code 130."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.cli import app
from engine.interrupts import INTERRUPTS, Interrupts
from tests.patience import PATIENCE

AT_EVENT = """
import os, signal, sys
from {module} import main

class Count:
    seen, wanted = 0, int(sys.argv.pop(1))

    def __call__(self, event, arguments):
        self.seen += 1
        if self.seen == self.wanted:
            os.kill(os.getpid(), signal.SIGINT)

count = Count()
sys.addaudithook(count)
try:
    main()
finally:
    if not count.wanted:
        print(count.seen, file=sys.stderr)
"""
"""A command that is sent SIGINT at an event that Python tells of: an import, a file that is opened, a call of C's."""
SEDD, STUDIO = "engine.cli", "sedd_studio.__main__"
MOMENTS = {"samplers": 14, "sample": 6, "--help": 8}
COMMANDS = (
    (SEDD, "samplers"),
    (SEDD, "sample", "--length=8", "--steps=2", "--model=molecules-absorb"),
    (STUDIO, "--help"),
)
"""One without torch and one with it; and the studio, until it has a window."""


def started(command: tuple[str, ...], event: int) -> subprocess.Popen[str]:
    """The command, which is interrupted at an event; 0: never."""
    module, *given = command
    words = [sys.executable, "-c", AT_EVENT.format(module=module), str(event), *given]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[1])
def test_an_interrupt_at_any_moment_ends_a_command_silently(command: tuple[str, ...]) -> None:
    whole = started(command, 0)
    _, said = whole.communicate(timeout=PATIENCE)
    assert whole.returncode == 0
    events = int(said.split()[-1])
    rng = random.Random(command[1])
    for _ in range(MOMENTS[command[1]] // 2):
        for process in [started(command, rng.randint(1, events * 9 // 10)) for _ in range(2)]:
            _, said = process.communicate(timeout=PATIENCE)
            assert (process.returncode, said) == (130, "")


def test_while_a_command_works_an_interrupt_is_raised_and_another_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(os, "_exit", end)
    answering = Interrupts()
    with pytest.raises(SystemExit, match="130"):
        answering.answer(signal.SIGINT, None)
    with answering, pytest.raises(KeyboardInterrupt):
        answering.answer(signal.SIGINT, sys._getframe())
    assert answering.seen
    with answering, pytest.raises(SystemExit, match="130"):
        answering.answer(signal.SIGINT, sys._getframe())


def test_what_a_library_makes_of_an_interrupt_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        monkeypatch.setattr(INTERRUPTS, "seen", True)
        raise RuntimeError("an odd error of a library")

    monkeypatch.setattr("engine.cli.verify.verify_samplers", interrupted)
    result = CliRunner().invoke(app, ["verify"])
    assert (result.exit_code, result.output) == (130, "")


def test_a_training_that_is_interrupted_has_said_before_that_it_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.cli.train.follow", interrupted)
    (tmp_path / "story.txt").write_text("Once upon a time. " * 100)
    given = ["--out", tmp_path / "out", "--vocabulary", 300, "--length", 8, "--hidden", 8, "--heads", 1]
    result = CliRunner().invoke(app, ["train", str(tmp_path / "story.txt"), *map(str, given)])
    assert result.exit_code == 130
    assert result.output.splitlines()[-1] == "Ctrl+C stops it; the same command goes on from the last save."
