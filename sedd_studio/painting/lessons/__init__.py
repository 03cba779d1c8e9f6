"""The figures of Learn: how the records of the engine are painted, one chapter a file."""

from __future__ import annotations

from importlib import import_module

from sedd_studio.painting.lessons.picture import Picture


def picture(name: str) -> Picture:
    """The picture of the chapter of that name."""
    found: Picture = import_module(f"sedd_studio.painting.lessons.{name}").PICTURE
    return found
