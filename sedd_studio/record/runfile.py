"""Run files: a recorded run with all that it takes to replay it without a model, and to make it again.

A file is a mark, then a compressed safetensors table: what changed in each step, and as JSON the request, the model's
description with its weights' hash, the versions, and the tokenizer. Nothing in it is run. What a file holds is checked
before it is believed.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from engine.files import write_whole
from engine.language.tokenizers import tokenizer_from
from engine.protocol import FREE, Finished, Frame, Generate, ModelInfo, Started, UserError, frozen
from engine.strict_json import to_json
from sedd_studio.record.trajectory import Origin, Trajectory

SUFFIX = ".sedd"
MARK = b"SEDD run 1\n"
LARGEST = 2**30
"""Bytes that a file may have when unpacked."""
RECORDED_VERSIONS = ("sedd-studio", "torch", "tokenizers", "numpy")
ARRAYS = ("tokens", "start")
"""Entries of a request that are kept as arrays and not as JSON."""

Arrays = dict[str, np.ndarray]
T = TypeVar("T")


def save_run(path: Path, run: Trajectory) -> None:
    """Writes the run to `path`, whole or not at all; a UserError if the place cannot be written."""
    try:
        write_whole(path, encode(run))
    except OSError as error:
        raise UserError(f"The run cannot be saved to {path} ({error.strerror}); choose another place.") from error


def open_run(path: Path) -> Trajectory:
    """The run in the file at `path`; a UserError says what is wrong with it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); choose another run file.") from error
    try:
        return decode(content)
    except UserError as error:
        raise UserError(f"{path.name}: {error}") from error


def encode(run: Trajectory) -> bytes:
    """The bytes of a run that knows its origin."""
    if run.origin is None:
        raise ValueError("a run without its origin cannot be made again")
    origin, changes = run.origin, run.changes
    request = {name: value for name, value in asdict(origin.request).items() if name not in ARRAYS}
    about = {
        "request": request,
        "model": asdict(origin.info),
        "made": origin.made,
        "versions": versions(),
        "sampler": run.started.sampler,
        "first_step": run.started.first_step,
        "steps": run.steps,
        "result": None if run.result is None else asdict(run.result),
    }
    arrays: Arrays = {
        "tokens": origin.request.tokens.astype(np.int32),
        "began": run.started.tokens.astype(np.int32),
        "locked": run.locked.astype(np.uint8),
        "counts": np.array([len(sample) for sample, _, _ in changes], np.int32),
        "moments": np.array([[m.time, m.sigma, m.calls, m.seconds] for m in run.moments], np.float64),
        "about": text_array(to_json(about)),
        "tokenizer": text_array(origin.tokenizer.to_json()),
    }
    for k, name in enumerate(("sample", "position", "token")):
        arrays[name] = np.concatenate([np.empty(0, np.int64), *(change[k] for change in changes)]).astype(np.int32)
    if origin.request.start is not None:
        arrays["start"] = origin.request.start.astype(np.int32)
    return MARK + zlib.compress(save(arrays), 6)


def decode(content: bytes) -> Trajectory:
    """The run of `encode`; a UserError for anything else."""
    if not content.startswith(MARK):
        raise UserError("This is no run file of SEDD Studio, or one of a newer version; choose another file.")
    try:
        arrays = load(unpacked(content[len(MARK) :]))
        about = json.loads(array_text(arrays["about"]))
        return rebuild(arrays, about)
    except UserError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, SafetensorError, zlib.error) as error:
        raise UserError("The run file is damaged; use a whole copy.") from error


def unpacked(body: bytes) -> bytes:
    """What was compressed; a ValueError if it is cut short or larger than any run."""
    stream = zlib.decompressobj()
    data = stream.decompress(body, LARGEST)
    if not stream.eof:
        raise ValueError("cut short, or too large")
    return data


def rebuild(arrays: Arrays, about: Mapping[str, Any]) -> Trajectory:
    """The run from its parts; a ValueError where they do not fit together."""
    tokenizer = tokenizer_from(array_text(arrays["tokenizer"]))
    info = record(ModelInfo, about["model"])
    start = frozen(arrays["start"]) if "start" in arrays else None
    request = record(Generate, about["request"], tokens=frozen(arrays["tokens"]), start=start)
    began, steps = frozen(arrays["began"]), int(about["steps"])
    states = tokenizer.vocabulary + (info.mask_id is not None)
    same_length = {array.shape[-1] for array in (began, request.tokens, arrays["locked"])}
    if began.ndim != 2 or not began.size or len(same_length) > 1 or len(arrays["counts"]) > steps:
        raise ValueError("sizes differ")
    check_range(began, 0, states)
    check_range(request.tokens, FREE, tokenizer.vocabulary)
    locked = arrays["locked"].astype(bool)
    sampler, first = str(about["sampler"]), int(about["first_step"])
    started = Started(0, began, locked, steps, float(arrays["moments"][0, 1]), first, sampler)
    run = Trajectory(started, info.mask_id, Origin(request, info, tokenizer, str(about["made"])))
    add_frames(run, arrays, states)
    if about["result"] is not None:
        weights = (math.nan if weight is None else float(weight) for weight in about["result"].get("log_weights", ()))
        run.result = record(Finished, about["result"] | {"log_weights": tuple(weights)})
    return run


def add_frames(run: Trajectory, arrays: Arrays, states: int) -> None:
    """Appends the frames of a file; a ValueError where one points outside the run."""
    counts, moments = arrays["counts"], arrays["moments"]
    bounds = {"sample": run.samples, "position": run.length, "token": states}
    if counts.min(initial=0) < 0 or len(moments) != len(counts) + 1:
        raise ValueError("steps and moments differ in number")
    for name, bound in bounds.items():
        check_range(arrays[name], 0, bound)
        if len(arrays[name]) != counts.sum():
            raise ValueError(f"{name} does not fit the steps")
    for step, (stop, count) in enumerate(zip(counts.cumsum(), counts, strict=True), start=1):
        sample, position, token = (frozen(arrays[name][stop - count : stop]) for name in bounds)
        time, sigma, calls, seconds = moments[step].tolist()
        run.append(Frame(0, step, time, sigma, sample, position, token, int(calls), seconds))


def check_range(array: np.ndarray, low: int, high: int) -> None:
    """A ValueError unless every entry is at least `low` and less than `high`."""
    if array.size and not low <= array.min() <= array.max() < high:
        raise ValueError("an entry is out of range")


def record(kind: type[T], values: Mapping[str, Any], **more: Any) -> T:
    """A message from its JSON: lists were tuples; entries that this version does not know are left out."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    plain = {name: as_tuple(value) for name, value in values.items() if name in known}
    return kind(**plain, **more)


def as_tuple(value: Any) -> Any:
    """Lists as tuples, all the way down."""
    return tuple(as_tuple(item) for item in value) if isinstance(value, list) else value


def text_array(text: str) -> np.ndarray:
    """A text as an array of bytes."""
    return np.frombuffer(text.encode(), np.uint8)


def array_text(array: np.ndarray) -> str:
    """The text of `text_array`."""
    return array.tobytes().decode()


def versions() -> dict[str, str]:
    """The versions that a run depends on."""
    import importlib.metadata  # takes as long as a thirtieth of the start, which does not need it

    return {name: importlib.metadata.version(name) for name in RECORDED_VERSIONS}
