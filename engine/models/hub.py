"""Models from the Hugging Face hub, each downloaded whole into a folder of its own."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs
from huggingface_hub import HfApi, errors, hf_hub_download
from huggingface_hub.hf_api import RepoSibling
from tqdm import tqdm

from engine.files import sha256
from engine.models.origin import revision_of, write_origin
from engine.protocol import UserError
from engine.strict_json import entries

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CONFIG = "config.json"
UNFINISHED = ".unfinished"
"""Lies in a folder while its files may be of several revisions."""
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
TOKENIZERS = (("tokenizer.json",), ("vocab.json", "merges.txt"))
GPT2, GPT2_VOCABULARY = "openai-community/gpt2", 50_257
"""Published models say how many tokens they know and leave the tokenizer, GPT-2's, to the reader."""

Report = Callable[[int, int], None]
"""Is told how many bytes have come, and of how many."""


def models_folder() -> Path:
    """Where models from the hub are kept."""
    return Path(platformdirs.user_data_dir("sedd-studio", appauthor=False)) / "models"


def fetch(name: str, report: Report) -> Path:
    """The folder of a model that the hub calls `name`, as owner/name, after what is missing of it was downloaded.

    What an earlier download left unfinished is gone on with. Without a connection a model that is there already is
    taken as it is. A UserError says why there is none.
    """
    if name.count("/") != 1 or not all(name.split("/")):
        raise UserError(f'"{name}" names no model of the hub; write owner/name, for example louaaron/sedd-small.')
    folder = models_folder() / name
    try:
        download(name, folder, report)
    except UserError:
        raise
    except errors.GatedRepoError as error:
        raise UserError(
            f"{name} is given only to those who agreed to its terms; do so on its page, then run: hf auth login"
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise UserError(f"The hub has no model {name} that everyone may read; check the name.") from error
    except Exception as error:  # the library lets those of its network layer through, whichever that is
        full = isinstance(error, OSError) and error.errno in FULL
        if is_whole(folder) and not full:
            return folder
        if full or (isinstance(error, OSError) and error.filename is not None):  # of a file, not of the network
            reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else ""
            raise UserError(f"{name} cannot be written to {folder} ({reason}); free some room there.") from error
        raise UserError(
            f"{name} could not be fetched from the hub ({error}); check the connection, then try again: "
            "it goes on where it stopped."
        ) from error
    return folder


def is_whole(folder: Path) -> bool:
    """Whether a model lies there, of one revision: files get their names when all of them has come."""
    return (
        not (folder / UNFINISHED).exists()
        and (folder / CONFIG).is_file()
        and any((folder / weights).is_file() for weights in WEIGHTS)
    )


def download(name: str, folder: Path, report: Report) -> None:
    """Downloads description, weights and tokenizer of one revision, the large file last, so that what is wrong shows
    early, and notes where they came from."""
    revision, files = listing(name)
    weights = next((file for file in WEIGHTS if file in files), None)
    if weights is None or CONFIG not in files:
        raise UserError(f"{name} on the hub is no model that can be read here: it lacks {CONFIG} or {WEIGHTS[0]}.")
    tokenizer = next((names for names in TOKENIZERS if all(file in files for file in names)), ())
    wanted = [file for file in ("README.md", CONFIG, *tokenizer, weights) if file in files]
    if revision_of(folder) != revision:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / UNFINISHED).touch()
    count = Counted(sum(files[file].size or 0 for file in wanted), report)
    hashes = {}
    for file in wanted:
        hashes[file] = count.file(name, revision, files[file], folder)
        if file == CONFIG and not tokenizer and entries(folder / CONFIG).get("tokens") == GPT2_VOCABULARY:
            gpt2, its_files = listing(GPT2)
            hashes[TOKENIZERS[0][0]] = count.file(GPT2, gpt2, its_files[TOKENIZERS[0][0]], folder)
    write_origin(folder, name, revision, hashes)
    (folder / UNFINISHED).unlink(missing_ok=True)


def listing(name: str) -> tuple[str, dict[str, RepoSibling]]:
    """The revision of a model that the hub has now, and its files, with their sizes and hashes."""
    info = HfApi().model_info(name, files_metadata=True)
    return info.sha or "main", {file.rfilename: file for file in info.siblings or []}


class Counted:
    """Downloads of which `report` is told as one."""

    def __init__(self, total: int, report: Report) -> None:
        self._before, self._total, self._report = 0, total, report

    def file(self, name: str, revision: str, file: RepoSibling, folder: Path) -> str:
        """Downloads a file unless it is there already; its SHA-256. A UserError if the hub has another hash of it."""
        before, total, report = self._before, self._total, self._report
        size = file.size or 0

        class Bar(tqdm):  # type: ignore[type-arg] # what the library tells of its progress, printed nowhere
            def update(self, n: float | None = 1) -> bool | None:
                changed: bool | None = super().update(n)
                report(min(before + min(int(self.n), size), total), total)
                return changed

            def display(self, *arguments: Any, **options: Any) -> None:
                """Nothing: whoever asked for the report shows it."""

        path = Path(hf_hub_download(name, file.rfilename, revision=revision, local_dir=folder, tqdm_class=Bar))
        hashed = sha256(path)
        promised, found = (file.lfs.sha256, hashed) if file.lfs else (file.blob_id, git_hash(path))
        if promised != found:
            path.unlink()
            raise UserError(f"{file.rfilename} of {name} came with another hash than the hub names; fetch it again.")
        self._before = min(before + size, total)
        report(self._before, total)
        return hashed


def git_hash(path: Path) -> str:
    """The hash by which git, and the hub for its small files, knows a file."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
