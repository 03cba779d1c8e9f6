"""What people write, as kinds of files: prompts, patterns, banned words, records of every domain, command lines."""

from __future__ import annotations

import contextlib
import json
import os
import random
import tempfile
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch
import typer
from typer.testing import CliRunner

from engine.bundled_models import ASSETS
from engine.cli import app
from engine.language.documents import LeftOut
from engine.language.domains import DOMAINS, TEXT
from engine.language.patterns import Pattern
from engine.language.prompts import format_prompt, parse_ids, parse_parts, parse_prompt
from engine.language.tokenizers import Tokenizer, find_tokenizer, train_tokenizer
from engine.models.own_layout import save
from engine.protocol import FREE, UserError
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from tests.hostile.damage import TEXTS
from tests.hostile.traps import causal_folder

LENGTH = 128
PROMPTS = (
    "Once upon a time [24] the dragon ____ lived <|endoftext|> [3]",
    r"items\[3] cost \____ and [[ parts ]] of \\[2] it, [[two]]\]] \[[words",
    "17 254 [24] 9",
)
PATTERNS = (
    r"(Once|One day) [a-z]+(, [a-z]{2,5})*\. The \w+ was [^.!?]{1,20}[.!?]",
    r"(?i:a|b*)+?\d{3,}[\w\s]{0,4}.*x?$",
)
PIECES = (
    "(",
    ")",
    "[",
    "]",
    "{9}",
    "{2,}",
    "{1,40}",
    "*",
    "+",
    "?",
    ".",
    "|",
    "^",
    "$",
    r"\w",
    r"\b",
    "(?:",
    "[^a]",
    "é",
)
SHORTENED = tuple(text[:20_000] for text in TEXTS)
"""So that a text that is longer than the model, and is scored part by part, is done in the time of one file."""
ODD = (
    *SHORTENED,
    "-1",
    "0",
    "1",
    "2",
    "nan",
    "-inf",
    "1e400",
    "9" * 30,
    "--",
    "-",
    "/dev/null",
    "/absent",
    "@smiles",
    "[",
)
FILES = {
    "documents": (TEXT.name, ".txt", "Once upon a time.\n<|endoftext|>\nThe end.\n"),
    "json lines": (TEXT.name, ".jsonl", '{"text": "Once upon"}\n{"text": "a time"}\n'),
    "table": (TEXT.name, ".csv", 'text,label\n"Once, upon",1\na time,2\n'),
    "fasta": ("promoters", ".fa", ">one\nACGTACGTTT\nACGT\n>two\nGGCCA\n"),
    "smiles": ("molecules", ".smi", "CCO ethanol\nc1ccccc1\nCC(=O)[O-]\n"),
    "molecules": ("molecules", ".csv", "name,smiles\nethanol,CCO\nbenzene,c1ccccc1\n"),
    "digits": ("digits", ".txt", "\n".join([" ".join("0" * 64), "ABCDEFGH" * 8])),
}
"""By the name of their kind: the domain, how they end, and a good one."""


@cache
def tokenizer(domain: str = TEXT.name) -> Tokenizer:
    """The bundled one of a domain."""
    return find_tokenizer(ASSETS / ("stories-absorb" if domain == TEXT.name else f"{domain}-absorb"))


def given(path: Path) -> str:
    """What is written there, as it comes from a form or a command line."""
    return path.read_bytes().decode(errors="replace")


def read_prompt(path: Path) -> None:
    """Reads it as a prompt, with parts and as ids; what is a prompt is one again when it was written."""
    text, known = given(path), tokenizer()
    for read in (lambda: parse_parts(text, known), lambda: parse_ids(text, known.vocabulary, LENGTH)):
        with contextlib.suppress(UserError):
            read()
    tokens = parse_prompt(text, known, LENGTH)
    written = parse_prompt(format_prompt(tokens, known), known, 10 * LENGTH)
    assert (written == FREE).sum() == (tokens == FREE).sum()


def read_pattern(path: Path) -> None:
    """Compiles it for texts."""
    Pattern.compile(given(path), tokenizer())


def read_words(path: Path) -> None:
    """Compiles the lines as banned words."""
    Pattern.compile("", tokenizer(), tuple(given(path).split("\n")))


def read_records(domain: str) -> Callable[[Path], None]:
    """Reads a file of a domain as training does, and counts what is left out."""

    def read(path: Path) -> None:
        left_out, said = LeftOut(), list[str]()
        for record in DOMAINS[domain].read(path, left_out):
            assert record.encode("utf-8", "surrogatepass") is not None
        left_out.say(said.append)

    return read


def pieced(content: bytes, draw: random.Random) -> bytes:
    """Pieces of expressions stand where they need not."""
    text = content.decode(errors="replace")
    for _ in range(draw.choice((1, 2, 5))):
        place = draw.randrange(len(text) + 1)
        text = text[:place] + draw.choice(PIECES) * draw.choice((1, 1, 2, 50)) + text[place:]
    return text.encode()


# ---- command lines


@cache
def models() -> tuple[Path, Path, Path]:
    """Folders of a tiny model and a tiny causal one, and a text."""
    place = Path(tempfile.mkdtemp())
    torch.manual_seed(0)
    known = train_tokenizer(iter(["Once upon a time"] * 3), 300)
    network = NetworkConfig(states=known.vocabulary + 1, length=16, hidden=16, blocks=1, heads=2, cond_dim=8)
    save(place / "model", Diffusion(DiffusionConfig(network)), known, "# Tiny\n")
    causal_folder(place / "causal")
    (place / "story.txt").write_text("\n<|endoftext|>\n".join(["Once upon a time"] * 60), encoding="utf-8")
    return place / "model", place / "causal", place / "story.txt"


def usual() -> dict[str, list[object]]:
    """A command line of little work for each command that needs no network."""
    model, causal, story = models()
    few, small = ["--model", model, "--threads", 1, "--device", "cpu"], ["--steps", 1, "--hidden", 8, "--heads", 1]
    return {
        "info": [model],
        "samplers": [],
        "sample": ["--length", 4, "--steps", 1, *few],
        "infill": ["--text", "Once [3]", "--steps", 1, *few],
        "score": ["--text", "Once upon", "--draws", 1, *few],
        "compare": ["--steps", "1", "--samples", 1, "--length", 4, "--judge", causal, *few],
        "evaluate": ["--steps", "1", "--samples", 1, "--length", 4, "--judge", causal, *few],
        "baseline": ["--text", "Once upon", "--model", causal],
        "train": [story, "--out", "out", "--blocks", 1, "--length", 8, "--vocabulary", 300, "--batch", 2, *small],
    }


def command_lines() -> list[bytes]:
    """The usual ones, as JSON."""
    return [json.dumps([name, *map(str, rest)]).encode() for name, rest in usual().items()]


def refused_lines() -> list[bytes]:
    """Some that ask for what there is not, or for very much."""
    _, causal, text = models()
    story = str(text)
    lines: list[list[str]] = [
        ["write", "--model", str(causal), "--out", "out.txt", "--tokens", "1", "--batch", "1", "--length", "8"],
        ["judge", "--out", "out", "--file", story],
        ["reproduce", "stories-absorb", ".", "--out", "out"],
        ["sample", "--samples", "1000000000"],
        ["train", story, "--out", "out", "--hidden", "16384", "--heads", "1", "--blocks", "512"],
        ["sample", "--pattern", ".*a.{20}"],
        ["", "--help"],
    ]
    return [json.dumps(line).encode() for line in lines]


def in_options(content: bytes, draw: random.Random) -> bytes:
    """Options that the command has are given once more, with odd values; or its words are others."""
    line: list[str] = json.loads(content)
    group: Any = typer.main.get_command(app)
    options = [each for each in group.commands[line[0]].params if each.opts[0].startswith("--")]
    for _ in range(draw.choice((1, 1, 2, 3))):
        option = draw.choice(options)
        name = draw.choice(option.opts)
        if name != "--tokens" and draw.random() < 0.9:
            line += [name, *([] if option.is_flag else [draw.choice(ODD)])]
        else:
            line[draw.randrange(len(line))] = draw.choice(ODD)
    return json.dumps(line).encode()


def run_line(path: Path) -> None:
    """Has `sedd` do it: exit code 0, or 2, of which the sentence is raised."""
    line = json.loads(path.read_text(encoding="utf-8"))
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        done = CliRunner().invoke(app, line)
    finally:
        os.chdir(before)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    said = "".join(traceback.format_exception(done.exception)) if done.exit_code not in (0, 2, 130) else ""
    assert not said, f"{line} ended with {done.exit_code}: {done.output[-800:]} {said}"
    assert "Traceback" not in done.output, done.output
    if done.exit_code:
        raise UserError("It was refused.")
