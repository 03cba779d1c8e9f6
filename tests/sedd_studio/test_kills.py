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
from engine.runs.carried import read_run
from engine.runs.runfile import SUFFIX, save_run
from engine.runs.trajectory import Trajectory
from tests.sedd_studio.exported import STEPS, made
from tests.sedd_studio.test_runfile import assert_same

pytestmark = pytest.mark.usefixtures("qapp")
SUFFIXES = (SUFFIX, ".html", ".gif", ".png", ".json", ".csv", ".txt")

WRITER = """
    import importlib.metadata, io, json, os, shutil, signal, sys, types
    import PIL.GifImagePlugin, PIL.PngImagePlugin
    from pathlib import Path
    import engine.files
    from PySide6.QtWidgets import QApplication
    from sedd_studio.window.export_kinds import EXPORTS, View
    from engine.runs.carried import read_run
    from engine.runs.runfile import SUFFIX, save_run
    from sedd_studio.painting.theme import LIGHT

    IN_MEMORY = (io.BytesIO, io.StringIO)
    OF_FILES = {"open", "write", "flush", "fsync", "close", "rename", "replace", "truncate"}
    app = QApplication([])
    folder, suffixes = Path(sys.argv[1]), sys.argv[2].split(",")
    run = read_run(folder / f"run{SUFFIX}")
    first_last = reversed(EXPORTS.values())  # of several with one ending it is the first that carries the run
    writers = {suffix: export.write for export in first_last for suffix in export.suffixes}

    def write(path, last=0):
        # the names of the calls that have to do with files; the process is killed before one of them
        calls = []

        def note(frame, event, called):
            owner = getattr(called, "__self__", None)  # a module, a file, or a str, which can replace, too
            on_disk = isinstance(owner, (types.ModuleType, io.IOBase)) and not isinstance(owner, IN_MEMORY)
            begun = calls or frame.f_code.co_filename == engine.files.__file__  # what is read before does not matter
            if event == "c_call" and on_disk and begun and called.__name__ in OF_FILES:
                calls.append(called.__name__)
                if len(calls) == last:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(note)
        if path.suffix == SUFFIX:
            save_run(path, run)
        else:
            list(writers[path.suffix](View(run, run.steps, 0, LIGHT), path))
        sys.setprofile(None)
        return calls

    def in_child(work):
        child = os.fork()
        if child == 0:
            work()
            os._exit(0)
        ended = os.waitpid(child, 0)[1]
        for part in folder.glob(engine.files.PARTS):  # or the next ones would look through it, and once it is old not
            part.unlink()
        return ended

    killed = {}
    for suffix in suffixes:
        whole, told = folder / f"whole{suffix}", folder / f"calls{suffix}.told"
        in_child(lambda: told.write_text(json.dumps(write(whole))))
        calls = json.loads(told.read_text())
        killed[suffix] = calls
        for number, last in enumerate(range(1, len(calls) + 1)):
            shutil.copy(whole, folder / f"old-{number}{suffix}")
            for age in ("old", "new"):
                assert os.WIFSIGNALED(in_child(lambda: write(folder / f"{age}-{number}{suffix}", last)))
    print(json.dumps(killed))
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
    """Whichever call on a file is the last: a new file is whole or not there, and one that was there is whole."""
    run = made(tmp_path)
    save_run(tmp_path / f"run{SUFFIX}", run)
    script = textwrap.dedent(WRITER)
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, str(tmp_path), ",".join(SUFFIXES)],  # what is imported is no file of ours
        check=True,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
    )
    killed = json.loads(done.stdout)
    for suffix in SUFFIXES:
        assert {"open", "write", "replace"} <= set(killed[suffix])
        for number in range(len(killed[suffix])):
            check(tmp_path / f"old-{number}{suffix}", run)
            new = tmp_path / f"new-{number}{suffix}"
            assert new.exists() == ("replace" in killed[suffix][:number])
            if new.exists():
                check(new, run)


def test_half_a_file_would_be_noticed(tmp_path: Path) -> None:
    """What the test above relies on."""
    run = made(tmp_path)
    save_run(tmp_path / f"run{SUFFIX}", run)
    cut = tmp_path / f"1{SUFFIX}"
    cut.write_bytes((tmp_path / f"run{SUFFIX}").read_bytes()[:-9])
    with pytest.raises(UserError):
        check(cut, run)
