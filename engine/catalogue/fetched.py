"""Where models lie that came from the Hugging Face hub."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

import platformdirs

UNFINISHED = ".unfinished"
"""Lies in a folder while its files may be of several revisions."""
COMING, GONE = ".coming", ".gone"
"""Folders among the models: in one they are downloaded, in the other lies what another takes the place of."""
NAME = re.compile(r"(?=[^/]{1,96}/[^/]{1,96}$)\w[\w.-]*/\w[\w.-]*", re.ASCII)
"""What the hub calls a model: owner/name."""
PAGE = re.compile(r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/([^/]+/[^/?#]+)", re.IGNORECASE)
"""The address of a model's page, or of a page below it."""
NO_OWNERS = (
    *("api", "blog", "chat", "collections", "datasets", "docs", "enterprise", "join", "learn", "login", "models"),
    *("organizations", "papers", "posts", "pricing", "settings", "spaces", "support", "tasks"),
)
"""How addresses of the hub begin that are of no model."""


def models_folder() -> Path:
    """Where models from the hub are kept."""
    return Path(platformdirs.user_data_dir("sedd-studio", appauthor=False)) / "models"


def is_name(text: str) -> bool:
    """Whether the hub may call a model so."""
    return NAME.fullmatch(text) is not None and ".." not in text


def name_in(text: str) -> str:
    """The model of the hub that a text names, by its name alone or by the address of its page; "" if it is neither."""
    page = PAGE.match(text.strip())
    name = page[1] if page else text.strip().strip("/")
    return name if is_name(name) and name.partition("/")[0].lower() not in NO_OWNERS else ""


def known_as(name: str) -> str:
    """The name under which a model lies on this disk, whole or in part: to the hub names that differ only in case are
    one. It is the name itself where something lies under it, or nothing under any."""
    places = (models_folder() / place for place in ("", COMING, GONE))
    names = ["/".join(entry.parts[-2:]) for place in places for entry in sorted(place.glob("[!.]*/*"))]
    alike = [other for other in names if same(other, name)]
    return name if name in alike else next(iter(alike), name)


def same(name: str, other: str) -> bool:
    """Whether two names are of one model of the hub."""
    return name.lower() == other.lower()


def fetched() -> Iterator[tuple[str, Path]]:
    """The names and folders of models that have come whole, one of each."""
    names = set[str]()
    for folder in sorted(models_folder().glob("[!.]*/*")):
        name = "/".join(folder.parts[-2:])
        whole = (folder / "config.json").is_file() and not (folder / UNFINISHED).exists()
        if whole and name.lower() not in names:
            names.add(name.lower())
            yield name, folder


def unfinished() -> dict[str, int]:
    """The names of models of which a part has come, and how many bytes."""
    found = {}
    for folder in sorted((models_folder() / COMING).glob("*/*")):
        if folder.is_dir():
            found["/".join(folder.parts[-2:])] = sum(map(size_of, folder.rglob("*")))
    return found


def size_of(path: Path) -> int:
    """The bytes of a file; 0 of a folder, and of what a download has renamed in the meantime."""
    try:
        told = path.stat()
    except OSError:
        return 0
    return told.st_size if stat.S_ISREG(told.st_mode) else 0
