"""Where a folder should hold a file there is a pipe, a device, a folder, or nothing but a large size: nothing hangs."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.performing.engine import Engine
from engine.protocol import Failed, LoadModel
from sedd_studio.session import model_folders
from tests.hostile.folders import template
from tests.patience import PATIENCE

MEGABYTES = 200


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(6 * 2**30)


def locked(path: Path) -> None:
    path.symlink_to("/proc/self/mem")


@pytest.fixture(autouse=True)
def _nothing_hangs() -> Iterator[None]:
    signal.alarm(int(PATIENCE))
    yield
    signal.alarm(0)


@pytest.mark.parametrize("odd", [pipe, device, folder, sparse, locked])
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("own", "config.json"),
        ("own", "model.safetensors"),
        ("own", "tokenizer.json"),
        ("own", "origin.json"),
        ("pair", "vocab.json"),
        ("pickled", "pytorch_model.bin"),
        ("absorb-training-run", ".hydra/config.yaml"),
        ("absorb-training-run", "checkpoints-meta/checkpoint.pth"),
        ("causal", "config.json"),
        ("causal", "model.safetensors"),
        ("causal", "model.safetensors.index.json"),
        ("causal", "tokenizer.json"),
        ("causal", "tokenizer_config.json"),
        ("causal", "generation_config.json"),
    ],
)
def test_what_is_no_file_of_its_size_is_refused_or_passed_over(
    tmp_path: Path, kind: str, name: str, odd: Callable[[Path], None]
) -> None:
    place = Path(shutil.copytree(template(kind), tmp_path / "model"))
    (*_,) = Engine().perform(1, LoadModel(str(place), "cpu", "fp32"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (place / name).unlink(missing_ok=True)
    odd(place / name)
    model_folders.is_model(place)
    model_folders.noise_of(place)
    (event,) = Engine().perform(1, LoadModel(str(place), "cpu", "fp32"))
    if isinstance(event, Failed):
        assert not event.detail
        assert "\n" not in event.headline
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES * 2**10
