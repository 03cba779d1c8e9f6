"""Some kills and some full disks for every kind of work; `make kills` tries as many as one likes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_is_killed_or_finds_no_room_leaves_whole_files_and_goes_on() -> None:
    command = [sys.executable, "-m", "tests.hostile.kills", "1", "--disks", "1", "--steps", "40", "--limit-files"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 14
