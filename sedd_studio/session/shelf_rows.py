"""The rows of the shelf: models that come along, models on this disk, and models that the hub has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from engine import bundled_models
from engine.catalogue.families import OWN
from engine.catalogue.fetched import fetched, name_in, unfinished
from engine.catalogue.glance import Glance, glance_at
from engine.catalogue.offers import OFFERS, Offer
from engine.estimates import free
from engine.plain_text import plain_line
from engine.protocol import Noise
from engine.stopping import look
from sedd_studio.record.noises import NOISES
from sedd_studio.record.sizes import count, memory, stored
from sedd_studio.session.model_folders import is_model

Group = Literal["bundled", "disk", "hub"]
State = Literal["open", "opens", "there", "coming", "waits", "part", "away", "leaves"]
"""Open; being opened; on this disk; being downloaded; waits for that; a part of it has come; not here; is deleted."""
GROUPS: dict[Group, tuple[str, str]] = {
    "bundled": ("Bundled", "They come along with the program."),
    "disk": ("On this disk", "Opened or downloaded before; they need no network."),
    "hub": ("From the hub", "Weights and tokenizers alone are downloaded; no code of a repository is kept or run."),
}
"""Titles, and what is told beside them."""
ASKED = "Not on this list. The hub is asked for it when it is downloaded."
TO_DO = "To do"
"""The title of what the doctor says is to be done."""
UNTOLD = "What it is, the doctor says."
BEGINNING = re.compile(r"^.{20,}?(?=, | by | \()")
"""Of a sentence: as far as it says what is written."""
LONGEST, SHORT = 400, 24
"""Characters of a path, and of a licence that is told behind a name."""
BY_NAME = {offer.name.lower(): offer for offer in OFFERS}
"""The hub makes no difference between upper and lower case."""


@dataclass(frozen=True)
class Row:
    """A model by its `name`, what is `told` of it in a line, and its `facts` by their titles. It lies at `path`, if it
    is here; else `come` bytes of it are. What is here was `fetched`, or was not. `needed` bytes of memory stand against
    those that are `free`. It `writes` one of `KINDS`, or that is not known."""

    group: Group
    name: str
    told: str
    facts: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    noise: Noise | None = None
    size: int = 0
    come: int = 0
    needed: int | None = None
    free: int | None = None
    fetched: bool = False
    writes: str = ""

    @property
    def fits(self) -> bool:
        """Whether there is memory for it, as far as that is known."""
        return self.needed is None or self.free is None or self.needed <= self.free

    @property
    def room(self) -> str:
        """The memory that it needs against what is free."""
        if self.needed is None:
            return ""
        if self.free is None:
            return f"{memory(self.needed)}"
        if self.fits:
            return f"{memory(self.needed)} of {memory(self.free)}"
        return f"needs {memory(self.needed)}, {memory(self.free)} are free"

    @property
    def kind(self) -> str:
        """What stands behind its name: noise, size of its files, licence and family, as far as they are told."""
        family = "" if self.facts.get("Family") == OWN else self.facts.get("Family", "")
        noise = NOISES[self.noise].short if self.noise else ""
        size = stored(self.size) if self.size else ""
        licence = self.facts.get("Licence", "")
        return " · ".join(filter(None, (noise, size, licence if len(licence) <= SHORT else "", family)))

    @property
    def brief(self) -> str:
        """What is told of it, in a line: of a bundled one the beginning of what its card says."""
        found = BEGINNING.match(self.told) if self.group == "bundled" else None
        return found.group() if found else self.told

    @property
    def words(self) -> str:
        """What a search looks through."""
        return " ".join((self.name, self.told, self.path, *self.facts.values())).lower()


def rows_of(recent: Iterable[str]) -> list[Row]:
    """All rows, the bundled models first; `recent` are the paths of models that were opened."""
    left = free()
    bundled = sorted(path.parent for path in bundled_models.ASSETS.glob("*/model.safetensors"))
    bundled.sort(key=lambda folder: folder != bundled_models.DEFAULT_MODEL)
    names = dict.fromkeys(bundled) | {folder.resolve(): name for name, folder in fetched()}
    for path in filter(is_model, map(Path, recent)):
        names.setdefault(path)
    rows = []
    for folder, name in names.items():
        look()
        try:
            group: Group = "bundled" if folder in bundled else "disk"
            made = row_of(folder, group, name or folder.name, glance_at(folder), left)
            rows.append(replace(made, fetched=name is not None))
        except (OSError, ValueError):  # it is gone, or may not be looked at
            continue
    here = {row.name.lower() for row in rows}
    come = {name.lower(): (name, size) for name, size in unfinished().items()}
    away = [(offer, come.get(name, ("", 0))) for name, offer in BY_NAME.items() if name not in here]
    rows += [offered(offer, size, left) for offer, (_, size) in away]
    others = [told for name, told in come.items() if name not in here and name not in BY_NAME]
    rows += [Row("hub", name, ASKED, come=size) for name, size in others]
    return [replace(row, fetched=True) if row.come else row for row in rows]


def row_of(folder: Path, group: Group, name: str, seen: Glance, left: int | None) -> Row:
    """A model on this disk."""
    offer = BY_NAME.get(seen.hub.lower())
    about = [f"Texts of {seen.length:,} tokens"] if seen.length else []
    about += [f"{count(seen.parameters)} parameters"] if seen.parameters else []
    told = offer.good_for if offer else seen.about if group == "bundled" else ", ".join(about)
    facts = facts_of(seen, offer) | {"Lies in": plain_line(str(folder), LONGEST)}
    told, name = told or UNTOLD, plain_line(name)
    return Row(group, name, told, facts, str(folder), seen.noise, seen.size, 0, seen.needed, left, writes=seen.writes)


def facts_of(seen: Glance, offer: Offer | None) -> dict[str, str]:
    """What a glance at a folder tells, and the list of offers."""
    size = [f"{count(seen.parameters)} parameters"] if seen.parameters else []
    size += [f"{stored(seen.size)} on disk"] if seen.size else []
    found = {
        "Family": seen.family,
        "Noise": NOISES[seen.noise].title if seen.noise else "",
        "Size": ", ".join(size),
        "Longest text": f"{seen.length:,} tokens" if seen.length else "",
        "Vocabulary": f"{seen.vocabulary:,} entries" if seen.vocabulary else "",
        "Mask": seen.mask,
        "Tokenizer": seen.tokenizer or "none there",
        "Licence": seen.licence or (offer.licence if offer else ""),
        "From": seen.hub,
    }
    return {title: fact for title, fact in found.items() if fact}


def offered(offer: Offer, come: int, left: int | None) -> Row:
    """A model that the hub has."""
    noise = offer.family.noise
    facts = {
        "Family": offer.family.name,
        "Noise": NOISES[noise].title,
        "Size": f"{count(offer.shape.parameters)} parameters",
        "Download": stored(offer.size) if offer.size else "",
        "Longest text": f"{offer.length:,} tokens",
        "Blocks": f"of {offer.block_size} tokens" if offer.block_size else "",
        "Licence": offer.licence,
    }
    facts = {title: fact for title, fact in facts.items() if fact}
    told, needed = offer.good_for, offer.needed
    return Row("hub", offer.name, told, facts, "", noise, offer.size, come, needed, left, writes=offer.writes)


def found_in(rows: Iterable[Row], text: str, writes: str = "") -> Iterator[Row]:
    """The rows that have all words of a search, those that write something alone if that is asked for; and one more for
    what may be another name of the hub."""
    rows, words = list(rows), (name_in(text) or text).lower().split()
    fitting = (row for row in rows if not writes or row.writes == writes)
    yield from (row for row in fitting if all(word in row.words for word in words))
    name = name_in(text)
    if name and all(row.name.lower() != name.lower() for row in rows):
        yield Row("hub", name, ASKED)
