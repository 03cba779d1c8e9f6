"""Models from the Hugging Face hub, each downloaded whole into a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs
from huggingface_hub import HfApi, errors, hf_hub_download
from tqdm import tqdm

from engine.protocol import UserError

CONFIG = "config.json"
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
        if is_whole(folder):
            return folder
        if isinstance(error, OSError) and error.filename is not None:  # of a file, not of the network
            raise UserError(
                f"{name} cannot be written to {folder} ({error.strerror}); free some room there."
            ) from error
        raise UserError(
            f"{name} could not be fetched from the hub ({error}); check the connection, then try again: "
            "it goes on where it stopped."
        ) from error
    return folder


def is_whole(folder: Path) -> bool:
    """Whether a model lies there: files get their names when all of them has come."""
    return (folder / CONFIG).is_file() and any((folder / weights).is_file() for weights in WEIGHTS)


def download(name: str, folder: Path, report: Report) -> None:
    """Downloads description, weights and tokenizer, the large file last, so that what is wrong shows early."""
    sizes = sizes_of(name)
    weights = next((file for file in WEIGHTS if file in sizes), None)
    if weights is None or CONFIG not in sizes:
        raise UserError(f"{name} on the hub is no model that can be read here: it lacks {CONFIG} or {WEIGHTS[0]}.")
    tokenizer = next((files for files in TOKENIZERS if all(file in sizes for file in files)), None)
    wanted = [(name, file, sizes[file]) for file in ("README.md", CONFIG, *(tokenizer or ()), weights) if file in sizes]
    count = Counted(sum(size for *_, size in wanted), report)
    for source, file, size in wanted:
        count.file(source, file, size, folder)
        if file == CONFIG and tokenizer is None and knows_gpt2(folder / CONFIG):
            count.file(GPT2, TOKENIZERS[0][0], 0, folder)  # 1 MB beside some hundred: not counted


def sizes_of(name: str) -> dict[str, int]:
    """The files of a model on the hub, and their bytes."""
    files = HfApi().model_info(name, files_metadata=True).siblings or []
    return {file.rfilename: file.size or 0 for file in files}


def knows_gpt2(config: Path) -> bool:
    """Whether a published configuration has the vocabulary of GPT-2."""
    described = json.loads(config.read_text(encoding="utf-8"))
    return isinstance(described, dict) and described.get("tokens") == GPT2_VOCABULARY


class Counted:
    """Downloads of which `report` is told as one."""

    def __init__(self, total: int, report: Report) -> None:
        self._before, self._total, self._report = 0, total, report

    def file(self, name: str, file: str, size: int, folder: Path) -> None:
        """Downloads a file unless it is there already."""
        before, total, report = self._before, self._total, self._report

        class Bar(tqdm):  # type: ignore[type-arg] # what the library tells of its progress, printed nowhere
            def update(self, n: float | None = 1) -> bool | None:
                changed: bool | None = super().update(n)
                report(before + min(int(self.n), size), total)
                return changed

            def display(self, *arguments: Any, **options: Any) -> None:
                """Nothing: whoever asked for the report shows it."""

        hf_hub_download(name, file, local_dir=folder, tqdm_class=Bar)
        self._before += size
        report(self._before, total)
