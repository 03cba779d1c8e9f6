"""Measures what a page of docs/ shows and writes it: `python -m scripts.results DATA [--page training]`.

Every figure comes from a command of the studio that stands beside it on the page. What a command printed is kept under
runs/results by the command and by what its models and files hold, so a run that was stopped goes on, and only what
changed is measured again. What needs a model that is not bundled is left out, and the page says so.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.files import sha256, write_whole
from scripts.measured import ASSETS_NAME, DATA_NAME, RUNS_NAME, Command, Page
from scripts.results_page import render
from scripts.results_pictures import draw
from scripts.results_plan import JUDGE, RESULTS
from scripts.training_plan import TRAINING, TRIAL

ROOT = Path(__file__).parent.parent
RUNS = ROOT / "runs"
KEPT = RUNS / "results"
DOCS = ROOT / "docs"
PAGES = {page.name.removesuffix(".md"): page for page in (RESULTS, TRAINING)}
Record = dict[str, Any]


@dataclass(frozen=True)
class Places:
    """Where the page's `assets/` and `data/` are on this machine."""

    assets: Path
    data: Path

    def real(self, argument: str) -> str:
        """An argument with the folder that it stands for."""
        for name, folder in ((ASSETS_NAME, self.assets), (DATA_NAME, self.data), (RUNS_NAME, RUNS)):
            if argument.startswith(name):
                return str(folder / argument.removeprefix(name))
        return argument

    def has(self, command: Command) -> bool:
        """Whether every model that the command asks for is there."""
        return all((Path(self.real(model)) / "config.json").is_file() for model in command.models)


def main(page: Page, places: Places) -> None:
    """Measures what is not known yet, then writes the page."""
    found: dict[Command, list[Record]] = {}
    make_judge(page, Path(places.real(JUDGE)))
    for section in page.sections:
        for command in section.commands:
            if places.has(command):
                print(command.shown, file=sys.stderr, flush=True)
                found[command] = measured(command, places, run)
        draw(section, found, DOCS / "images")
    (DOCS / page.name).write_text(render(page, found), encoding="utf-8")


def make_judge(page: Page, folder: Path) -> None:
    """Makes the judge ready in `folder` if the page asks for it and it is not there yet."""
    asked = any(JUDGE in command.arguments for section in page.sections for command in section.commands)
    if asked and not (folder / "config.json").is_file():
        run(["judge", "--out", str(folder)])


def measured(command: Command, places: Places, perform: Callable[[list[str]], str]) -> list[Record]:
    """The records of a command, from an earlier run where nothing that it depends on has changed."""
    arguments = [places.real(argument) for argument in command.arguments]
    name = fingerprint(command, arguments)
    kept, trial = KEPT / f"{name}.jsonl", KEPT / name
    if not kept.is_file():
        made = zip(command.arguments, arguments, strict=True)
        printed = perform([str(trial) if argument == TRIAL else real for argument, real in made])
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_whole(kept, printed.encode())
        shutil.rmtree(trial, ignore_errors=True)
    return [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]


def fingerprint(command: Command, arguments: list[str]) -> str:
    """A name made of the command and of the contents of each file and model that it names."""
    digest = hashlib.sha256(command.shown.encode())
    for path in map(Path, arguments):
        for file in (path, path / "model.safetensors", path / "config.json", *sorted(path.glob("*.txt"))):
            if file.is_file():
                digest.update(sha256(file).encode())
    return digest.hexdigest()[:16]


def run(arguments: list[str]) -> str:
    """What `sedd` prints on standard output."""
    command = [sys.executable, "-m", "engine.cli", *arguments, "--json"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measures what a page of docs/ shows and writes it.")
    parser.add_argument("data", type=Path, help="the folder of text, molecules, images and dna")
    parser.add_argument("--assets", type=Path, default=ROOT / "assets", help="the folder of models")
    parser.add_argument("--page", choices=PAGES, default="results", help="which page")
    chosen = parser.parse_args()
    main(PAGES[chosen.page], Places(chosen.assets.resolve(), chosen.data.resolve()))
