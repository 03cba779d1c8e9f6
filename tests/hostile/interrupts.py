"""Ctrl+C at random moments: `python -m tests.hostile.interrupts 200` tries so many, over all commands and the studio.

Each must end with exit code 130 and say nothing that an undisturbed one does not say. Counted apart are those that it
came to while Python itself was starting, and those that were done and only being taken down, whose exit code stays what
it is. Anything else is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from engine.bundled_models import ASSETS
from tests.hostile.texts import models

LONGEST = 10.0
"""Seconds after which Ctrl+C comes at the latest."""
WEDGED = 120.0
"""Seconds that a process has to end."""
INTERRUPTED = 130
PROGRAM = tuple(str(Path(__file__).parents[2] / name) for name in ("engine", "sedd_studio"))


def commands(place: Path) -> dict[str, list[str]]:
    """A command line of some seconds for each command that needs no network, and the studio."""
    model, causal, story = map(str, models())
    bundled = str(ASSETS / "stories-absorb")
    one = ["--threads", "1"]
    small = ["--hidden", "16", "--heads", "2", "--blocks", "1", "--length", "16", "--vocabulary", "300", "--batch", "4"]
    lines: dict[str, list[str]] = {
        "info": [bundled],
        "samplers": [],
        "sample": ["--length", "24", "--steps", "16", *one],
        "infill": ["--text", "Once upon a time [12] end.", "--steps", "16", *one],
        "score": ["--text", "Once upon a time there was a dragon.", "--draws", "16", *one],
        "compare": ["--steps", "4,8", "--samples", "4", "--length", "24", *one],
        "evaluate": ["--steps", "4", "--samples", "8", "--length", "24", *one],
        "infilling": [story, "--samples", "2", "--steps", "4", *one],
        "baseline": ["--text", "Once upon a time", "--samples", "2", *one],
        "verify": ["--quick"],
        "train": [story, "--out", str(place / "train"), "--steps", "60", *small, *one],
        "adapt": [causal, story, "--out", str(place / "adapt"), "--steps", "60", "--length", "16", *one],
        "baseline model": [story, "--out", str(place / "gpt"), "--kind", "gpt", "--steps", "60", *small, *one],
        "write": ["--model", causal, "--out", str(place / "w.txt"), "--tokens", "400", "--batch", "2", *one],
        "judge": ["--out", str(place / "judge"), "--file", story],
        "reproduce": ["stories-absorb", str(place), "--out", str(place / "again"), *one],
    }
    start = [str(Path(sys.executable).parent / "sedd")]
    found = {name: [*start, "train" if name == "baseline model" else name, *rest] for name, rest in lines.items()}
    module = [sys.executable, "-m"]
    return found | {"module": [*module, "engine.cli", "info", model], "studio": [*module, "sedd_studio"]}


def started(words: list[str], place: Path) -> subprocess.Popen[str]:
    """The process, with a home of its own."""
    homes = {name: str(place / "home") for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    told = os.environ | homes | {"QT_QPA_PLATFORM": "offscreen"}
    pipe = subprocess.PIPE
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, env=told)


def shapes(said: str) -> set[str]:
    """The lines of what was said, without their numbers."""
    return {re.sub(r"[\d.,]+", "0", line).strip() for line in re.split(r"[\r\n]+", said)} - {""}


def pressed(words: list[str], place: Path, moment: float) -> tuple[int, str, float | None]:
    """The exit code of a process that Ctrl+C came to after `moment` seconds, what it said on standard error, and the
    seconds that it took to end; None if it had ended before."""
    for left in place.iterdir():
        if left.name != "home":
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    process = started(words, place)
    with suppress(subprocess.TimeoutExpired):
        _, said = process.communicate(timeout=moment)
        return process.returncode, said, None
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, said = process.communicate(timeout=WEDGED)
    return process.returncode, said, time.monotonic() - began


def outcome(code: int, said: str, usual: set[str], ended: int) -> str:
    """How an interrupted process ended: in a few words where nothing is wrong with it."""
    odd = [line for line in shapes(said) if not any(each.startswith(line) for each in usual)]
    if (code == -signal.SIGINT or "KeyboardInterrupt" in said) and not any(folder in said for folder in PROGRAM):
        return "while Python started"
    if not odd and code == INTERRUPTED:
        return "silent"
    return "as it was done" if not odd and code in (0, ended) else f"bad: code {code}, {said[-1500:]!r}"


def interrupt(name: str, words: list[str], place: Path, count: int, draw: random.Random) -> int:
    """Has Ctrl+C come to so many processes, and prints what became of them; how many ended in another way."""
    began = time.monotonic()
    ended, said, _ = pressed(words, place, LONGEST)
    longest, usual = min(time.monotonic() - began, LONGEST), shapes(said)
    ends, slowest = Counter[str](), 0.0
    while ends.total() < count:
        moment = draw.uniform(0, longest)
        code, said, seconds = pressed(words, place, moment)
        if seconds is None:
            longest = moment
            continue
        slowest, found = max(slowest, seconds), outcome(code, said, usual, ended)
        ends[found.partition(":")[0]] += 1
        if found.startswith("bad"):
            print(f"{name} after {moment:.3f} s: {found}", flush=True)
    told = ", ".join(f"{number} {what}" for what, number in sorted(ends.items()))
    print(f"{name:10} in {longest:4.1f} s: {told}; ended within {slowest:.2f} s", flush=True)
    return ends["bad"]


def main(arguments: list[str]) -> int:
    """Tries moments, prints what came of them, and returns the exit code."""
    parser = argparse.ArgumentParser(description="Presses Ctrl+C at random moments.")
    parser.add_argument("count", type=int, help="how many moments, over all commands")
    parser.add_argument("--kind", action="append", help="these alone")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored, here and in what starts
    with tempfile.TemporaryDirectory() as made:
        kinds = commands(Path(made))
        names = asked.kind or list(kinds)
        each = -(-asked.count // len(names))
        bad = sum(
            interrupt(name, kinds[name], Path(made), each, random.Random(f"{asked.seed} {name}")) for name in names
        )
    print(f"{bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
