"""Files are whole or not there, whoever else writes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.files import PARTS, check_place, filling, replacing, write_whole

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from engine.files import PARTS, filling, replacing, write_whole
letter, path = sys.argv[1].encode(), Path(sys.argv[2])
sys.stdin.read(1)
for size in range(200):
    write_whole(path, letter * (100_000 + size), sync=False)
"""


def test_two_processes_can_write_the_same_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"a")
    command = [sys.executable, "-c", WRITER]
    writers = [
        subprocess.Popen([*command, letter, str(path)], stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
        for letter in ("a", "b")
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"!")
        writer.stdin.close()
        writer.stdin = None
    seen = []
    while any(writer.poll() is None for writer in writers):
        seen.append(path.read_bytes())
    errors = [writer.communicate()[1] for writer in writers]
    assert [(writer.returncode, error) for writer, error in zip(writers, errors, strict=True)] == [(0, b"")] * 2
    assert all(len(set(content)) == 1 for content in [*seen, path.read_bytes()])
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_it_is_on_the_disk_before_it_takes_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"old")
    seen, fsync = [], os.fsync

    def watched(descriptor: int) -> None:
        seen.append(((tmp_path / "file").read_bytes(), os.fstat(descriptor).st_size))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    write_whole(tmp_path / "file", b"newer")
    assert seen == [(b"old", 5)]


@pytest.mark.parametrize("stage", ["write", "fsync", "replace"])
def test_what_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    (tmp_path / "file").write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if stage != "write":
        monkeypatch.setattr(os if stage == "fsync" else Path, stage, full)
    with pytest.raises((OSError, TypeError)):
        write_whole(tmp_path / "file", b"new" if stage != "write" else "no bytes")  # type: ignore[arg-type]
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("file", b"old")]


def test_a_place_that_takes_no_file_is_named_and_not_the_part_that_was_begun_there(tmp_path: Path) -> None:
    place = tmp_path / "gone" / "file"
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(place, b"new")
    assert caught.value.filename == str(place)
    with pytest.raises(FileNotFoundError) as caught:
        check_place(place)
    assert caught.value.filename == str(place)


def test_a_new_file_has_the_mode_of_any_new_file_and_a_replaced_one_its_own(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_whole(tmp_path / "file", b"new")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode
    (tmp_path / "file").chmod(0o640)
    write_whole(tmp_path / "file", b"newer")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    write_whole(tmp_path / ("n" * 255), b"new")
    assert (tmp_path / ("n" * 255)).read_bytes() == b"new"


def test_what_a_killed_process_left_is_deleted_and_what_is_being_written_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.files.FRESH", -1.0)
    forsaken = tmp_path / f".{'0' * 16}.part", tmp_path / f".{'1' * 16}.part"
    forsaken[0].write_bytes(b"half")
    forsaken[1].mkdir()
    (forsaken[1] / "weights").write_bytes(b"half")
    other = tmp_path / ".another.part"
    other.write_bytes(b"not ours")
    with filling(tmp_path, "last") as made, replacing(tmp_path / "file") as file:
        (made / "last").write_bytes(b"whole")
        write_whole(tmp_path / "another", b"whole")
        assert len(list(tmp_path.glob(PARTS))) == 2
        file.write(b"whole")
    assert {path.name for path in tmp_path.iterdir()} == {"another", "file", "last", ".another.part"}
