"""The form of a run: what the next one is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.protocol import FREE, Generate, Noise, Tokens
from engine.protocol.noises import NOISE_KINDS
from engine.protocol.options import ENTRIES
from engine.protocol.sampler_table import samplers_for


@dataclass(frozen=True)
class Form:
    """An entry for each of `ENTRIES`, to be read as an attribute; each stands for the option of a request."""

    entries: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        if name not in ENTRIES:
            raise AttributeError(name)
        return self.entries[name]

    @staticmethod
    def read(entries: Mapping[str, Any]) -> Form:
        """The form with these entries, and what is usual for the others; a ValueError if one of them cannot be."""
        known = {name: entry for name, entry in entries.items() if name in ENTRIES}
        if not all(ENTRIES[name].kind.accepts(entry) for name, entry in known.items()):
            raise ValueError("the form has no such entry")
        return Form({name: row.entry_usual for name, row in ENTRIES.items()} | known)

    def changed(self, **entries: Any) -> Form:
        return Form({**self.entries, **entries})

    def request(self, tokens: Tokens, noise: Noise, classes: int = 0) -> Generate:
        """The run of a prompt (L,) for a model of this noise that knows so many classes. What does not go with it stays
        chosen and is left out.

        A sampler that does not fit gives way to the default one. From left to right each free position is a step.
        """
        fitting = {row.name: row for row in samplers_for(noise)}
        sampler = fitting.get(self.sampler, next(iter(fitting.values())))
        chosen = {entry: row for entry, row in ENTRIES.items() if row.fits(noise, classes)}
        found = {row.name: row.kind.value(self.entries[entry]) for entry, row in chosen.items()}
        numbers = [(option, self.options.get(option.name, option.default)) for option in sampler.options]
        found |= {
            "sampler": self.sampler if self.sampler in fitting else "auto",
            "options": tuple((option.name, number) for option, number in numbers if number != option.default),
        }
        made = Generate(tokens, **{"steps": max(1, int((tokens == FREE).sum())), **found})
        return replace(made, **{row.name: row.usual for row in chosen.values() if row.idle(made)})

    @staticmethod
    def entries_of(request: Generate, noise: Noise) -> dict[str, Any]:
        """The entries with which a request is asked for again; from left to right steps and sampler are no choice."""
        chosen = [row for row in ENTRIES.values() if row.name not in NOISE_KINDS[noise].fixed]
        found = {row.entry: row.kind.entry(getattr(request, row.name)) for row in chosen}
        return {entry: value for entry, value in found.items() if ENTRIES[entry].kind.accepts(value)}
