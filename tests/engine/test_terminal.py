"""What a file brings along is seen on the terminal, and nothing of it is obeyed: no escape sequence, no markup."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from rich.table import Table
from rich.text import Text
from typer.testing import CliRunner

from engine.cli import app
from engine.cli.output import Output, print_error
from engine.language.tokenizers import symbol_tokenizer
from engine.models.own_layout import save
from engine.plain_text import plain, plain_facts, plain_line
from engine.protocol import UserError
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\x08\x7f\r\u202e"
OBEYED = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SYMBOLS = ["\x1b[2J", "[red]", "\x07", "\x9b", "\r", "\u202e", "a"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model whose name, facts and tokens are what a terminal would obey."""
    torch.manual_seed(0)
    tokenizer = symbol_tokenizer(SYMBOLS)
    sizes = NetworkConfig(states=tokenizer.vocabulary + 1, length=16, hidden=16, blocks=1, heads=2, cond_dim=8)
    diffusion = Diffusion(DiffusionConfig(sizes, parametrisation="posterior", time_free=True))
    folder = tmp_path / f"name{ESCAPES}[red]x"
    save(folder, diffusion, tokenizer, "", {f"fact{ESCAPES}": f"[red]{ESCAPES}\nname: forged", "domain": ESCAPES})
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ["info"],
        ["info", "--json"],
        ["sample", "--length", "12", "--steps", "2", "--samples", "3"],
        ["sample", "--length", "12", "--steps", "2", "--json"],
        ["infill", "--text", "a[4]a", "--steps", "2"],
        ["score", "--text", "aaaa", "--tokens", "--draws", "1"],
        ["score", "--text", "zz\x1b[2J"],
        ["compare", "--steps", "1,2", "--samples", "2", "--length", "8"],
        ["evaluate", "--steps", "1", "--samples", "2", "--length", "8"],
        ["baseline", "--text", "a"],
        ["write", "--out", "w.txt"],
    ],
)
def test_no_command_passes_on_what_a_terminal_obeys(model: Path, command: list[str]) -> None:
    result = CliRunner().invoke(app, [command[0], "--model", str(model), *command[1:]])
    assert result.exit_code in (0, 2), result.output
    assert not OBEYED.search(result.output.replace("\n", ""))
    assert "forged" not in "".join(line for line in result.output.splitlines() if line.startswith("name: "))


def test_markup_in_a_text_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    output, table = Output(), Table("[bold]head[/bold]")
    table.add_row("[red]cell[/nothing] :smile:")
    output.table(table)
    output.line("[link=x]line[/]")
    output.line(Text(f"styled {ESCAPES}", "bold"))
    output.note(f"[blink]{ESCAPES}")
    print_error(UserError(f"[red]wrong{ESCAPES}\nsecond"))
    printed = capsys.readouterr()
    for text in ("[bold]head[/bold]", "[red]cell[/nothing] :smile:", "[link=x]line[/]"):
        assert text in printed.out
    assert "[blink]" in printed.err
    assert len(printed.err.splitlines()) == 2
    assert not OBEYED.search((printed.out + printed.err).replace("\n", ""))


def test_plain_text_is_as_long_and_ordinary_text_stays() -> None:
    assert len(plain(ESCAPES)) == len(ESCAPES)
    assert not OBEYED.search(plain(ESCAPES))
    for text in ("a\tb\nc", "naïve 你好 \u200f\u05d0", "🦊\u200d"):
        assert plain(text) == text
    json.dumps(plain("\ud800")).encode()
    plain("\ud800").encode()


def test_facts_are_short_lines() -> None:
    facts = plain_facts({"\x1b": "x" * 10**6, "lines": "a\n b\r\n", **{f"{k}": k for k in range(1000)}})
    assert len(facts) == 100
    assert max(map(len, facts.values())) == 1_000
    assert facts["lines"] == "a b"
    assert plain_line("a  b", 3) == "a b"


@pytest.mark.parametrize(
    "command",
    [
        [f"--{ESCAPES}"],
        [ESCAPES],
        ["sample", f"--{ESCAPES}"],
        ["sample", f"--steps={ESCAPES}"],
        ["sample", "--steps", "4", ESCAPES],
        ["score", "text", f"--per={ESCAPES}"],
        ["samplers", f"--json={ESCAPES}"],
        ["train", "text", "--out", ESCAPES, f"--kind={ESCAPES}"],
    ],
)
def test_arguments_that_cannot_be_used_are_told_as_plain_text(command: list[str]) -> None:
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert not OBEYED.search(result.output.replace("\n", ""))
