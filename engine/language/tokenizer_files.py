"""Where tokenizers lie, and what is in their files: those of the library, before they are made fit for a model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Tokenizer as Backend

from engine.language.backends import from_alphabet, from_pair, read_backend
from engine.language.spare_tokens import mask_of
from engine.protocol.errors import refusing

FILE_NAME, ALPHABET = "tokenizer.json", "vocab.txt"
PAIRS = (("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe"))
CACHED_MODELS = ("models--gpt2", "models--openai-community--gpt2")


def files_in(folder: Path) -> tuple[Path, ...]:
    """The files that the tokenizer in `folder` is read from; none where there is none."""
    for names in ((FILE_NAME,), *PAIRS, (ALPHABET,)):
        if all((folder / name).is_file() for name in names):
            return tuple(folder / name for name in names)
    return ()


def backend_in(folder: Path) -> Backend | None:
    """The library's tokenizer in `folder`, whatever it is fit for; None where there is none, a UserError if damaged."""
    with refusing(f"The tokenizer in {folder} is damaged", "put a whole copy there"):
        files = files_in(folder)
        if len(files) == 2:
            return from_pair(*files)
        if not files:
            return None
        return read_backend(files[0]) if files[0].name == FILE_NAME else from_alphabet(files[0])


def mask_in(folder: Path) -> int | None:
    """The id of a token for the mask in the tokenizer beside the weights, None where it has none."""
    backend = backend_in(folder)
    return None if backend is None else backend.token_to_id(mask_of(backend) or "")


def cache_folders() -> Iterator[Path]:
    """Snapshots of GPT-2 in the Hugging Face cache, wherever the user keeps it."""
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    hub = Path(os.environ.get("HF_HUB_CACHE", os.environ.get("HUGGINGFACE_HUB_CACHE", home / "hub")))
    for name in CACHED_MODELS:
        yield from sorted((hub / name / "snapshots").glob("*"))
