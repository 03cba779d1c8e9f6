"""A process that is killed while it saves or exports leaves whole files, or none."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from PIL import Image

from engine.protocol import UserError
from sedd_studio.record.runfile import SUFFIX, save_run
from sedd_studio.record.trajectory import Trajectory
from sedd_studio.window.opening import read_run
from tests.sedd_studio.test_exports import STEPS, made
from tests.sedd_studio.test_runfile import assert_same

pytestmark = pytest.mark.usefixtures("qapp")
KILLS = 50
SUFFIXES = (SUFFIX, ".html", ".gif", ".png", ".json", ".csv", ".txt")

WRITER = """
    import os, random, signal, sys, time
    from pathlib import Path
    from PySide6.QtWidgets import QApplication
    from sedd_studio.window.export_kinds import EXPORTS, View
    from sedd_studio.window.opening import read_run
    from sedd_studio.record.runfile import SUFFIX, save_run
    from sedd_studio.painting.theme import LIGHT

    app = QApplication([])
    folder, kills, suffixes = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(",")
    run = read_run(folder / f"run{SUFFIX}")
    writers = {suffix: export.write for export in EXPORTS.values() for suffix in export.suffixes}

    def write(path):
        while True:
            if path.suffix == SUFFIX:
                save_run(path, run)
            else:
                list(writers[path.suffix](View(run, run.steps, 0, LIGHT), path))

    moments = random.Random(7)
    for number in range(kills):
        suffix = suffixes[number % len(suffixes)]
        child = os.fork()
        if child == 0:
            write(folder / f"{number}{suffix}")
        time.sleep(moments.uniform(0.001, 0.12))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
"""


def check(path: Path, run: Trajectory) -> None:
    """Opens a file; what carries the run must be the run."""
    match path.suffix:
        case ".json":
            assert json.loads(path.read_text(encoding="utf-8"))["request"]["steps"] == STEPS
        case ".csv":
            assert len(list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))) == STEPS + 1
        case ".txt":
            assert path.read_text(encoding="utf-8").endswith("\n")
        case _:
            assert_same(run, read_run(path))
            if path.suffix in (".gif", ".png"):
                with Image.open(path) as image:
                    image.load()


def test_no_file_is_left_half_written(tmp_path: Path) -> None:
    run = made(tmp_path)
    save_run(tmp_path / f"run{SUFFIX}", run)
    script = textwrap.dedent(WRITER)
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), str(KILLS), ",".join(SUFFIXES)],
        check=True,
        cwd=Path(__file__).parents[2],
    )
    written = [path for path in tmp_path.iterdir() if path.suffix in SUFFIXES and path.stem.isdigit()]
    assert len(written) > KILLS // 3
    for path in written:
        check(path, run)


def test_half_a_file_would_be_noticed(tmp_path: Path) -> None:
    """What the test above relies on."""
    run = made(tmp_path)
    save_run(tmp_path / f"run{SUFFIX}", run)
    cut = tmp_path / f"1{SUFFIX}"
    cut.write_bytes((tmp_path / f"run{SUFFIX}").read_bytes()[:-9])
    with pytest.raises(UserError):
        check(cut, run)
