"""Runs as files, and what carries them: how they are damaged, and small files that ask for much."""

from __future__ import annotations

import base64
import io
import json
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from engine.runs.carried import read_run
from engine.runs.map_drawing import drawn
from engine.runs.map_modes import MAP_MODES
from engine.runs.runfile import MARK
from sedd_studio.record.exports import as_csv, as_html, as_json
from sedd_studio.record.form import Form
from tests.hostile.damage import bytewise, in_json

DATA = Path(__file__).parents[1] / "data"
RUN, LEFT_TO_RIGHT = (DATA / name for name in ("run.sedd", "left-to-right.sedd"))


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    return MARK + zlib.compress(save(arrays), 1)


def in_about(content: bytes, draw: random.Random) -> bytes:
    """What a run file tells in JSON is damaged: itself, or the tokenizer."""
    arrays = dict(load(zlib.decompress(content[len(MARK) :])))
    name = draw.choice(("about", "about", "about", "tokenizer"))
    arrays[name] = np.frombuffer(in_json(arrays[name].tobytes(), draw), np.uint8)
    return packed(arrays)


def in_arrays(content: bytes, draw: random.Random) -> bytes:
    """Some numbers of a run file are damaged, or the size or the kind of an array."""
    arrays = dict(load(zlib.decompress(content[len(MARK) :])))
    name = draw.choice(sorted(arrays))
    array = arrays[name].copy()
    match draw.randrange(5):
        case 0:
            del arrays[name]
        case 1:
            arrays[name] = np.resize(array, draw.choice(((0,), (1,), (7,), (0, 3), (300, 300), (2, 2, 2), (10**6,))))
        case 2:
            arrays[name] = array.astype(draw.choice((np.float64, np.int64, np.uint8, np.int32, np.float16)))
        case _ if array.size:
            extremes = (0, -1, 2**31 - 1, 255) if array.dtype.kind in "iu" else (np.nan, np.inf, -np.inf, 1e300, -1)
            for _ in range(draw.choice((1, 3, 50))):
                value = np.array(draw.choice(extremes)).astype(array.dtype)
                array.flat[draw.randrange(array.size)] = value
            arrays[name] = array
    return packed(arrays)


def in_table(content: bytes, draw: random.Random) -> bytes:
    """The table of a run file's arrays is damaged, or the bytes before they are compressed."""
    data = zlib.decompress(content[len(MARK) :])
    if draw.random() < 0.5:
        return MARK + zlib.compress(bytewise(data, draw), 1)
    size = int.from_bytes(data[:8], "little")
    table = in_json(data[8 : 8 + size], draw)
    return MARK + zlib.compress(len(table).to_bytes(8, "little") + table + data[8 + size :], 1)


def run_bombs() -> list[bytes]:
    """Zeros that unfold to gigabytes, tables that announce them, runs of as many positions and steps as may be."""
    stream = zlib.compressobj(1)
    zeros = b"".join(stream.compress(bytes(2**24)) for _ in range(64)) + stream.flush()
    found = [MARK + zeros]
    for size in (2**27 - 2**20, 2**40):
        table = json.dumps({"token": {"dtype": "I32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
        stream = zlib.compressobj(1)
        body = stream.compress(len(table).to_bytes(8, "little") + table)
        found.append(MARK + body + b"".join(stream.compress(bytes(2**20)) for _ in range(127)) + stream.flush())
    arrays = dict(load(zlib.decompress(RUN.read_bytes()[len(MARK) :])))
    about = json.loads(arrays["about"].tobytes())
    for request, more in (
        ({"limits": [[0, 10**9, [1]]]}, {}),
        ({"limits": [[k, k + 1, list(range(200))] for k in range(50_000)]}, {}),
        ({"limits": [[0, 2, ["fox" * 10**6]], [2, 3, ["a", 1]], [3, 4, [""]]]}, {}),
        ({"words": ["fox"] * 100_000}, {}),
        ({"steps": 10**15}, {"steps": 10**15}),
        ({"steps": 65_536}, {"steps": 65_536}),
    ):
        told = about | {"request": about["request"] | request} | more
        found.append(packed(arrays | {"about": np.frombuffer(json.dumps(told).encode(), np.uint8)}))
    deep = np.frombuffer(b"[" * 10**6, np.uint8)
    return [*found, packed(arrays | {"about": deep}), packed(arrays | {"tokenizer": deep})]


RUN_DAMAGES = (bytewise, in_about, in_about, in_arrays, in_table)


def look_at_run(path: Path) -> None:
    """Opens a run as the window does, and asks all of it that is shown and exported."""
    run = read_run(path)
    assert run.origin is not None
    Form.entries_of(run.origin.request, run.origin.info.noise)
    for sample in range(run.samples):
        run.settled_curve(sample)
        run.at(run.recorded // 2, sample)
    for text in (as_json(run, run.recorded), as_csv(run), as_html(run), drawn(run, 0, MAP_MODES["state"])):
        text.encode()


def long_runs() -> list[bytes]:
    """A run of as many positions and steps as there may be, none of which was made."""
    arrays = dict(load(zlib.decompress(RUN.read_bytes()[len(MARK) :])))
    about = json.loads(arrays["about"].tobytes())
    most, began = 65_536, about | {"steps": 65_536, "result": None}
    began["request"] = about["request"] | {"steps": most, "samples": 1, "limits": []}
    began["model"] = about["model"] | {"length": most}
    none = np.zeros(0, np.int32)
    long: dict[str, np.ndarray] = {
        "about": np.frombuffer(json.dumps(began).encode(), np.uint8),
        "tokens": np.full(most, -1, np.int32),
        "began": np.full((1, most), about["model"]["mask_id"], np.int32),
        "locked": np.zeros(most, np.uint8),
        "counts": none,
        "moments": np.array([[1.0, 7.0, 0.0, 0.0]]),
        **dict.fromkeys(("sample", "position", "token"), none),
    }
    return [packed(arrays | long)]


# ---- what carries a run


def picture(form: str) -> Callable[[], list[bytes]]:
    """A small picture that carries a run."""

    def make() -> list[bytes]:
        from PIL import Image
        from PIL.PngImagePlugin import PngInfo

        carried, about, out = base64.b64encode(RUN.read_bytes()), PngInfo(), io.BytesIO()
        about.add_text("sedd-run", carried.decode())
        more: dict[str, Any] = {"PNG": {"pnginfo": about}, "GIF": {"comment": carried}, "WEBP": {"xmp": carried}}
        Image.new("P", (8, 8)).convert("P" if form == "GIF" else "RGB").save(out, form, **more[form])
        return [out.getvalue()]

    return make


def film() -> list[bytes]:
    """A film of one picture that carries a run."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        container.metadata["comment"] = base64.b64encode(RUN.read_bytes()).decode()
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    return [out.getvalue()]


def picture_bombs() -> list[bytes]:
    """Pictures that say that they are as large as can be said."""
    gif = b"GIF89a\xff\xff\xff\xff\xf7\0\0" + bytes(768) + b",\0\0\0\0\xff\xff\xff\xff\0\x08\xff" + bytes(255)
    head = b"IHDR" + b"\x7f\xff\xff\xff" * 2 + b"\x08\x06\0\0\0"
    text = b"zTXtsedd-run\0\0" + zlib.compress(bytes(2**28), 9)
    chunks = b"".join(len(part[4:]).to_bytes(4) + part + zlib.crc32(part).to_bytes(4) for part in (head, text))
    webp = b"RIFF\xff\xff\xff\xffWEBPVP8X\x0a\0\0\0\x02\0\0\0" + b"\xff" * 6
    return [gif, b"\x89PNG\r\n\x1a\n" + chunks, webp]
