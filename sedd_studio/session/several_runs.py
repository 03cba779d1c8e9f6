"""One prompt over a range of seeds and a grid of settings: the runs that these make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from engine.protocol import Generate, Noise, UserError
from engine.protocol.noises import NOISE_KINDS
from engine.protocol.options import ENTRIES
from engine.protocol.sampler_table import samplers_for

MOST = 1_000
"""Runs that can be added at once."""


@dataclass(frozen=True)
class Several:
    """What is asked for: all seeds from one to another, and what is typed as lists with commas. An empty one is as the
    form has it."""

    seeds: tuple[int, int]
    steps: str = ""
    samplers: str = ""
    temperatures: str = ""
    say: Callable[[str], str] = str
    """In which words settings and samplers are named."""

    def changes(self, noise: Noise) -> list[dict[str, Any]]:
        """What each run has otherwise than the form's; a UserError where something typed cannot be, or these are too
        many. What does not go with the noise is left out."""
        low, high = self.seeds
        if low > high:
            raise UserError(f"The first seed, {low}, is larger than the last, {high}; make it smaller.")
        lists: dict[str, Callable[[], list[Any]]] = {
            "steps": lambda: numbers("steps", self.steps, self.say),
            "sampler": lambda: sampler_names(self.samplers, noise, self.say),
            "temperature": lambda: numbers("temperature", self.temperatures, self.say),
        }
        free = (name for name in lists if name not in NOISE_KINDS[noise].fixed)
        given = {name: values for name in free if (values := lists[name]())}
        count = high - low + 1
        for values in given.values():
            count *= len(values)
        if count > MOST:
            raise UserError(
                f"These are {count:,} runs, and {MOST:,} can be added at once; take fewer seeds or settings."
            )
        grid = product(*given.values(), range(low, high + 1))
        return [dict(zip((*given, "seed"), values, strict=True)) for values in grid]


def numbers(name: str, typed: str, say: Callable[[str], str]) -> list[Any]:
    """The numbers of an entry of the form, as they are typed; a UserError where one cannot be."""
    kind, title = ENTRIES[name].kind, say(ENTRIES[name].title)
    parse = getattr(kind, "parse")  # noqa: B009 - of numbers alone
    return list(dict.fromkeys(parse(title, part) for part in parts(typed)))


def sampler_names(typed: str, noise: Noise, say: Callable[[str], str]) -> list[str]:
    """Samplers by name or by how their titles begin; a UserError where there is none such."""
    found = []
    for part in parts(typed):
        fitting = [row for row in samplers_for(noise) if row.name == part.lower()] or [
            row
            for row in samplers_for(noise)
            if any(title.lower().startswith(part.lower()) for title in (say(row.title), row.title))
        ]
        if len(fitting) != 1:
            titles = ", ".join(say(row.title) for row in fitting or samplers_for(noise))
            raise UserError(f"“{part[:40]}” is {'none' if not fitting else 'more than one'} of: {titles}.")
        found.append(fitting[0].name)
    return list(dict.fromkeys(found))


def parts(typed: str) -> list[str]:
    """What stands between the commas."""
    return [part.strip() for part in typed.split(",") if part.strip()]


def changed(asked: Generate, changes: dict[str, Any]) -> Generate:
    """The form's run with these changes; numbers of a sampler are its own."""
    options = asked.options if changes.get("sampler", asked.sampler) == asked.sampler else ()
    return replace(asked, options=options, **changes)
