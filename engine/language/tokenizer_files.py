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


def backend_in(folder: Path) -> Backend | None:
    """The library's tokenizer in `folder`, whatever it is fit for; None where there is none, a UserError if damaged."""
    with refusing(f"The tokenizer in {folder} is damaged", "put a whole copy there"):
        if (folder / FILE_NAME).is_file():
            return read_backend(folder / FILE_NAME)
        for vocab, merges in PAIRS:
            if (folder / vocab).is_file() and (folder / merges).is_file():
                return from_pair(folder / vocab, folder / merges)
        return from_alphabet(folder / ALPHABET) if (folder / ALPHABET).is_file() else None


def files_in(folder: Path) -> tuple[Path, ...]:
    """The files that the tokenizer in `folder` is read from; none where there is none."""
    for names in ((FILE_NAME,), *PAIRS, (ALPHABET,)):
        if all((folder / name).is_file() for name in names):
            return tuple(folder / name for name in names)
    return ()


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
