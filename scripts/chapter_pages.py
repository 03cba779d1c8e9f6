"""Writes every chapter of Learn as a page and its figure as SVG and PNG: `python -m scripts.chapter_pages FOLDER`.

With `--check` each page is opened in headless Chromium at two places of its slider, without a network, and what was
seen is printed: whether it moves, and whether its numbers are those of the engine's record. It ends with 1 where one is
not so. `--theme dark` has other colours; `--shots` takes a picture of each page.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
BEGUN: dict[str, tuple[str, object]] = {"training": ("start", 1), "walking": ("go", 10)}
"""What is chosen before, where there is nothing to see else."""
PLACES = (0.25, 0.75)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OFFLINE = ("--headless=new", "--no-sandbox", "--disable-gpu", "--proxy-server=127.0.0.1:9")
"""Nothing listens at the proxy: what asked for anything would get nothing."""


def shown_of(name: str) -> Any:
    """The figure of a chapter, whole, as its engine tells it."""
    from engine.lessons import figures
    from engine.performing.opening import open_folder
    from sedd_studio.record.chapters import chapter
    from sedd_studio.record.chapters.chapter import Shown

    told = chapter(name)
    choices = told.start()

    def figure() -> Any:
        lesson = told.lesson(choices)
        model = open_folder(Path("assets/stories-absorb"), "cpu", "auto", False) if lesson.of_model else None
        *_, last = figures(lesson, model)
        return last

    if name in BEGUN:
        before = None if name == "training" else figure()
        choices = told.choose(choices, before, *BEGUN[name])
    return Shown(figure(), choices)


def write(name: str, folder: Path, theme: str) -> Any:
    """The three files of a chapter; what they show."""
    from sedd_studio.painting.lessons.export import ChapterPicture, write_figure, write_page
    from sedd_studio.painting.theme import THEMES

    shown = shown_of(name)
    made = ChapterPicture(name, shown, THEMES[theme])
    list(write_page(made, folder / f"{name}.html"))
    for ending in (".svg", ".png"):
        list(write_figure(made, folder / f"{name}{ending}", 2.0))
    return shown


def browse(page: Path, place: float, *flags: str, profile: str) -> str:
    """What Chromium says of a page, its slider at a place."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit("There is no Chromium here; install it, or leave out --check and --shots.")
    address = f"{page.resolve().as_uri()}#t={place}"
    command = [program, *OFFLINE, f"--user-data-dir={profile}", "--virtual-time-budget=2000", *flags, address]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def seen(document: str) -> tuple[dict[str, str], dict[str, Any]]:
    """The texts of a page's document by id, with the figure's shapes as one, and the numbers that it lists."""
    texts = {}
    for name in ("says", "spoken", "figure", "caption"):
        found = re.search(rf'id="{name}"[^>]*>(.*?)</(?:output|p|svg)>', document, re.DOTALL)
        texts[name] = html.unescape(found[1]) if found else ""
    rows = re.findall(r"<tr><th>(.*?)</th><td>(.*?)</td></tr>", document)
    return texts, {name: json.loads(html.unescape(value)) for name, value in rows}


def check(name: str, page: Path, shown: Any, profile: str) -> bool:
    """Whether a page moves and has the record's numbers at both places; says what was seen."""
    from sedd_studio.record.chapters import chapter
    from sedd_studio.record.chapters.chapter import Shown

    told = chapter(name)
    strip = told.strip(shown)
    pictures, fine = [], True
    print(f"{name}: {page.stat().st_size / 1000:.0f} kB, {len(strip.choices)} places")
    for place in PLACES:
        texts, numbers = seen(browse(page, place, "--dump-dom", profile=profile))
        choices = strip.choices[round(place * (len(strip.choices) - 1))]
        wanted = told.numbers(Shown(shown.figure, choices))
        same = {field: equal(numbers.get(field), getattr(shown.figure, field), at) for field, at in wanted.items()}
        spoken = texts["spoken"] == told.spoken(Shown(shown.figure, choices))
        count, right = sum(np.size(value) for value in numbers.values()), sum(same.values())
        print(f"  t={place}: {texts['says']}; {texts['spoken'][:90]}")
        print(f"    {count} numbers in {len(same)} fields, {right} as in the record; words the same: {spoken}")
        pictures.append(texts["figure"])
        fine = fine and all(same.values()) and spoken and bool(texts["figure"])
    moves = pictures[0] != pictures[1]
    print(f"  moves: {moves}")
    return fine and moves


def equal(read: Any, values: Any, at: tuple[int | slice, ...]) -> bool:
    """Whether what a page lists is that part of a record, to the last bit; null stands for what is not finite."""
    if not isinstance(values, np.ndarray):
        return bool(np.array_equal(np.array(read), np.array(values)))
    part = values[at]
    if part.dtype.kind != "f":
        return bool(np.array_equal(np.array(read), part))
    found = np.array(read, dtype=float)
    return bool(np.array_equal(found, np.where(np.isfinite(part), part, np.nan), equal_nan=True))


def main() -> int:
    """Write and check what the arguments ask for."""
    from PySide6.QtWidgets import QApplication

    from sedd_studio.painting import theme as themes
    from sedd_studio.record.chapters import CHAPTERS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", default=[*CHAPTERS])
    parser.add_argument("--theme", default="light", choices=[*themes.THEMES])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--shots", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(["chapters", *themes.STYLE])
    themes.apply(app, themes.THEMES[arguments.theme])
    fine = True
    with tempfile.TemporaryDirectory() as profile:
        for name in arguments.only:
            shown, page = write(name, arguments.folder, arguments.theme), arguments.folder / f"{name}.html"
            if arguments.check:
                fine = check(name, page, shown, profile) and fine
            if arguments.shots:
                picture = f"--screenshot={arguments.folder.resolve() / name}-page.png"
                browse(page, 0.6, picture, "--window-size=1280,1000", profile=profile)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
