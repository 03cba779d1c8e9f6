"""Where a folder that was fetched came from: the hub's name, the revision, and a hash of each file."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from engine.catalogue.glance import LARGEST_ORIGIN, ORIGIN
from engine.files import write_whole
from engine.plain_text import plain_facts
from engine.protocol.model_info import NOT_YET
from engine.strict_json import entries


def write_origin(folder: Path, name: str, revision: str, hashes: dict[str, str], weights: str = "") -> None:
    """Notes that the files with these SHA-256 hashes are those of a model on the hub at one revision; `weights` is that
    of all files of weights together, if there are several."""
    noted = {"hub": name, "revision": revision, "sha256": hashes} | ({"weights": weights} if weights else {})
    write_whole(folder / ORIGIN, json.dumps(noted, indent=2).encode())


def hashes_of(folder: Path) -> dict[str, object]:
    """The hashes that were noted, by the names of files; none where nothing is."""
    noted = entries(folder / ORIGIN, LARGEST_ORIGIN).get("sha256")
    return noted if isinstance(noted, dict) else {}


def facts_of(folder: Path, weights: Path, weights_hash: str) -> dict[str, str]:
    """What a model's facts say of where it came from; nothing where that, or the hash, is not known."""
    if weights_hash.startswith(NOT_YET):
        return {}
    with suppress(TypeError, KeyError):
        noted = entries(folder / ORIGIN, LARGEST_ORIGIN)
        changed = (noted.get("weights") or noted["sha256"][weights.name]) != weights_hash
        revision = f"{noted['revision']}{', changed since' if changed else ''}"
        return plain_facts({"from the hub": noted["hub"], "revision": revision})
    return {}
