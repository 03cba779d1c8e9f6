"""Files of weights: how they are damaged beyond their bytes, with code in them, small ones that ask for much."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, load_file, save

from tests.hostile.damage import bytewise, in_json

GOLDEN = Path(__file__).parents[1] / "golden"
CANARY = Path(tempfile.gettempdir()) / f"canary-{os.getpid()}"
"""What code in a file would make."""
Weights = dict[Any, Any]


class Call:
    """Asks for a call when it is read."""

    def __init__(self, call: Callable[..., object], *given: object) -> None:
        self._call, self._given = call, given

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call, self._given


TOUCH = f"open({str(CANARY)!r}, 'w')"
CALLS = (
    Call(os.system, f"touch {CANARY}"),
    Call(os.mkdir, str(CANARY)),
    Call(subprocess.check_output, ["touch", str(CANARY)]),
    Call(eval, TOUCH),
    Call(exec, TOUCH),
    Call(Path.touch, CANARY),
    Call(torch.Tensor, 10**9),
    Call(bytearray, 10**9),
)


def saved(state: Any) -> bytes:
    """As torch writes it."""
    out = io.BytesIO()
    torch.save(state, out)
    return out.getvalue()


def small_weights() -> dict[str, torch.Tensor]:
    return dict(load_file(GOLDEN / "uniform-geometric" / "model.safetensors"))


def in_header(content: bytes, draw: random.Random) -> bytes:
    """The table of a file of safetensors is damaged."""
    size = int.from_bytes(content[:8], "little")
    table = in_json(content[8 : 8 + size], draw)
    length = draw.choice((len(table), len(table), 2**24, 2**40, 2**64 - 1))
    return length.to_bytes(8, "little") + table + content[8 + size :]


def in_records(content: bytes, draw: random.Random) -> bytes:
    """A record of torch's archive is damaged, packed, missing or there twice."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w") as changed:
        names = archive.namelist()
        chosen = draw.choice([name for name in names if name.endswith(".pkl")] * 8 + names)
        for name in names:
            data = archive.read(name)
            if name == chosen:
                data = draw.choice((bytewise(data or b"\0", draw), b"", data))
                packed = zipfile.ZIP_DEFLATED if draw.random() < 0.2 else zipfile.ZIP_STORED
                if draw.random() < 0.1:
                    continue
                changed.writestr(name, data, packed)
            else:
                changed.writestr(name, data)
    return out.getvalue()


def in_tensors(content: bytes, draw: random.Random) -> bytes:
    """A weight has another shape, kind or place, or stands for far more numbers than the file holds."""
    state = torch.load(io.BytesIO(content), weights_only=True)
    weights: dict[Any, Any] = state.get("model", state)
    name = draw.choice(sorted(weights))
    weight = weights[name]
    others: tuple[Callable[[], Any], ...] = (
        lambda: torch.zeros(1).as_strided((10**5, 10**5), (0, 0)),
        lambda: torch.zeros(1).expand(weight.shape),
        lambda: weight.to(draw.choice((torch.float64, torch.int64, torch.bool, torch.complex64, torch.float16))),
        lambda: weight.flatten()[:0],
        lambda: weight * float("nan"),
        lambda: weight.to_sparse(),
        lambda: torch.empty(weight.shape, device="meta"),
        lambda: {"deep": [[weight]]},
        lambda: None,
        lambda: "x" * 10**6,
    )
    weights[name] = draw.choice(others)()
    if "ema" in state and draw.random() < 0.5:
        state["ema"]["shadow_params"] = draw.choice(others)()
    if "step" in state and draw.random() < 0.3:
        state["step"] = draw.choice((10**400, "x" * 10**5, None, [1] * 1000, float("nan")))
    out = io.BytesIO()
    torch.save(state, out)
    return out.getvalue()


# ---- weights, whatever keeps them


def spoilt(weights: Weights, draw: random.Random) -> Weights:
    """Some weights have other shapes, kinds or values, other names, or none; some are there twice."""
    for _ in range(draw.choice((1, 1, 2))):
        name = draw.choice(sorted(weights))
        weight = weights[name]
        match draw.randrange(8):
            case 0:
                del weights[name]
            case 1:
                weights = {draw.choice(PREFIXES) + each: value for each, value in weights.items()}
            case 2:
                prefixed = {draw.choice(PREFIXES) + each: value for each, value in weights.items()}
                weights = weights | {each: prefixed[each] for each in draw.sample(sorted(prefixed), len(prefixed) // 2)}
            case 3:
                weights[draw.choice(NAMES)] = weights.pop(name) if draw.random() < 0.5 else weight.clone()
            case 4:
                weights[name] = draw.choice(SHAPES)(weight)
            case 5:
                weights[name] = weight.to(draw.choice(KINDS))
            case 6:
                weights[name] = torch.full_like(weight, draw.choice((float("nan"), float("inf"), -3e38, 3e38)))
            case _:
                other = draw.choice(sorted(weights))
                weights[name], weights[other] = weights[other].clone(), weight.clone()
        if not weights:
            break
    return weights


PREFIXES = ("backbone.", "model.", "module.", "_orig_mod.", "denoise_model.", "esm.", "net.", "ema.", ".", "a.b.c.")
NAMES = (
    "",
    "x" * 100_000,
    "\x1b[2Jmodel",
    "a\nb",
    "lm_head.weight",
    "decoder.weight",
    "noise.x",
    "teacher.x",
    "..",
    "\0",
)
KINDS = (torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.bool, torch.uint8)
SHAPES: tuple[Callable[[torch.Tensor], torch.Tensor], ...] = (
    lambda weight: weight.permute(*reversed(range(weight.ndim))).contiguous(),
    lambda weight: weight[None].clone(),
    lambda weight: weight.flatten(),
    lambda weight: weight[:1].clone(),
    lambda weight: weight[:0].clone(),
    lambda weight: weight.repeat(2, *[1] * (weight.ndim - 1)) if weight.ndim else weight,
    lambda weight: weight.flatten()[0].clone(),
    lambda weight: weight.reshape(*[1] * 60, *weight.shape),
)


def in_weights(content: bytes, draw: random.Random) -> bytes:
    """The weights of a file of safetensors are spoilt."""
    return save({name: weight.clone() for name, weight in spoilt(load(content), draw).items()})


def in_pickle(content: bytes, draw: random.Random) -> bytes:
    """The weights of torch's archive are spoilt, or code stands where one was."""
    weights: Weights = torch.load(io.BytesIO(content), weights_only=True)
    if draw.random() < 0.3:
        weights[draw.choice([*sorted(weights), "more"])] = draw.choice(CALLS)
        return saved(weights)
    return saved(spoilt(weights, draw))


def shards(folder: Path) -> None:
    """Cuts the weights of a folder into two parts with an index."""
    weights = load_file(folder / "model.safetensors")
    names, index = sorted(weights), dict[str, str]()
    for number, part in enumerate((names[::2], names[1::2]), 1):
        file = f"model-0000{number}-of-00002.safetensors"
        (folder / file).write_bytes(save({name: weights[name] for name in part}))
        index |= dict.fromkeys(part, file)
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))


def in_index(content: bytes, draw: random.Random) -> bytes:
    """Parts that an index names are elsewhere, or not there."""
    told = json.loads(content)
    name = draw.choice(sorted(told["weight_map"]))
    told["weight_map"][name] = draw.choice(
        ("../model.safetensors", "/dev/zero", "", ".", "x" * 5000, "config.json", "\0")
    )
    return json.dumps(told).encode()


# ---- bombs


def pickle_bombs() -> list[bytes]:
    """Archives of zeros that unfold, tensors that stand for more than is there, long pickles."""
    out, long = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a/data.pkl", "a/version", "a/data/0"):
            with archive.open(name, "w") as record:
                for _ in range(32):
                    record.write(bytes(2**24))
    with zipfile.ZipFile(long, "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02" + b"]" * 10**7 + b".")
        archive.writestr("a/version", b"3\n")
    weights = small_weights()
    shared = torch.zeros(2**20)
    bombs: list[Any] = [
        {name: torch.zeros(1).expand(weight.shape) for name, weight in weights.items()},
        {name: torch.zeros(1).as_strided((10**6, 10**6), (0, 0)) for name in weights},
        {f"{k}": shared for k in range(20_000)},
    ]
    found = []
    for bomb in bombs:
        file = io.BytesIO()
        torch.save(bomb, file)
        found.append(file.getvalue())
    return [out.getvalue(), long.getvalue(), *found, forge(weights)]


def forge(weights: dict[str, torch.Tensor]) -> bytes:
    """An archive whose weights are said to be far longer than their records."""
    file, out = io.BytesIO(), io.BytesIO()
    torch.save(weights, file)
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(out, "w") as changed:
        for name in archive.namelist():
            data = archive.read(name)
            changed.writestr(name, data[:64] if "/data/" in name else data)
    return out.getvalue()


def safetensors_bombs() -> list[bytes]:
    """Tables that announce what is not there."""
    table = json.dumps({"x": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    empty = save({"x": torch.zeros(0, 10**9)})
    return [len(table).to_bytes(8, "little") + table, empty, (2**63).to_bytes(8, "little"), b"\0" * 2**26]
