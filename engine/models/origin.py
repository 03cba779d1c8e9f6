"""Where a folder that was fetched came from: the hub's name, the revision, and a hash of each file."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from engine.files import write_whole
from engine.plain_text import plain_facts
from engine.strict_json import entries

ORIGIN = "origin.json"
LARGEST = 100_000
"""Bytes."""


def write_origin(folder: Path, name: str, revision: str, hashes: dict[str, str]) -> None:
    """Notes that the files with these SHA-256 hashes are those of a model on the hub at one revision."""
    noted = {"hub": name, "revision": revision, "sha256": hashes}
    write_whole(folder / ORIGIN, json.dumps(noted, indent=2).encode())


def revision_of(folder: Path) -> str:
    """The revision that was noted; empty where none is."""
    return str(entries(folder / ORIGIN, LARGEST).get("revision", ""))


def facts_of(folder: Path, weights: Path, weights_hash: str) -> dict[str, str]:
    """What a model's facts say of where it came from; nothing where that is not known."""
    with suppress(TypeError, KeyError):
        noted = entries(folder / ORIGIN, LARGEST)
        changed = noted["sha256"][weights.name] != weights_hash
        revision = f"{noted['revision']}{', changed since' if changed else ''}"
        return plain_facts({"from the hub": noted["hub"], "revision": revision})
    return {}
