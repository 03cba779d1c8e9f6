"""Run files: what was saved comes back whole, without any model, and what is no run is refused in a sentence."""

from __future__ import annotations

import json
import os
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from engine.protocol import UserError
from engine.runs import runfile
from engine.runs.runfile import MARK, decode, encode, open_run, save_run
from engine.runs.trajectory import Trajectory
from sedd_studio.session.session import Session
from tests.sedd_studio.scene import Scene

pytestmark = pytest.mark.usefixtures("qapp")
Change = Callable[[dict[str, np.ndarray]], None]


@pytest.fixture(params=["absorb", "uniform"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Trajectory:
    """Three samples of a scripted run of 40 steps."""
    scene = Scene(tmp_path, request.param)
    scene.run(steps=40, samples=3)
    scene.play(40)
    return finished(scene.session)


def finished(session: Session) -> Trajectory:
    run = session.view.run
    assert run is not None
    return run


def assert_same(run: Trajectory, other: Trajectory) -> None:
    assert other.recorded == run.recorded
    for step in range(run.recorded + 1):
        for sample in range(run.samples):
            np.testing.assert_array_equal(other.at(step, sample), run.at(step, sample))
    assert other.moments == run.moments
    assert other.result == run.result
    np.testing.assert_array_equal(other.locked, run.locked)
    assert run.origin is not None
    assert other.origin is not None
    assert other.origin.info == run.origin.info
    assert other.origin.made == run.origin.made
    assert other.origin.tokenizer.fingerprint == run.origin.tokenizer.fingerprint
    for name, value in asdict(run.origin.request).items():
        np.testing.assert_array_equal(getattr(other.origin.request, name), value)


def test_every_frame_and_all_that_makes_the_run_again_come_back(run: Trajectory, tmp_path: Path) -> None:
    save_run(tmp_path / "run.sedd", run)
    assert_same(run, open_run(tmp_path / "run.sedd"))


def test_a_run_that_was_stopped_comes_back_as_far_as_it_came(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.run(steps=40)
    run = finished(scene.session)
    assert_same(run, decode(encode(run)))
    scene.play(7)
    again = decode(encode(run))
    assert_same(run, again)
    assert again.recorded == 7
    assert again.result is None


def altered(run: Trajectory, change: Change) -> bytes:
    arrays = dict(load(zlib.decompress(encode(run)[len(MARK) :])))
    change(arrays)
    return MARK + zlib.compress(save(arrays))


def about(**entries: object) -> Change:
    def change(arrays: dict[str, np.ndarray]) -> None:
        values = json.loads(arrays["about"].tobytes()) | entries
        arrays["about"] = np.frombuffer(json.dumps(values).encode(), np.uint8)

    return change


def entry(name: str, value: int) -> Change:
    def change(arrays: dict[str, np.ndarray]) -> None:
        array = arrays[name].copy()
        array.flat[-1] = value
        arrays[name] = array

    return change


def within(group: str, entries: dict[str, object]) -> Change:
    """Other entries of a group of what is told in JSON."""

    def change(arrays: dict[str, np.ndarray]) -> None:
        about(**{group: json.loads(arrays["about"].tobytes())[group] | entries})(arrays)

    return change


def asked(**entries: object) -> Change:
    return within("request", entries)


def described(**entries: object) -> Change:
    return within("model", entries)


def moment(column: int, value: float) -> Change:
    def change(arrays: dict[str, np.ndarray]) -> None:
        moments = arrays["moments"].copy()
        moments[3, column] = value
        arrays["moments"] = moments

    return change


@pytest.mark.parametrize(
    "change",
    [
        entry("token", 10_000),
        entry("position", 10_000),
        entry("sample", -1),
        entry("began", -1),
        entry("tokens", 10_000),
        entry("counts", -1),
        entry("counts", 2**31 - 1),
        lambda arrays: arrays.pop("moments"),
        lambda arrays: arrays.update(locked=np.zeros(3, np.uint8)),
        lambda arrays: arrays.update(began=np.zeros(5, np.int32)),
        lambda arrays: arrays.update(tokenizer=np.zeros(5, np.uint8)),
        lambda arrays: arrays.update(about=np.frombuffer(b"[]", np.uint8)),
        about(steps=3),
        about(model={}),
        about(request=None),
        lambda arrays: arrays.update(about=np.frombuffer(b"[" * 100_000, np.uint8)),
        asked(limits=[[0, 10**9, [1]]]),
        asked(limits=[[3, 2, [1]]]),
        asked(limits=[[0, 1, [10**6]]]),
        asked(limits=[[0, 1, ["fox", 1]]]),
        asked(limits=[[0, 1, [" "]]]),
        asked(banned=[-1]),
        asked(words=[None]),
        asked(words=["fox" * 10_000]),
        asked(words=["fox"] * 10_000),
        asked(steps=10**15),
        asked(samples=3),
        asked(first_step=0),
        asked(temperature=-1.0),
        described(mask_id=[1]),
        described(mask_id=7),
        described(facts=None),
        described(facts={"domain": 3}),
        described(path=None),
        described(path="a\0b"),
        described(length=3),
        described(noise="loud"),
        about(steps=10**15),
        about(made="yesterday"),
        about(result={"calls": float("inf"), "seconds": 1.0}),
        about(result={"calls": 1, "seconds": "long"}),
        about(result={"calls": 1, "seconds": 1.0, "log_weights": [0.0] * 9}),
        moment(0, np.nan),
        moment(1, -1.0),
        moment(2, np.inf),
        moment(3, np.nan),
    ],
)
def test_a_file_that_does_not_fit_together_is_refused(tmp_path: Path, change: Change) -> None:
    scene = Scene(tmp_path)
    scene.run(steps=12)
    scene.play(12)
    with pytest.raises(UserError, match="damaged"):
        decode(altered(finished(scene.session), change))


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.run(steps=12)
    scene.play(12)
    content = encode(finished(scene.session))
    for length in (0, 3, len(MARK), len(MARK) + 1, len(content) // 2, len(content) - 1):
        with pytest.raises(UserError):
            decode(content[:length])


def test_a_file_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runfile, "LARGEST", 1000)
    with pytest.raises(UserError, match="damaged"):
        decode(MARK + zlib.compress(bytes(100_000)))


def test_entries_of_a_later_version_are_left_out(run: Trajectory) -> None:
    request = json.loads(load(zlib.decompress(encode(run)[len(MARK) :]))["about"].tobytes())["request"]
    assert_same(run, decode(altered(run, about(request=request | {"courage": 3}, mood="calm"))))


def test_what_cannot_be_read_or_written_is_named(run: Trajectory, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.sedd cannot be read"):
        open_run(tmp_path / "absent.sedd")
    with pytest.raises(UserError, match="choose another place"):
        save_run(tmp_path / "absent" / "run.sedd", run)
    (tmp_path / "story.sedd").write_text("Once upon a time")
    with pytest.raises(UserError, match=r"story\.sedd: This is no run file"):
        open_run(tmp_path / "story.sedd")


def test_a_run_that_could_not_be_opened_again_is_not_saved(
    run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runfile, "LARGEST", 1000)
    with pytest.raises(UserError, match="fewer steps or samples"):
        save_run(tmp_path / "run.sedd", run)
    assert not (tmp_path / "run.sedd").exists()


def test_what_a_file_says_of_its_sizes_is_looked_at_before_it_is_unpacked() -> None:
    """A table that announces a terabyte, and one whose data go on for a gigabyte, are refused without either."""
    large = json.dumps({"about": {"dtype": "U8", "shape": [2**40], "data_offsets": [0, 2**40]}}).encode()
    small = json.dumps({"about": {"dtype": "U8", "shape": [9], "data_offsets": [0, 9]}}).encode()
    stream = zlib.compressobj()
    bomb = stream.compress(len(small).to_bytes(8, "little") + small)
    bomb += b"".join(stream.compress(bytes(2**20)) for _ in range(1024)) + stream.flush()
    for body in (zlib.compress(len(large).to_bytes(8, "little") + large), bomb, zlib.compress(b"\xff" * 8)):
        tracemalloc.start()
        with pytest.raises(UserError, match="damaged"):
            decode(MARK + body)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 2**25


def test_only_a_regular_file_of_a_sane_size_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.sedd")
    with (tmp_path / "sparse.sedd").open("wb") as file:
        file.truncate(2**33)
    for path in (tmp_path / "pipe.sedd", tmp_path / "sparse.sedd", tmp_path, Path("/dev/zero")):
        with pytest.raises(UserError, match="cannot be read"):
            open_run(path)
