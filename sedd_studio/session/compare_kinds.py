"""What can be laid beside each other: one row a kind, with the runs that it asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.language.domains import TEXT
from engine.protocol import Generate, ModelInfo, Noise
from engine.protocol.options import ENTRIES
from engine.protocol.sampler_table import LEFT_TO_RIGHT, samplers_for
from sedd_studio.record.noises import NOISES
from sedd_studio.session import model_folders

BUDGETS = (4, 16, 64, 256)


@dataclass(frozen=True)
class Asked:
    """What is compared: the run as it is asked for of each noise, the loaded model, texts of each pane; the judge's
    folder, if any; folders of other models that have the same tokenizer, each with its noise."""

    asked: Callable[[Noise], Generate]
    info: ModelInfo
    samples: int
    judge: str | None
    models: list[tuple[str, Noise]]

    def request(self, noise: Noise | None = None, **changes: Any) -> Generate:
        return replace(self.asked(noise or self.info.noise), samples=self.samples, **changes)


Rows = list[tuple[str, Generate]]


@dataclass(frozen=True)
class Kind:
    """A way to compare: its rows, whether the last one is what the others are held against, and whether it needs to
    know which models have the same tokenizer."""

    title: str
    rows: Callable[[Asked], Rows]
    towards_last: bool = True
    needs_models: bool = False


def by_steps(asked: Asked) -> Rows:
    """The same run with other step budgets, fewest first; they share their draws. From left to right there is one."""
    if asked.info.noise not in ENTRIES["steps"].noises:
        return [(LEFT_TO_RIGHT.title, asked.request())]
    return [(f"{steps} steps", asked.request(steps=steps)) for steps in BUDGETS]


def by_sampler(asked: Asked) -> Rows:
    """The same run by each sampler that fits the noise, the published ones last."""
    fitting = [row for row in samplers_for(asked.info.noise) if row.name != "uniformization"]
    return [(row.title, asked.request(sampler=row.name, options=())) for row in fitting]


def by_noise(asked: Asked) -> Rows:
    """The same prompt by the loaded model, by its counterparts of other noise, and from left to right."""
    info = asked.info
    own = NOISES[info.noise]
    rows: Rows = [(own.title, asked.request())]
    for noise, other in NOISES.items():
        path = model_folders.counterpart(info.path, info.noise, noise)
        if other.exact and info.domain == TEXT.name:
            path = asked.judge
        if other is not own and path is not None:
            rows.append((other.title, asked.request(noise, model=path)))
    return rows


def by_model(asked: Asked) -> Rows:
    """The same prompt by the loaded model and by each other that is known here and has the same tokenizer."""
    others = [(Path(path).name, asked.request(noise, model=path)) for path, noise in asked.models]
    return [(asked.info.name, asked.request()), *others]


KINDS: dict[str, Kind] = {
    "steps": Kind("Step budgets", by_steps),
    "sampler": Kind("Samplers", by_sampler),
    "noise": Kind("Noise types and left to right", by_noise, towards_last=False),
    "model": Kind("Models", by_model, towards_last=False, needs_models=True),
}
