"""Weights in a file of safetensors are mapped as its library maps them, and nothing is left of them."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.models.stored import contents

KINDS = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
ARRAYS = 400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def assert_as_the_library_reads(path: Path) -> None:
    found, expected = contents(path), load_file(path)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert torch.equal(found[name], array)


def arrays(*kinds: torch.dtype) -> dict[str, torch.Tensor]:
    made = {f"{kind} {len(shape)}": torch.randn(shape).to(kind) for kind in kinds for shape in [(), (3,), (5, 1, 2)]}
    return made | {f"{kind} none": torch.zeros(0, 4, dtype=kind) for kind in kinds}


@pytest.mark.parametrize("kinds", [KINDS, KINDS[1:2], [*KINDS, torch.int64], []], ids=["all", "one", "others", "none"])
def test_arrays_of_every_kind_are_those_of_the_library(kinds: list[torch.dtype], path: Path) -> None:
    save_file(arrays(*kinds), path, {"format": "pt"})
    assert_as_the_library_reads(path)


@pytest.mark.parametrize("more", range(1, 8))
def test_arrays_at_odd_places_are_read_too(more: int, path: Path) -> None:
    save_file({"a": torch.arange(6.0).view(2, 3), "b": torch.arange(3).double()}, path)
    whole = path.read_bytes()
    size = int.from_bytes(whole[:8], "little")
    table = json.dumps(json.loads(whole[8 : 8 + size])).encode() + b" " * more
    path.write_bytes(len(table).to_bytes(8, "little") + table + whole[8 + size :])
    assert_as_the_library_reads(path)


def test_no_bytes_are_read_before_they_are_looked_at_and_none_are_changed_on_disk(path: Path) -> None:
    save_file({"a": torch.zeros(1000)}, path)
    before = path.read_bytes()
    contents(path)["a"].add_(1)
    assert path.read_bytes() == before


def test_nothing_is_left_of_a_file_that_was_read(path: Path) -> None:
    """The library leaves two numbers or more of each array: a day of opening models took tens of megabytes."""
    save_file({str(number): torch.zeros(1) for number in range(ARRAYS)}, path)

    def left() -> int:
        contents(path)
        gc.collect()
        return sys.getallocatedblocks()

    left()
    first = left()
    for _ in range(4):
        last = left()
    assert last - first < ARRAYS
