"""Models from the Hugging Face hub, each downloaded whole into a folder of its own."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, errors, hf_hub_url
from huggingface_hub.file_download import http_get
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils import WeakFileLock, build_hf_headers  # type: ignore[attr-defined] # not named as exported
from tqdm import tqdm

from engine.catalogue.fetched import COMING, GONE, UNFINISHED, is_name, known_as, models_folder, same
from engine.files import sha256
from engine.language.chat import DESCRIPTION, TEMPLATE
from engine.models.origin import hashes_of, write_origin
from engine.plain_text import plain_line
from engine.protocol import UserError
from engine.strict_json import entries

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CONFIG = "config.json"
PART = ".part"
"""How the name of a file ends of which not all has come; before it stands the beginning of its hash."""
ALONE = 0.5
"""Seconds to wait for another process that fetches the same."""
LONGEST_REASON = 200
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
TOKENIZERS = (("tokenizer.json",), ("vocab.json", "merges.txt"), ("vocab.txt",))
LEFT_OUT: tuple[tuple[range, str, str], ...] = (
    (range(50_257, 50_259), "openai-community/gpt2", "tokenizer.json"),
    (range(33, 34), "facebook/esm2_t12_35M_UR50D", "vocab.txt"),
)
"""Published models say how many tokens they know, some with one more, and may leave the tokenizer to the reader: whose
it is, and in which file it lies there."""

Report = Callable[[int, int], None]
"""Is told how many bytes have come, and of how many."""


def fetch(name: str, report: Report) -> Path:
    """The folder of a model that the hub calls `name`, as owner/name, after what is missing of it was downloaded.

    What an earlier download left unfinished is gone on with. Without a connection a model that is there already is
    taken as it is. Names that differ only in case are of one model, which has one folder. A UserError says why there is
    none.
    """
    if not is_name(name):
        raise UserError(f'"{name}" names no model of the hub; write owner/name, for example louaaron/sedd-small.')
    folder = models_folder() / name
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # each new try would be told
    try:
        with alone(name):
            name = known_as(name)
            if not any(place.exists() for place in places_of(name)):
                name = spelled(name)
            folder, coming, gone = places_of(name)
            if not folder.exists() and is_whole(coming):  # all had come, and no more was done
                put_in_place(coming, folder, gone)
            download(name, folder, coming, report)
            put_in_place(coming, folder, gone)
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
            f"{name} could not be fetched from the hub ({reason_of(error)}); check the connection, then try again: "
            "it goes on where it stopped."
        ) from error
    return folder


def places_of(name: str) -> tuple[Path, Path, Path]:
    """Where a model lies, where it lies while it comes, and where what another takes the place of."""
    folder, coming, gone = (models_folder() / place / name for place in ("", COMING, GONE))
    return folder, coming, gone


def reason_of(error: Exception) -> str:
    """What went wrong, in a line: the library adds advice of its own, and the pages that a server sends."""
    if isinstance(error, (JSONDecodeError, TypeError, LookupError, AttributeError, RecursionError)):
        return "what came is no answer of a hub"
    return plain_line(str(error).partition("\n")[0], LONGEST_REASON)


@contextmanager
def alone(name: str) -> Iterator[None]:
    """No other process fetches or deletes a model of this name; a UserError where one does already."""
    lock = models_folder() / COMING / f"{name.lower()}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        try:
            held.enter_context(WeakFileLock(lock, timeout=ALONE))
        except TimeoutError:
            raise UserError(f"{name} is being fetched already; wait for that, or end it.") from None
        yield


def is_whole(folder: Path) -> bool:
    """Whether all files of a model lie there, of one revision."""
    return (
        not (folder / UNFINISHED).exists()
        and (folder / CONFIG).is_file()
        and any((folder / file).is_file() for weights in WEIGHTS for file in (weights, f"{weights}.index.json"))
    )


def download(name: str, folder: Path, coming: Path, report: Report) -> None:
    """Downloads into `coming` descriptions, weights and tokenizer of one revision, the large files last, so that what
    is wrong shows early, and notes where they came from. What lies in `folder` already need not come again."""
    revision, files = listing(name)
    weights = next(filter(None, (weights_among(files, weights) for weights in WEIGHTS)), [])
    if not weights or CONFIG not in files:
        raise UserError(f"{name} on the hub is no model that can be read here: it lacks {CONFIG} or {WEIGHTS[0]}.")
    tokenizer = next((names for names in TOKENIZERS if all(file in files for file in names)), ())
    wanted = [file for file in ("README.md", CONFIG, *tokenizer, DESCRIPTION, TEMPLATE, *weights) if file in files]
    if folder.exists() and not coming.exists():
        shutil.copytree(folder, coming, symlinks=True, copy_function=linked)
    coming.mkdir(parents=True, exist_ok=True)
    (coming / UNFINISHED).touch()
    count = Counted(name, revision, {file: files[file] for file in wanted}, coming, report)
    if count.lacking > (room := shutil.disk_usage(coming).free):
        raise UserError(
            f"{name} needs {count.lacking / 1e6:,.0f} MB more, and {room / 1e6:,.0f} MB are free in {models_folder()}; "
            "free some room there."
        )
    hashes = {}
    for file in wanted:
        hashes[file] = count.file(file)
        if file == CONFIG and not tokenizer and (left_out := tokenizer_of(entries(coming / CONFIG))) is not None:
            whose, lacking = left_out
            its_revision, its_files = listing(whose)
            others = Counted(whose, its_revision, {lacking: its_files[lacking]}, coming, lambda done, total: None)
            hashes[lacking] = others.file(lacking)
    for part in coming.glob(f"*{PART}"):  # of an earlier revision
        part.unlink()
    for file in hashes_of(coming).keys() - hashes.keys():
        (coming / Path(file).name).unlink(missing_ok=True)
    parts = [coming / file for file in sorted(weights) if file.endswith(Path(WEIGHTS[0]).suffix)]
    write_origin(coming, name, revision, hashes, sha256(*parts) if len(parts) > 1 else "")
    (coming / UNFINISHED).unlink()


def tokenizer_of(values: Mapping[str, Any]) -> tuple[str, str] | None:
    """Whose tokenizer a model has that brings none, and its file; None where its description does not tell."""
    known = values.get("tokens", values.get("vocab_size"))
    return next(((whose, file) for sizes, whose, file in LEFT_OUT if type(known) is int and known in sizes), None)


def weights_among(files: Collection[str], name: str) -> list[str]:
    """The file of weights with that name, or its index and its parts; nothing where they are not among the files."""
    stem, suffix = Path(name).stem, Path(name).suffix
    if name in files:
        return [name]
    if (index := f"{name}.index.json") in files:
        part = re.compile(rf"{stem}-\d+-of-\d+{re.escape(suffix)}")
        return [index, *sorted(filter(part.fullmatch, files))]
    return []


def linked(source: str, target: str) -> None:
    """Gives a file a second name where it can have one: a download replaces files, and writes into none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def put_in_place(coming: Path, folder: Path, gone: Path) -> None:
    """Has a folder take the place of another, or of none: at each moment one of them is whole, under its name or as
    `coming`."""
    shutil.rmtree(gone, ignore_errors=True)
    for parent in (folder.parent, gone.parent):
        parent.mkdir(parents=True, exist_ok=True)
    if there := folder.exists():
        folder.rename(gone)
    try:
        coming.rename(folder)
    except OSError:
        if there:
            gone.rename(folder)
        raise
    shutil.rmtree(gone, ignore_errors=True)


def spelled(name: str) -> str:
    """A name with the upper and lower case that the hub has it in."""
    told = HfApi().model_info(name).id
    return told if is_name(told) and same(told, name) else name


def listing(name: str) -> tuple[str, dict[str, RepoSibling]]:
    """The revision of a model that the hub has now, and its files, with their sizes and hashes."""
    info = HfApi().model_info(name, files_metadata=True)
    return info.sha or "main", {file.rfilename: file for file in info.siblings or []}


class Counted:
    """Downloads of files of one revision into a folder, of which `report` is told as one: first how much of them is
    there already."""

    def __init__(
        self, name: str, revision: str, files: Mapping[str, RepoSibling], folder: Path, report: Report
    ) -> None:
        self._name, self._revision, self._files, self._folder = name, revision, files, folder
        self._hashes = {file: hash_of(folder / file, told) for file, told in files.items()}
        self._total, self._report = sum(told.size or 0 for told in files.values()), report
        whole = sum(told.size or 0 for file, told in files.items() if self._hashes[file])
        self._done = whole + sum(self._come(file) for file in files if not self._hashes[file])
        report(self._done, self._total)

    @property
    def lacking(self) -> int:
        """The bytes that have not come."""
        return self._total - self._done

    def file(self, file: str) -> str:
        """Downloads a file unless it is there already; its SHA-256. A UserError if the hub has another hash of it."""
        told, part, come = self._files[file], self._part(file), self._come(file)
        done, total, report = self._done, self._total, self._report
        size = told.size or 0

        class Bar(tqdm):  # type: ignore[type-arg] # what the library tells of its progress, printed nowhere
            def update(self, n: float | None = 1) -> bool | None:
                changed: bool | None = super().update(n)
                report(done + max(0, min(int(self.n), size) - come), total)
                return changed

            def display(self, *arguments: Any, **options: Any) -> None:
                """Nothing: whoever asked for the report shows it."""

        hashed = self._hashes[file]
        if not hashed:
            if part.is_file() and part.stat().st_size > come:  # of another server, which sent a page of its own
                part.unlink()
            with part.open("ab") as opened:
                http_get(
                    hf_hub_url(self._name, file, revision=self._revision),
                    opened,
                    resume_size=opened.tell(),
                    headers=build_hf_headers(),
                    expected_size=told.size,
                    tqdm_class=Bar,
                )
            hashed = hash_of(part, told)
            if not hashed:
                part.unlink()
                raise UserError(f"{file} of {self._name} came with another hash than the hub names; fetch it again.")
            part.replace(self._folder / file)
            self._done += size - come
            report(self._done, total)
        return hashed

    def _part(self, file: str) -> Path:
        """Where a file lies while it comes."""
        told = self._files[file]
        promised = told.lfs.sha256 if told.lfs else told.blob_id
        return self._folder / f"{file}.{str(promised)[:12]}{PART}"

    def _come(self, file: str) -> int:
        """How many of its bytes lie there; none where there are more than it has."""
        part = self._part(file)
        come = part.stat().st_size if part.is_file() else 0
        return come if come <= (self._files[file].size or 0) else 0


def hash_of(path: Path, file: RepoSibling) -> str:
    """The SHA-256 of what lies at a path; "" where nothing does, or it is not what the hub has."""
    if not path.is_file():
        return ""
    hashed = sha256(path)
    there = file.lfs.sha256 == hashed if file.lfs else file.blob_id == git_hash(path)
    return hashed if there else ""


def git_hash(path: Path) -> str:
    """The hash by which git, and the hub for its small files, knows a file."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
