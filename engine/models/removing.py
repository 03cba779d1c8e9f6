"""A model that was fetched is deleted from this disk: what came from the hub, and nothing else."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from engine.catalogue.fetched import UNFINISHED, is_name, known_as, same, size_of
from engine.catalogue.glance import LARGEST_ORIGIN, ORIGIN
from engine.models.hub import alone, places_of
from engine.models.origin import hashes_of
from engine.protocol import UserError
from engine.strict_json import entries


def remove(name: str) -> tuple[int, list[str]]:
    """Deletes the model that the hub calls `name`, whole or what has come of it: the bytes that were freed, and the
    names of files beside it that were not fetched, which stay.

    Links are followed nowhere. Programs that have it open keep it until they close it. A UserError if there is no such
    model, or it is not one that was fetched.
    """
    if not is_name(name):
        raise UserError(f'"{name}" names no model of the hub; write owner/name, for example louaaron/sedd-small.')
    name = known_as(name)
    folder, coming, gone = places_of(name)
    try:
        if not any(place.exists() or place.is_symlink() for place in (folder, coming, gone)):
            raise UserError(f"No model {name} was fetched to this disk; check the name.")
        for place in (folder, coming, gone):
            check_own(place)
        with alone(name):
            freed, others = emptied(folder, gone, name)
            freed += bytes_in(coming)
            for place in (coming, gone):
                if place.exists():
                    shutil.rmtree(place)
    except OSError as error:
        raise UserError(f"{error.filename} cannot be deleted ({error.strerror}); allow it, or close it.") from error
    for place in (folder, gone):
        with suppress(OSError):  # other models lie there
            place.parent.rmdir()
    return freed, others


def check_own(place: Path) -> None:
    """A UserError where a link stands in the place of a folder of ours: what it leads to may be anything."""
    for each in (place.parent, place):
        if each.is_symlink():
            raise UserError(f"{each} is a link that was put there by hand; delete it yourself.")


def emptied(folder: Path, gone: Path, name: str) -> tuple[int, list[str]]:
    """Takes away what was fetched into a folder, and the folder if nothing else is there: the bytes of it, and what
    else there is. Until it is all gone the rest is no model that could be opened."""
    if not folder.exists():
        return 0, []
    if not same(str(entries(folder / ORIGIN, LARGEST_ORIGIN).get("hub")), name):
        raise UserError(f"{folder} is none that was fetched; delete it yourself.")
    known = {Path(file).name for file in hashes_of(folder)} | {ORIGIN, UNFINISHED}
    own = [entry for entry in folder.iterdir() if entry.name in known and (entry.is_symlink() or not entry.is_dir())]
    others = sorted(entry.name for entry in folder.iterdir() if entry not in own)
    freed = sum(map(size_of, own))
    if others:
        (folder / UNFINISHED).touch()
        for entry in sorted({*own, folder / UNFINISHED}, key=lambda entry: entry.name == UNFINISHED):
            entry.unlink()
        return freed, others
    gone.parent.mkdir(parents=True, exist_ok=True)
    if gone.exists():
        shutil.rmtree(gone)
    folder.rename(gone)
    return freed, []


def bytes_in(folder: Path) -> int:
    """Of all files under a folder."""
    return sum(map(size_of, folder.rglob("*"))) if folder.exists() else 0
