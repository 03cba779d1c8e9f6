"""What is killed, and what finds no room: each works in a folder, and says whether what lies there is whole."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from safetensors.torch import load_file

from engine.cli import app
from engine.files import PARTS, sha256
from engine.language.tokenizer_files import FILE_NAME
from engine.language.tokenizers import find_tokenizer
from engine.protocol import UserError
from engine.runs.runfile import SUFFIX, encode, open_run, save_run
from sedd_studio.background.keeper import Keeper
from sedd_studio.painting.theme import LIGHT
from sedd_studio.record.history import History
from sedd_studio.record.own_session import OwnSession
from sedd_studio.window.export_kinds import EXPORTS, View
from tests.engine.causals import make
from tests.hostile.life import Life
from tests.hostile.runs import LEFT_TO_RIGHT, RUN

STORY = "Once upon a time there was a dragon. The dragon lived on a hill. One day a girl came up the hill."
SIZES = ["--length", 16, "--hidden", 32, "--blocks", 1, "--heads", 2, "--vocabulary", 300, "--batch", 4]
FEW = ["--device", "cpu", "--precision", "fp32", "--threads", 1, "--json"]
MODEL = "someone/tiny"
SUFFIXES = (SUFFIX, ".txt", ".json", ".csv", ".html", ".png", ".gif", ".webp")
MANY_RUNS = 20


class Victim:
    """Work in a folder; `check` is told what one that was killed had printed, and raises what is wrong."""

    ends = False
    """Whether the work ends by itself."""
    lost = 0.0
    """Seconds of work that a kill has cost at most."""

    def work(self, folder: Path) -> None:
        """Does it, to its end or until it is killed."""
        raise NotImplementedError

    def once(self, folder: Path, make_room: Callable[[], None]) -> None:
        """Does it once where there may be no room, which is then a SystemExit."""
        self.work(folder)

    def check(self, folder: Path, said: str) -> None:
        """Looks at what lies there."""
        raise NotImplementedError

    def finished(self, folder: Path) -> None:
        """Looks at what lies there when the work has come to its end, and takes it away."""
        self.check(folder, "")
        self.empty(folder)

    def empty(self, folder: Path) -> None:
        """Takes away whatever lies in a folder."""
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def size(self, folder: Path) -> int:
        """Bytes that the work takes on a disk."""
        raise NotImplementedError

    def figures(self) -> str:
        """What was measured."""
        return ""


def run_command(*arguments: object) -> None:
    """A `sedd` command; raises SystemExit."""
    app([str(each) for each in arguments])


class Training(Victim):
    """`sedd train`, or `adapt`, which goes on after each kill; in the end the weights must be those of one that nobody
    killed."""

    ends = True

    def __init__(self, place: Path, kind: str, steps: int) -> None:
        self.steps, self.lost, self.trained, self.bytes = steps, 0.0, 0, 0
        self.text = place / "story.txt"
        self.text.write_text("\n<|endoftext|>\n".join([STORY] * 40), encoding="utf-8")
        self.start: list[object] = []
        if kind == "adapt" and not (place / "tiny").exists():
            make(place / "tiny", "llama")
        self.kind = kind
        if kind == "causal":  # which goes on with a model that there is
            self.start = ["--model", place / "teacher"]
            if not (place / "teacher").exists():
                quietly(lambda: self.train(place / "teacher", "gpt", 2, []))
        self.reference: dict[str, Any] = {}

    def train(self, out: Path, kind: str, steps: int, start: list[object]) -> None:
        run_command("train", self.text, "--out", out, "--kind", kind, "--steps", steps, *SIZES, *FEW, *start)

    def work(self, folder: Path) -> None:
        if self.kind == "adapt":
            few = ["--length", 16, "--batch", 4, "--steps", self.steps, *FEW]
            run_command("adapt", self.text.with_name("tiny"), self.text, "--out", folder / "out", *few)
        else:
            self.train(folder / "out", self.kind, self.steps, self.start)

    def check(self, folder: Path, said: str) -> None:
        out = folder / "out"
        files = [
            path for path in out.glob("*") if path.name not in {part.name for part in out.glob(PARTS)} | {".parts"}
        ]
        for path in files:
            if path.suffix == ".json":
                json.loads(path.read_text(encoding="utf-8"))
            elif path.suffix == ".safetensors":
                load_file(path)
        if (out / FILE_NAME).exists():
            find_tokenizer(out)
        state = out / "training-state.pt"
        kept = torch.load(state, weights_only=True)["seconds"] if state.exists() else 0.0
        done = [json.loads(line) for line in said.splitlines() if line.startswith("{") and line.endswith("}")]
        spent = [event["seconds"] for event in done if event.get("event") == "trained"]
        self.trained += len(spent)
        if spent:
            self.lost = max(self.lost, spent[-1] - kept)

    def finished(self, folder: Path) -> None:
        out = folder / "out"
        state = torch.load(out / "training-state.pt", weights_only=True)
        weights = load_file(out / "model.safetensors")
        found = {"losses": state["losses"], **state["network"], **weights}
        found |= {f"average {k}": each for k, each in enumerate(state["average"])}
        self.bytes = sum(path.stat().st_size for path in out.iterdir())
        if not self.reference:
            self.reference = found
        assert found.keys() == self.reference.keys()
        for name, value in self.reference.items():
            same = torch.equal(value, found[name]) if isinstance(value, torch.Tensor) else value == found[name]
            assert same, f"{name} is another than without kills"
        self.empty(folder)

    def size(self, folder: Path) -> int:
        return self.bytes

    def figures(self) -> str:
        return f"; {self.trained} steps were made, at most {self.lost:.1f} s of work lost, the weights are the same"


class Writing(Victim):
    """A run that is saved, or exported, again and again; two runs take turns."""

    def __init__(self, suffix: str, place: Path) -> None:
        self.suffix = suffix
        self.runs = [open_run(path) for path in (RUN, LEFT_TO_RIGHT)]
        self.whole: list[bytes] = []
        for number in range(2):
            quietly(lambda number=number: self.write(place, number))  # type: ignore[misc]
            self.whole.append((place / f"file{suffix}").read_bytes())

    def write(self, folder: Path, number: int) -> None:
        run, path = self.runs[number % 2], folder / f"file{self.suffix}"
        if self.suffix == SUFFIX:
            save_run(path, run)
        else:
            export = next(export for export in EXPORTS.values() if self.suffix in export.suffixes)
            list(export.write(View(run, run.recorded, 0, LIGHT), path))

    def work(self, folder: Path) -> None:
        for number in itertools.count():
            self.write(folder, number)

    def once(self, folder: Path, make_room: Callable[[], None]) -> None:
        try:
            for number in range(2):
                self.write(folder, number)
        except (OSError, UserError) as error:  # which the window puts into the banner
            sys.stderr.write(f"{error} (free some room)\n")
            sys.exit(2)

    def check(self, folder: Path, said: str) -> None:
        for path in folder.iterdir():
            if path not in set(folder.glob(PARTS)):
                assert path.read_bytes() in self.whole, f"{path.name} is not whole"

    def size(self, folder: Path) -> int:
        return sum(map(len, self.whole))


class Keeping(Victim):
    """A session that puts runs into the history, and itself; whatever was put there is there after a kill."""

    def __init__(self) -> None:
        self.run = open_run(RUN)
        self.content = encode(self.run)

    def work(self, folder: Path) -> None:
        path = folder / "history.sqlite3"
        session = OwnSession(path)
        session.begin()
        with closing(History(path, session.number)) as history:
            for number in itertools.count():
                history.remember({"number": number}, self.run)
                print(history.add(self.run), flush=True)

    def check(self, folder: Path, said: str) -> None:
        path = folder / "history.sqlite3"
        own = OwnSession(path)
        own.begin()
        with closing(History(path, own.number)) as history:
            assert history.put_aside is None
            kept = [int(line) for line in said.split()]
            assert all(history.content(number) == self.content for number in kept)
            for number in history.sessions():
                assert own.take(number)
                left = history.left_by(number)
                assert left is not None
                assert left.content == self.content
            own.sweep(history.sessions())
            history.forget(own.numbers)
            assert {entry.id for entry in history.search(most=10**6)} >= set(kept)
        own.close()
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert not list(folder.glob("session-*"))
        if path.stat().st_size > 2**24:
            self.empty(folder)

    def once(self, folder: Path, make_room: Callable[[], None]) -> None:
        """Runs made while there is no room are kept, and written once there is."""
        told: list[str] = []
        keeper = Keeper(folder / "history.sqlite3")
        keeper.failed.connect(told.append, Qt.ConnectionType.DirectConnection)
        for _ in range(MANY_RUNS):
            keeper.keep(self.run)
        tried = threading.Event()
        keeper.do(lambda _: tried.set())
        while not (tried.wait(0.01) or told):
            pass
        make_room()
        keeper.close()
        with closing(History(folder / "history.sqlite3")) as history:
            entries = history.search()
            assert len(entries) % MANY_RUNS == 0
            assert entries
            assert all(history.content(entry.id) == self.content for entry in entries)
        if told:
            sys.stderr.write(told[0] + "\n")
            sys.exit(2)

    def size(self, folder: Path) -> int:
        return 2 * MANY_RUNS * len(self.content)


class Fetching(Victim):
    """`sedd fetch` from a hub on this machine."""

    ends = True

    def __init__(self, served: dict[str, bytes]) -> None:
        self.served = served

    def work(self, folder: Path) -> None:
        os.environ["XDG_DATA_HOME"] = str(folder)
        run_command("fetch", MODEL, "--json")

    def check(self, folder: Path, said: str) -> None:
        if (folder / "sedd-studio" / "models" / MODEL).exists():
            self.finished(folder)

    def finished(self, folder: Path) -> None:
        model = folder / "sedd-studio" / "models" / MODEL
        found = {path.name for path in model.iterdir()} - {path.name for path in model.glob(PARTS)}
        assert found == {*self.served, "origin.json"}
        origin = json.loads((model / "origin.json").read_text(encoding="utf-8"))
        assert all(sha256(model / name) == hashed for name, hashed in origin["sha256"].items())
        assert not (model / ".unfinished").exists()
        self.empty(folder)

    def size(self, folder: Path) -> int:
        return sum(map(len, self.served.values()))


def quietly(work: Callable[[], None]) -> None:
    """Has a command run that ends properly, in a process of its own, and prints nothing."""
    life = Life(work, Path(os.devnull))
    assert life.ended() == 0


def victims(place: Path, served: dict[str, bytes], steps: int) -> dict[str, Callable[[], Victim]]:
    """What is killed, by name; `served` are the files of a model that the hub has, `steps` those of training."""
    kinds: dict[str, Callable[[], Victim]] = {
        "train": lambda: Training(place, "diffusion", steps),
        "causal": lambda: Training(place, "causal", steps),
        "adapt": lambda: Training(place, "adapt", steps),
        "history": Keeping,
        "fetch": lambda: Fetching(served),
    }
    (QApplication.instance() or QApplication(["kills", "-platform", "offscreen"])).setProperty("kept", True)
    return kinds | {suffix: partial(Writing, suffix, place) for suffix in SUFFIXES}
