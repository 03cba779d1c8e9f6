"""Run files: a recorded run with all that it takes to replay it without a model, and to make it again.

A file is a mark, then a compressed safetensors table: what changed in each step, and as JSON the request, the model's
description with its weights' hash, the versions, and the tokenizer. Nothing in it is run. What a file holds is checked
before it is believed.
"""

from __future__ import annotations

import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from engine.files import read_bounded, write_whole
from engine.language.tokenizers import Tokenizer, tokenizer_from
from engine.plain_text import plain_line
from engine.protocol import FREE, Finished, Frame, Generate, ModelInfo, Started, UserError, frozen
from engine.protocol.options import MOST_CLASSES, check_options
from engine.runs.schema import (
    LARGEST_NUMBER,
    MOST_ENTRIES,
    MOST_POSITIONS,
    MOST_SAMPLES,
    MOST_STEPS,
    MOST_TOKENS,
    About,
    Array,
    check_date,
    check_limits,
    check_range,
    converted,
    number,
    read_json,
)
from engine.runs.trajectory import KEYFRAME, Came, Origin, Trajectory
from engine.stopping import look
from engine.strict_json import to_json

SUFFIX = ".sedd"
MARK = b"SEDD run 1\n"
LARGEST = 2**27
"""Bytes of a run that is unpacked."""
LARGEST_FILE = 2**26
"""Bytes of a file that may carry one."""
LARGEST_HEAD = 2**16
"""Bytes of the table of arrays."""
LARGEST_TEXTS = {"about": 2**22, "tokenizer": 2**25}
"""Bytes of what is text."""
PIECE = 2**23
"""Bytes that are unpacked at a time."""
LONGEST_PIECE = 1000
"""Characters of one token."""
LONGEST_REASON = 120
RECORDED_VERSIONS = ("sedd-studio", "torch", "tokenizers", "numpy")
ARRAYS = ("tokens", "start")
"""Entries of a request that are kept as arrays and not as JSON."""

CHANGES = ("sample", "position", "token")
"""Arrays that hold what changed, step after step."""
DTYPES = {
    **dict.fromkeys(("tokens", "counts", *CHANGES), ("I32", 1)),
    **dict.fromkeys(("began", "start"), ("I32", 2)),
    **dict.fromkeys(("locked", "kept", "about", "tokenizer"), ("U8", 1)),
    "moments": ("F64", 2),
}
"""The kind of numbers and the dimensions of each array."""
MAY_LACK = ("start", "kept")
"""Arrays that not every run has."""
NUMPY: dict[str, np.dtype[Any]] = {"I32": np.dtype("<i4"), "U8": np.dtype("u1"), "F64": np.dtype("<f8")}

Arrays = dict[str, np.ndarray]


def save_run(path: Path, run: Trajectory) -> None:
    """Writes the run to `path`, whole or not at all; a UserError if the place cannot be written."""
    try:
        write_whole(path, encode(run))
    except OSError as error:
        raise UserError(f"The run cannot be saved to {path} ({error.strerror}); choose another place.") from error


def open_run(path: Path) -> Trajectory:
    """The run in the file at `path`; a UserError says what is wrong with it."""
    content = content_of(path)
    try:
        return decode(content)
    except UserError as error:
        raise UserError(f"{path.name}: {error}") from error


def content_of(path: Path) -> bytes:
    """The bytes of a file that may carry a run; a UserError if it cannot be read, or is larger than any that does."""
    try:
        return read_bounded(path, LARGEST_FILE)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); choose another file.") from error


def encode(run: Trajectory) -> bytes:
    """The bytes of a run that knows its origin; a UserError if it is larger than any that would be opened again."""
    if run.origin is None:
        raise ValueError("a run without its origin cannot be made again")
    origin, changes = run.origin, run.changes
    about = {
        **described(origin),
        "sampler": run.started.sampler,
        "first_step": run.started.first_step,
        "steps": run.steps,
        "result": None if run.result is None else asdict(run.result),
        "came": None if run.came is None else asdict(run.came),
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
    for k, name in enumerate(CHANGES):
        arrays[name] = np.concatenate([np.empty(0, np.int64), *(change[k] for change in changes)]).astype(np.int32)
    if origin.request.start is not None:
        arrays["start"] = origin.request.start.astype(np.int32)
    if origin.kept is not None:
        arrays["kept"] = origin.kept.astype(np.uint8)
    table = save(arrays)
    if len(table) > LARGEST:
        raise UserError("This run has changed too often to be kept; make one of fewer steps or samples.")
    return MARK + zlib.compress(table, 6)


def decode(content: bytes) -> Trajectory:
    """The run of `encode`; a UserError for anything else."""
    if not content.startswith(MARK):
        raise UserError("This is no run file of SEDD Studio, or one of a newer version; choose another file.")
    try:
        arrays = unpacked(content[len(MARK) :])
        return rebuild(arrays, read_json(array_text(arrays["about"]), About))
    except (KeyError, ValueError, zlib.error, UserError) as error:
        raise UserError(f"The run file is damaged ({shortly(error)}); use a whole copy.") from error


def unpacked(body: bytes) -> Arrays:
    """The arrays of a compressed table of safetensors, read-only; a ValueError where it is none, or has other arrays
    than a run. What it says of their sizes is looked at before more of it is unpacked."""
    stream = zlib.decompressobj()
    head = stream.decompress(body, 8)
    size = int.from_bytes(head, "little")
    if not size < LARGEST_HEAD:
        raise ValueError("its table is too large")
    table = read_json(inflated(stream, size), dict[str, Array])
    end = max((array.data_offsets[1] for array in table.values()), default=0)
    if not end <= LARGEST:
        raise ValueError("it is too large")
    data = inflated(stream, end)
    if stream.decompress(stream.unconsumed_tail, 1) or not stream.eof:
        raise ValueError("it does not end where it should")
    return {name: array_from(data, name, array) for name, array in table.items() if name in DTYPES}


def inflated(stream: Any, size: int) -> bytearray:
    """The next `size` bytes of what was compressed; a ValueError if there are fewer."""
    data = bytearray(size)
    view, at = memoryview(data), 0
    while at < size:
        look()
        part = stream.decompress(stream.unconsumed_tail, min(PIECE, size - at))
        if not part:
            raise ValueError("it is cut short")
        view[at : at + len(part)] = part
        at += len(part)
    return data


def array_from(data: bytearray, name: str, array: Array) -> np.ndarray:
    """One array of a table; a ValueError where it is not of the kind that it has in a run."""
    dtype, dimensions = DTYPES[name]
    start, stop = array.data_offsets
    if (array.dtype, len(array.shape)) != (dtype, dimensions):
        raise ValueError(f"{name} is of another kind")
    if stop - start > LARGEST_TEXTS.get(name, LARGEST):
        raise ValueError(f"{name} is too large")
    found: np.ndarray = np.frombuffer(memoryview(data)[start:stop].toreadonly(), NUMPY[dtype])
    return found.reshape(array.shape)


def rebuild(arrays: Arrays, about: About) -> Trajectory:
    """The run from its parts; a ValueError where they do not fit together, a KeyError where one is missing."""
    tokenizer = tokenizer_from(array_text(arrays["tokenizer"]))
    info, began = about.model, frozen(arrays["began"])
    start = frozen(arrays["start"]) if "start" in arrays else None
    request = converted(about.request | {"tokens": frozen(arrays["tokens"]), "start": start}, Generate)
    check_date(about.made)
    check_options(request)
    check_sizes(arrays, about, request)
    check_limits(request.limits, len(request.tokens), tokenizer.vocabulary)
    check_range(np.array(request.banned, np.int64), 0, tokenizer.vocabulary - 1)
    check_model(info, tokenizer.vocabulary)
    check_moments(arrays["moments"])
    check_tokens(request.tokens, tokenizer, FREE)
    check_tokens(began, tokenizer, info.mask_id)
    check_tokens(arrays["token"], tokenizer, info.mask_id)
    if start is not None:
        check_tokens(start, tokenizer, FREE)
    started = Started(
        0,
        began,
        arrays["locked"].astype(bool),
        about.steps,
        float(arrays["moments"][0, 1]),
        about.first_step,
        plain_line(about.sampler),
    )
    kept = frozen(arrays["kept"]).astype(bool) if "kept" in arrays else None
    if kept is not None and (request.tokens[kept] == FREE).any():
        raise ValueError("a locked position has no token")
    run = Trajectory(started, info.mask_id, Origin(request, info, tokenizer, about.made, kept))
    if (came := about.came) is not None:
        run.came = Came(came.key, came.step, plain_line(came.change))
    add_frames(run, arrays)
    if (end := about.result) is not None:
        run.result = Finished(end.run_id, end.calls, end.seconds, end.evaluations, tuple(map(number, end.log_weights)))
    return run


def check_sizes(arrays: Arrays, about: About, request: Generate) -> None:
    """A ValueError unless the arrays are those of as many samples, positions and steps, and memory holds the run."""
    samples, length = arrays["began"].shape
    recorded, changed = len(arrays["counts"]), arrays["counts"].sum(dtype=np.int64)
    shapes = {
        "tokens": (length,),
        "locked": (length,),
        "start": (samples, length),
        "kept": (length,),
        "moments": (recorded + 1, 4),
        **dict.fromkeys(CHANGES, (changed,)),
    }
    if any(arrays[name].shape != shape for name, shape in shapes.items() if name not in MAY_LACK or name in arrays):
        raise ValueError("its arrays differ in size")
    fits = (
        0 < length <= min(about.model.length, MOST_POSITIONS)
        and 0 < samples == request.samples <= MOST_SAMPLES
        and recorded <= about.steps
        and 1 <= request.first_step <= request.steps <= MOST_STEPS
        and max(len(request.words), len(request.options)) <= MOST_ENTRIES
        and (about.result is None or len(about.result.log_weights) in (0, samples))
        and 8 * samples * length * (1 + recorded // KEYFRAME) <= LARGEST
    )
    if not fits:
        raise ValueError("its sizes do not fit together")
    check_range(arrays["counts"], 0, changed)
    check_range(arrays["sample"], 0, samples - 1)
    check_range(arrays["position"], 0, length - 1)


def check_model(info: ModelInfo, vocabulary: int) -> None:
    """A ValueError where the description of a model makes no sense beside a tokenizer of `vocabulary` tokens."""
    sizes = (info.length, info.vocabulary, info.mask_id or 0, info.parameters, info.classes)
    largest = (LARGEST_NUMBER, MOST_TOKENS, vocabulary, LARGEST_NUMBER, MOST_CLASSES)
    if any(not 0 <= size <= most for size, most in zip(sizes, largest, strict=True)):
        raise ValueError("a size of its model is out of range")
    if len(info.facts) > MOST_ENTRIES or (info.mask_id is None) == info.kind.hides:
        raise ValueError("its model is none that is known")


def check_moments(moments: np.ndarray) -> None:
    """A ValueError unless times are between 0 and 1, and calls and seconds numbers; a noise may be unknown."""
    time, sigma, calls, seconds = moments.T
    check_range(time, 0, 1)
    check_range(sigma[~np.isnan(sigma)], 0, LARGEST_NUMBER)
    check_range(calls, 0, LARGEST_NUMBER)
    check_range(seconds, 0, LARGEST_NUMBER)


def check_tokens(tokens: np.ndarray, tokenizer: Tokenizer, other: int | None) -> None:
    """A ValueError where a token is neither of the vocabulary nor the `other`, or shows as more than any word."""
    used = np.unique(tokens)
    used = used[used != other] if other is not None else used
    check_range(used, 0, tokenizer.vocabulary - 1)
    if any(len(tokenizer.piece(token)) > LONGEST_PIECE for token in used.tolist()):
        raise ValueError("a token is too long")


def add_frames(run: Trajectory, arrays: Arrays) -> None:
    """Appends the frames of a file."""
    counts, moments = arrays["counts"], arrays["moments"]
    for step, (stop, count) in enumerate(zip(counts.cumsum(), counts, strict=True), start=1):
        look()
        sample, position, token = (frozen(arrays[name][stop - count : stop]) for name in CHANGES)
        time, sigma, calls, seconds = moments[step].tolist()
        run.append(Frame(0, step, time, sigma, sample, position, token, int(calls), seconds))


def shortly(error: Exception) -> str:
    """What an error says, in a few words."""
    said = " ".join(str(error).split())
    return said if len(said) <= LONGEST_REASON else said[: LONGEST_REASON - 3] + "..."


def text_array(text: str) -> np.ndarray:
    """A text as an array of bytes."""
    return np.frombuffer(text.encode(), np.uint8)


def array_text(array: np.ndarray) -> str:
    """The text of `text_array`."""
    return array.tobytes().decode()


def described(origin: Origin) -> dict[str, Any]:
    """Where a run comes from, as JSON: the request without its arrays, the model, the versions that it depends on."""
    import importlib.metadata  # takes as long as a thirtieth of the start, which does not need it

    return {
        "request": {name: value for name, value in asdict(origin.request).items() if name not in ARRAYS},
        "model": asdict(origin.info),
        "made": origin.made,
        "versions": {name: importlib.metadata.version(name) for name in RECORDED_VERSIONS},
    }
