"""What is in the place of a file, and weights that ask for more than they hold: answered in a sentence, and soon."""

from __future__ import annotations

import json
import os
import resource
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.models.loading import build
from engine.models.stored import MOST_TENSORS, unwrapped
from engine.protocol import UserError
from tests.hostile.folders import template, use
from tests.hostile.fuzz import is_soon

KINDS = ("families/mdlm", "diffugpt", "absorb-training-run", "lightning", "proteins", "shards", "causal", "pair", "own")
MEGABYTES = 200
CONFIG, WEIGHTS = "config.json", "model.safetensors"


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link(to: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(to)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(6 * 2**30)


INSTEAD: dict[str, Callable[[Path], object]] = {
    "a pipe": pipe,
    "a device": link("/dev/zero"),
    "a terminal": link("/dev/ptmx"),
    "what leads nowhere": link("/nowhere/file"),
    "what leads outside": link("/etc/passwd"),
    "a folder": Path.mkdir,
    "nothing": Path.touch,
    "what is very long": sparse,
}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_stands_in_the_place_of_a_file_is_answered(tmp_path: Path, kind: str) -> None:
    whole, number = template(kind), 0
    use(whole)  # which imports what it needs
    for file in sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file()):
        for put in (*INSTEAD.values(), link(file.name)):  # the last leads to itself
            number += 1
            folder = Path(shutil.copytree(whole, tmp_path / str(number)))
            (folder / file).unlink()
            put(folder / file)
            answered(folder)
            shutil.rmtree(folder)


def answered(folder: Path) -> None:
    """The folder is opened, or refused in a sentence, soon and without much memory."""
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with suppress(UserError):
        use(folder)
    assert is_soon(time.process_time() - began)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES << 10


def changed(folder: Path, **entries: object) -> None:
    (folder / CONFIG).write_text(json.dumps(json.loads((folder / CONFIG).read_text()) | entries))


def announce(folder: Path, shapes: dict[str, list[int]]) -> None:
    """Weights of zeros that lie nowhere on the disk."""
    table, at = {}, 0
    for name, shape in shapes.items():
        size = 4 * torch.Size(shape).numel()
        table[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    header = json.dumps(table).encode()
    with (folder / WEIGHTS).open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + at)


def two_large_matrices(folder: Path) -> None:
    announce(folder, {name: [300_000, 4096] for name in ("model.embed_tokens.weight", "lm_head.weight")})
    changed(folder, vocab_size=300_000, hidden_size=4096)


def a_large_bias(folder: Path) -> None:
    announce(folder, {"blocks.0.norm1.bias": [10**9]})


def many_arrays(folder: Path) -> None:
    save_file({f"x{k}": torch.zeros(0) for k in range(MOST_TENSORS + 1)}, folder / WEIGHTS)


def names_of_many_parts(folder: Path) -> None:
    save_file({f"{'x.' * 500_000}{k}": torch.zeros(1) for k in range(2)}, folder / WEIGHTS)


def a_long_name(folder: Path) -> None:
    save_file(load_file(folder / WEIGHTS) | {"x" * 100_000: torch.zeros(1)}, folder / WEIGHTS)


def many_sizes(folder: Path) -> None:
    weights: dict[str, Any] = load_file(folder / WEIGHTS)
    name = next(iter(weights))
    save_file(weights | {name: torch.zeros([1] * 3000)}, folder / WEIGHTS)


def wide_modulations(folder: Path) -> None:
    told = json.loads((folder / CONFIG).read_text())
    changed(folder, model=told["model"] | {"cond_dim": 16_000})


def blocks_longer_than_a_text(folder: Path) -> None:
    changed(folder, block_size=json.loads((folder / CONFIG).read_text())["model_length"] + 1)


def index(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        file = folder / f"{WEIGHTS}.index.json"
        told = json.loads(file.read_text())
        told["weight_map"][next(iter(told["weight_map"]))] = name
        file.write_text(json.dumps(told))

    return spoil


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("a2d-qwen3", two_large_matrices),
        ("families/radd", a_large_bias),
        ("families/radd", wide_modulations),
        ("families/mdlm", many_arrays),
        ("families/mdlm", names_of_many_parts),
        ("families/mdlm", a_long_name),
        ("families/mdlm", many_sizes),
        ("families/bd3lm", blocks_longer_than_a_text),
        *(("shards", index(name)) for name in ("x" * 5000, "\0", "../model.safetensors", "")),
    ],
)
def test_what_asks_for_more_than_there_is_is_answered(tmp_path: Path, kind: str, spoil: Callable[[Path], None]) -> None:
    folder = Path(shutil.copytree(template(kind), tmp_path / "model"))
    spoil(folder)
    answered(folder)
    if spoil is not wide_modulations:  # which this network does not have
        with pytest.raises(UserError):
            build(folder)


def test_names_are_what_differs_behind_what_all_begin_with() -> None:
    one = torch.zeros(1)
    found = unwrapped({"module.a.b.x.w": one, "module.a.b.y": one, "module.a._orig_mod.b.z.w": one}, Path("x"))
    assert set(found) == {"x.w", "y", "z.w"}
    assert set(unwrapped({"a.b": one}, Path("x"))) == {"b"}
    assert not unwrapped({}, Path("x"))
