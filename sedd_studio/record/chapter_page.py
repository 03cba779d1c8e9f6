"""A chapter of Learn as a page for the web: one file without anything from elsewhere, whose slider moves the figure.

Its pictures, its words and its numbers are computed before, one for each place of the slider. The page runs one script,
its own, and loads nothing: its policy names that script and its style by what they are.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.plain_text import plain
from engine.strict_json import to_json
from sedd_studio.record.chapters.chapter import Chapter, Choices, Pick, Shown, Slide, Strip
from sedd_studio.record.page_policy import policy_of

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Drawings:
    """Pictures as parts that they share. A style is a tag with its attributes; a part is the number of its style, where
    it is, and what it says; of a path the number of its shape. A frame has the numbers of its parts, by place."""

    sizes: Mapping[str, tuple[int, int]]
    styles: Sequence[Any]
    shapes: Sequence[str]
    parts: Sequence[Sequence[Any]]
    frames: Sequence[Mapping[str, Any]]


def as_html(
    chapter: Chapter, title: str, shown: Shown, drawings: Drawings, colours: Mapping[str, str], dark: bool
) -> str:
    """The page of a chapter, in `colours` by name; `drawings` are of its strip."""
    strip = chapter.strip(shown)
    data = {
        "title": title,
        "facts": facts_of(chapter, shown, strip),
        "slider": strip.title,
        "says": strip.says,
        "seconds": strip.seconds,
        "at": strip.at,
        "sizes": dict(drawings.sizes),
        "styles": list(drawings.styles),
        "shapes": list(drawings.shapes),
        "parts": list(drawings.parts),
        "frames": [
            {**frame, **_told(chapter, Shown(shown.figure, choices))}
            for frame, choices in zip(drawings.frames, strip.choices, strict=True)
        ],
        "numbers": numbers_of(chapter, shown, strip),
    }
    return _page(title, data, colours, "dark" if dark else "light")


def numbers_of(chapter: Chapter, shown: Shown, strip: Strip) -> dict[str, dict[str, Any]]:
    """What of the record is shown, by field: "same" in every frame, or "each" frame's own."""
    figure = shown.figure
    where = [chapter.numbers(Shown(figure, choices)) for choices in strip.choices]
    found: dict[str, dict[str, Any]] = {}
    for name in where[0]:
        places = [each[name] for each in where]
        if all(place == places[0] for place in places):
            found[name] = {"same": _values(figure, name, places[0])}
        else:
            found[name] = {"each": [_values(figure, name, place) for place in places]}
    return found


def facts_of(chapter: Chapter, shown: Shown, strip: Strip) -> str:
    """What is chosen beside the slider."""
    choices = shown.choices
    said = [chapter.about_says(choices)]
    for control in (*chapter.about(choices), *chapter.controls(choices, shown.figure)):
        match control:
            case Pick():
                said.append(f"{control.title}: {_picked(control, choices)}")
            case Slide() if control.title != strip.title:
                said.append(f"{control.title}: {control.says}")
    return " \N{MIDDLE DOT} ".join(filter(None, said))


def spoken_formula(lines: Sequence[str]) -> list[str]:
    """Formulas in LaTeX, without what is ours in them."""
    return [re.sub(r"\\result\{([^{}]*)\}", r"\1", line) for line in lines]


def _picked(control: Pick, choices: Choices) -> str:
    return control.options.get(choices[control.name], "of one's own")


def _told(chapter: Chapter, shown: Shown) -> dict[str, Any]:
    """The words of a frame."""
    return {
        "caption": plain(chapter.caption(shown)),
        "spoken": plain(chapter.spoken(shown)),
        "latex": [plain(line) for line in spoken_formula(chapter.formula(shown))],
    }


def _values(figure: Any, name: str, place: tuple[int | slice, ...]) -> Any:
    values = getattr(figure, name)
    if isinstance(values, np.ndarray):
        return values[place].tolist()
    return plain(values) if isinstance(values, str) else values


def _page(title: str, data: dict[str, Any], colours: Mapping[str, str], scheme: str) -> str:
    named = "; ".join(f"--{name}: {colour}" for name, colour in colours.items())
    style = _read("chapter.css").replace("__COLOURS__", named).replace("__SCHEME__", scheme)
    page = _read("chapter.html").replace("__STYLE__", style).replace("__SCRIPT__", _read("chapter.js"))
    filled = {
        "__POLICY__": policy_of(page),
        "__TITLE__": html.escape(title, quote=False),
        "__DATA__": to_json(data, compact=True).replace("<", "\\u003c"),  # so that nothing in it ends the script
    }
    return re.sub("|".join(filled), lambda match: filled[match[0]], page)


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
