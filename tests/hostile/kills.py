"""Kills and full disks: `python -m tests.hostile.kills 100 --disks 20` tries so many of each kind of work.

A process is killed at a random moment. After each kill whatever lies in its folder must be whole and the next one must
go on from there; training that was killed must come to the very weights of training that was not, having lost 5 seconds
at most. On a disk without room work must end with one sentence and the exit code 2, what lies there must be whole, and
with room again the work must come to its end. Anything else is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.hostile.life import Life
from tests.hub import hub

if TYPE_CHECKING:
    from tests.hostile.victims import Victim

LONGEST = 7.0
"""Seconds after which a process is killed at the latest."""
SHORT = 40
"""Steps of a training that finds no room."""
MOST_LOST = 5.0
"""Seconds of training."""


def kill(victim: Victim, folder: Path, count: int, draw: random.Random) -> None:
    """Kills so many processes; raises what is wrong."""
    told = folder.parent / "told"
    longest = 1.0
    if victim.ends:
        began = time.monotonic()
        live(victim, folder, told)
        longest = min(time.monotonic() - began, LONGEST)
    killed = 0
    while killed < count:
        life = Life(lambda: victim.work(folder), told)
        code = life.killed_after(draw.uniform(0, longest))
        if code is None:
            killed += 1
            victim.check(folder, life.said())
        elif victim.ends and code == 0:
            victim.finished(folder)
        else:
            raise AssertionError(f"it ended with {code}: {life.complained()}")
    if victim.ends:
        live(victim, folder, told)


def live(victim: Victim, folder: Path, told: Path) -> None:
    """The whole work, which nobody disturbs."""
    life = Life(lambda: victim.work(folder), told)
    if code := life.ended():
        raise AssertionError(f"it ended with {code}: {life.complained()}")
    victim.finished(folder)


class Disk:
    """A place where no more than `size` bytes fit: a file system of its own, or where that cannot be had, a limit for
    the size of each file that this process makes."""

    def __init__(self, folder: Path, size: int, mounts: bool) -> None:
        self._folder, self._size = folder, size
        self._mounted = mounts and not self._mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs")

    def limit(self) -> None:
        """Has the limit hold, in this process."""
        if not self._mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self._size, resource.RLIM_INFINITY))

    def make_room(self) -> None:
        """From now on there is room."""
        if self._mounted:
            self._mount("-o", "remount,size=1G")
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def close(self) -> None:
        """Takes the file system away."""
        if self._mounted:
            subprocess.run(["umount", str(self._folder)], check=True)

    def _mount(self, *arguments: str) -> int:
        return subprocess.run(["mount", *arguments, str(self._folder)], check=False, capture_output=True).returncode


def fill(victim: Victim, folder: Path, count: int, draw: random.Random, mounts: bool) -> None:
    """Has the work done on so many disks that are too small; raises what is wrong."""
    told = folder.parent / "told"
    if victim.ends:
        live(victim, folder, told)  # so that its size is known
    most = victim.size(folder) // (1 if mounts else 3)  # or of the largest file
    full = 0
    while full < count:
        disk = Disk(folder, draw.randrange(1, most), mounts)
        try:
            full += filled(victim, folder, disk, told)
        finally:
            disk.close()
        victim.empty(folder)


def filled(victim: Victim, folder: Path, disk: Disk, told: Path) -> bool:
    """Whether the work found no room on that disk."""

    def work() -> None:
        disk.limit()
        victim.once(folder, disk.make_room)

    life = Life(work, told)
    code = life.ended()
    if code not in (0, 2) or "Traceback" in life.complained() or (code == 2 and not life.complained()):
        raise AssertionError(f"it ended with {code}: {life.complained()}")
    victim.check(folder, "")
    disk.make_room()
    again = Life(lambda: victim.once(folder, disk.make_room), told)
    if code_again := again.ended():
        raise AssertionError(f"with room it ended with {code_again}: {again.complained()}")
    victim.check(folder, "")
    return code == 2


@contextmanager
def served(place: Path) -> Iterator[dict[str, bytes]]:
    """What a hub in a process of its own serves; it is found there by who imports the library from now on."""
    draw = random.Random(0)
    files = {"config.json": b'{"tokens": 9}', "tokenizer.json": draw.randbytes(10**5)}
    files["model.safetensors"] = draw.randbytes(4 * 10**6)

    def serve() -> None:
        with hub({"someone/tiny": files}) as address:
            print(address, flush=True)
            while True:
                time.sleep(60)

    life = Life(serve, place / "hub")
    while not (address := life.said()):
        time.sleep(0.01)
    os.environ["HF_ENDPOINT"] = address
    os.environ.pop("HF_HUB_OFFLINE", None)
    try:
        yield files
    finally:
        life.killed_after(0)


def main(arguments: list[str]) -> int:
    """Kills and fills, prints what came of it, and returns the exit code."""
    parser = argparse.ArgumentParser(description="Kills processes at random moments, and has them find disks full.")
    parser.add_argument("kills", type=int, help="how many of each kind")
    parser.add_argument("--disks", type=int, help="full disks of each kind; a fifth as many unless given")
    parser.add_argument("--steps", type=int, default=2000, help="of training")
    parser.add_argument("--kind", action="append", help="these alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit-files", action="store_true", help="mount nothing: limit the size of files")
    asked = parser.parse_args(arguments)
    disks, bad = asked.kills // 5 if asked.disks is None else asked.disks, 0
    with tempfile.TemporaryDirectory() as made, served(Path(made)) as files:
        from tests.hostile.victims import victims  # the hub must be found when the library is imported

        short = victims(Path(made), files, min(asked.steps, SHORT))
        kinds = victims(Path(made), files, asked.steps)
        if unknown := [name for name in asked.kind or () if name not in kinds]:
            parser.error(f"no kind is called {unknown[0]}; there are {', '.join(kinds)}")
        for name in asked.kind or kinds:
            build = kinds[name]
            folder, draw = Path(made) / "work", random.Random(f"{asked.seed} {name}")
            folder.mkdir()
            victim = build()
            said = "whole, each time"
            try:
                kill(victim, folder, asked.kills, draw)
                if asked.steps > SHORT and victim.lost > MOST_LOST:
                    raise AssertionError(f"{victim.lost:.1f} s of work were lost")
                victim.empty(folder)
                fill(short[name](), folder, disks, draw, not asked.limit_files)
            except Exception:
                bad += 1
                said = traceback.format_exc(limit=-4)
            print(f"{name:8} {asked.kills} kills, {disks} full disks: {said}{victim.figures()}", flush=True)
            victim.empty(folder)
            folder.rmdir()
    print(f"{bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
