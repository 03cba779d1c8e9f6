"""Which weights a model has: the hash of their files, which is taken later where that takes long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from engine.files import sha256
from engine.models.origin import facts_of
from engine.protocol import ModelInfo, UserError
from engine.protocol.model_info import NOT_YET

LARGEST_AT_ONCE = 2**26
"""Bytes of weights whose hash does not keep anybody waiting: a tenth of a second."""


def weights_of(files: Sequence[Path], hashed: bool) -> str:
    """The hash of the files of weights; unless it is to be `hashed` at once, large ones get a name that tells them from
    others on this machine until it is known."""
    if hashed or sum(file.stat().st_size for file in files) <= LARGEST_AT_ONCE:
        return sha256(*files)
    found = [(str(file), seen.st_size, seen.st_mtime_ns, seen.st_ino) for file in files for seen in [file.stat()]]
    return NOT_YET + blake2b(repr(found).encode(), digest_size=32).hexdigest()


def identified(info: ModelInfo, files: Sequence[Path], folder: Path) -> ModelInfo:
    """The same model with the hash of its weights, and what follows from it; a UserError where its files are others
    than those that were opened."""
    if info.identified:
        return info
    weights = sha256(*files)
    if weights_of(files, False) != info.weights:
        raise UserError(f"The weights in {folder} have changed since the model was opened; open it again.")
    return replace(info, weights=weights, facts=info.facts | facts_of(folder, files[0], weights))
