"""Run files: what was saved comes back whole, without any model, and what is no run is refused in a sentence."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from engine.protocol import UserError
from sedd_studio.record import runfile
from sedd_studio.record.runfile import MARK, decode, encode, open_run, save_run
from sedd_studio.record.trajectory import Trajectory
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
    assert_same(run, decode(altered(run, about(request=request | {"guidance": 3}, mood="calm"))))


def test_what_cannot_be_read_or_written_is_named(run: Trajectory, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.sedd cannot be read"):
        open_run(tmp_path / "absent.sedd")
    with pytest.raises(UserError, match="choose another place"):
        save_run(tmp_path / "absent" / "run.sedd", run)
    (tmp_path / "story.sedd").write_text("Once upon a time")
    with pytest.raises(UserError, match=r"story\.sedd: This is no run file"):
        open_run(tmp_path / "story.sedd")
