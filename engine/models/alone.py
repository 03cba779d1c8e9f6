"""What lies in a folder, or in a file, that holds no whole model: what it is, and what to do with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from engine.catalogue.glance import EMBEDDINGS, MOST_FILES, OF_WEIGHTS
from engine.files import ends_in, open_regular
from engine.language.tokenizer_files import backend_in
from engine.models.described import dtypes_of
from engine.models.stored import CONFIG, PICKLED, WEIGHTS, contents, weight_files
from engine.models.training_run import RUN_CONFIG, RUN_WEIGHTS
from engine.plain_text import plain_line
from engine.protocol import UserError

Fact = str | int
HEAD = 2**16
"""Bytes of a file that tell of which kind it is."""
POINTER, LARGEST_POINTER = b"version https://git-lfs", 1_000
OF_MODELS = (*OF_WEIGHTS, ".json", ".yaml")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z")
TEXTS = (".txt", ".jsonl", ".csv", ".fasta", ".fa", ".smi", ".md")
ADAPTER = "adapter_config.json"
STATE = "training-state.pt"
"""What a training that has not ended goes on from."""
COUNTED = re.compile(r"(?:^|\.)(?:blocks|layers|layer|h)\.(\d{1,6})\.")
NETWORKS: tuple[tuple[str, str], ...] = (
    ("sampling_eps_min", "BD3-LM"),
    ("cond_map.", "UDLM with classes"),
    ("rotary_emb.cos_cached", "GIDD"),
    ("backbone.vocab_embed.", "MDLM, Duo or UDLM"),
    ("sigma_map.", "SEDD, or of a bare network of MDLM's or Duo's programs"),
    ("vocab_embed.", "RADD"),
    ("denoise_model.h.", "DiffuGPT"),
    ("denoise_model.", "DiffuLLaMA"),
    ("model.transformer.blocks.", "LLaDA"),
    ("esm.", "ESM-2 or DPLM"),
    ("attn.Wqkv.", "ModernBERT"),
    ("self_attn.q_proj.", "Llama or Qwen"),
    ("attn.c_attn.", "GPT-2"),
)
"""Of which family weights are that have a part of such a name; the first that fits."""


class Alone(NamedTuple):
    """A `kind` in a few words, what else is known, and a sentence that says what to do."""

    kind: str
    facts: Mapping[str, Fact]
    advice: str


def pointer_in(folder: Path) -> Path | None:
    """A file of weights that was not downloaded: Git left a few lines in its place."""
    for file in islice(folder.iterdir(), MOST_FILES):
        if ends_in(file, OF_WEIGHTS) and head_of(file).startswith(POINTER) and file.stat().st_size < LARGEST_POINTER:
            return file
    return None


def head_of(file: Path) -> bytes:
    """The beginning of a regular file; nothing of what is none, or cannot be read."""
    try:
        with open_regular(file) as opened:
            return opened.read(HEAD)
    except OSError:
        return b""


def is_gguf(path: Path) -> bool:
    """Whether a GGUF file lies there."""
    return path.is_file() and head_of(path).startswith(b"GGUF")


def refuse_gguf(path: Path) -> None:
    """A UserError for a GGUF file, which holds no diffusion model, and says how it becomes one."""
    if is_gguf(path):
        raise UserError(
            f"{path} holds a model that writes from left to right, and no diffusion model; make one of it by: "
            f"sedd adapt {path.name} TEXTS"
        )


def file_alone(file: Path) -> Alone | None:
    """What a file is that belongs to no model's folder; None for one that may."""
    head = head_of(file)
    if (
        file.is_dir()
        or head.startswith(b"GGUF")
        or ends_in(file, OF_MODELS)
        or file.name in ("vocab.txt", "merges.txt", "vocab.bpe")
    ):
        return None
    if ends_in(file, (".sedd",)):
        return Alone("a run of the studio", {}, f"{file} holds a run and no model; open it in the window.")
    if ends_in(file, ARCHIVES):
        return Alone("an archive", {}, f"{file} is packed; unpack it, and name the folder that holds {CONFIG}.")
    if head and is_text(head):
        advice = (
            f"{file} holds no model; learn from it by sedd train, score it by sedd score, or name a model's folder."
        )
        return Alone("a text", {}, advice)
    return Alone("a file of another kind", {}, f"{file} holds no model; name the folder of one, or a file in it.")


def is_text(head: bytes) -> bool:
    """Whether a beginning is one of a text in UTF-8; its last character may be cut."""
    return b"\0" not in head and "\N{REPLACEMENT CHARACTER}" not in head.decode(errors="replace")[:-4]


def folder_alone(folder: Path) -> Alone:
    """What a folder is that has no configuration of a model."""
    files = sorted(islice(folder.iterdir(), MOST_FILES))
    if not files:
        advice = f"{folder} is empty; put {CONFIG} and {WEIGHTS} there, or download a model by sedd fetch OWNER/NAME."
        return Alone("an empty folder", {}, advice)
    if (folder / ADAPTER).is_file():
        advice = f"{folder} holds changes to another model; merge them into it, and name the folder of the whole."
        return Alone("an adapter", {}, advice)
    if (folder / RUN_WEIGHTS).is_file():
        advice = f"{folder} lacks {RUN_CONFIG}, which says how the network is built; put it there."
        return Alone("the checkpoint of a training run", {}, advice)
    if (folder / STATE).is_file():
        advice = f"{folder} holds a training that has not ended; give its command again, and it goes on to a model."
        return Alone("a training that has not ended", {}, advice)
    if held := [file for file in files if ends_in(file, OF_WEIGHTS)]:
        return weights_alone(folder, held)
    if (backend := backend_in(folder)) is not None:
        advice = f"{folder} holds no model; put {CONFIG} and {WEIGHTS} beside the tokenizer, or name a model's folder."
        facts: dict[str, Fact] = {"tokenizer": type(backend.model).__name__, "vocabulary": backend.get_vocab_size()}
        return Alone("a tokenizer", facts, advice)
    return others(folder, files)


def weights_alone(folder: Path, held: list[Path]) -> Alone:
    """Weights without a configuration: of which network they are is told by their names."""
    try:
        files: tuple[Path, ...] = weight_files(folder)
    except UserError:
        files = (held[0],)
    named = files[0].name in (WEIGHTS, PICKLED) or len(files) > 1
    facts, family = facts_of_weights(files)
    name = "" if named else f", and call the file {WEIGHTS if ends_in(files[0], ('.safetensors',)) else PICKLED}"
    whose = f" of {family}" if family else ""
    return Alone(
        f"weights{whose}, and no configuration",
        facts,
        f"{folder} lacks {CONFIG}, which says how the network is built; put the one of the same model there{name}.",
    )


def facts_of_weights(files: tuple[Path, ...]) -> tuple[dict[str, Fact], str]:
    """Sizes that the weights in files tell, and the family of their names."""
    weights: dict[str, Tensor] = {}
    for file in files:
        held = contents(file)
        named = held if isinstance(held, Mapping) else {}
        named = next((inner for key in ("state_dict", "model") if isinstance(inner := named.get(key), Mapping)), named)
        weights |= {str(name): tensor for name, tensor in named.items() if isinstance(tensor, Tensor)}
    facts: dict[str, Fact] = {"parameters": sum(tensor.numel() for tensor in weights.values())}
    facts["stored as"] = dtypes_of(weights.values())
    if numbers := [int(found[1]) for name in weights if (found := COUNTED.search(name))]:
        facts["blocks"] = max(numbers) + 1
    for name, tensor in weights.items():
        if name.endswith(EMBEDDINGS) and tensor.ndim == 2:
            facts |= {"states": len(tensor), "width": tensor.shape[1]}
    return facts, next((family for part, family in NETWORKS if any(part in name for name in weights)), "")


def others(folder: Path, files: list[Path]) -> Alone:
    """A folder of folders, or of files of which none is of a model."""
    if models := [file.name for file in files if file.is_dir() and (file / CONFIG).is_file()]:
        advice = f"{folder} holds {len(models)} models, {plain_line(models[0], 80)} first; name one of them."
        return Alone("a folder of models", {"models": len(models)}, advice)
    if snapshots := sorted(folder.glob(f"snapshots/*/{CONFIG}")):
        advice = f"{folder} is kept by the hub's library; name the folder {snapshots[0].parent}."
        return Alone("a folder of the hub's cache", {}, advice)
    if texts := [file for file in files if ends_in(file, TEXTS)]:
        advice = f"{folder} holds no model; learn from its texts by sedd train, or name a model's folder."
        return Alone("a folder of texts", {"files": len(texts)}, advice)
    first = plain_line(files[0].name, 80)
    advice = (
        f"{folder} holds no model but {len(files)} files, {first} first; name a folder with {CONFIG} and {WEIGHTS}."
    )
    return Alone("a folder of other files", {"files": len(files)}, advice)
