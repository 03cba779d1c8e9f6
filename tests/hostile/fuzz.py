"""Damaged files of every kind are opened: `python -m tests.hostile.fuzz 20000` tries so many, over all kinds.

A file must be opened or refused by a UserError, in 5 seconds of a plain processor and with 500 MB more than before.
Anything else is printed with the command that does it again, and the exit code is 1. Each kind is tried in a process of
its own, since a fault may end it.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from engine.protocol import UserError
from tests.hostile.kinds import KINDS, Kind

ROOT = Path(__file__).parents[2]
SECONDS, MEGABYTES = 5.0, 500
PIECES = 50
"""As many times what `piece` takes are as long as `SECONDS` on a plain processor."""
WEDGED = 120
"""Seconds after which a process that answers no more is ended."""


def files_of(kind: Kind, first: int, count: int) -> Iterator[tuple[int, bytes]]:
    """Numbered files: whole ones, bombs, then damaged ones, of which each is made from its number alone."""
    good, bombs = kind.good(), kind.bombs()
    whole = [*good, *bombs]
    for number in range(first, first + count):
        draw = random.Random(number)
        yield number, whole[number] if number < len(whole) else draw.choice(kind.damages)(draw.choice(good), draw)


def piece() -> float:
    """Seconds of the processor for a fixed piece of work: 0.1 on a plain one, more where others share it."""
    began = time.process_time()
    sum(number * number % 7 for number in range(1_000_000))
    return time.process_time() - began


def is_soon(seconds: float) -> bool:
    """Whether work that took so many seconds of this processor just now takes at most `SECONDS` of a plain one."""
    return seconds < SECONDS or seconds < PIECES * piece()


def tried(kind: Kind, path: Path) -> str:
    """What comes of a file: "opened", "refused", or what is wrong with how it was read."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        with warnings.catch_warnings(action="error"):
            kind.read(path)
        found = "opened"
    except UserError as error:
        found = "refused" if "\n" not in str(error) and len(str(error)) < 1000 else f"no short sentence: {error}"
    except BaseException:
        found = traceback.format_exc(limit=-6)
    seconds = time.process_time() - began
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
    if not is_soon(seconds) or more > MEGABYTES:
        found = f"{seconds:.1f} s and {more} MB"
    return found


def work(name: str, first: int, count: int) -> None:
    """Tries files of one kind and prints a line for each."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    warnings.simplefilter("ignore")  # of what damages files
    kind = KINDS[name]
    with tempfile.TemporaryDirectory() as folder:
        for number, content in files_of(kind, first, count):
            place = Path(folder) / str(number)
            place.mkdir()
            path = place / f"file{kind.suffix}"
            path.write_bytes(content)
            print(number, end=" ", flush=True)
            faulthandler.dump_traceback_later(WEDGED, exit=True)
            outcome = tried(kind, path)
            faulthandler.cancel_dump_traceback_later()
            print(repr(outcome), flush=True)
            if number % 50 == 0:
                gc.collect()


def results(name: str, first: int, count: int) -> Iterator[tuple[int, str]]:
    """The outcome of each file; a process that a file ended is begun again behind it."""
    while count > 0:
        command = [
            sys.executable,
            "-m",
            "tests.hostile.fuzz",
            str(count),
            "--kind",
            name,
            "--first",
            str(first),
            "--here",
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        seen = 0
        for line in done.stdout.splitlines():
            number, _, outcome = line.partition(" ")
            seen += 1
            yield int(number), outcome.strip("'\"") or f"ended the process ({done.returncode}): {done.stderr[-2000:]}"
        if not seen and done.returncode:
            raise SystemExit(done.stderr)
        first, count = first + seen, count - seen


def main(arguments: list[str]) -> int:
    """Tries files, prints what came of them, and returns the exit code."""
    parser = argparse.ArgumentParser(description="Opens damaged files of every kind.")
    parser.add_argument("count", type=int, help="how many, over all kinds")
    parser.add_argument("--kind", choices=KINDS, action="append", help="these alone")
    parser.add_argument("--first", type=int, default=0, help="the number of the first file of each kind")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    kinds = asked.kind or list(KINDS)
    if asked.here:
        work(kinds[0], asked.first, asked.count)
        return 0
    bad = 0
    for name in kinds:
        counts: Counter[str] = Counter()
        for number, outcome in results(name, asked.first, -(-asked.count // len(kinds))):
            counts[outcome if outcome in ("opened", "refused") else "bad"] += 1
            if outcome not in ("opened", "refused"):
                shown = outcome.encode().decode("unicode_escape", errors="replace")
                print(f"{name} {number}: {shown}\n  python -m tests.hostile.fuzz 1 --kind {name} --first {number}")
        bad += counts["bad"]
        told = ", ".join(f"{counts[word]} {word}" for word in ("refused", "opened", "bad"))
        print(f"{name:10} {counts.total():6} tried: {told}", flush=True)
    print(f"{bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
