"""What is laid beside each other: what one chooses, the panes that come of it, and choices that are made at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from engine.language.domains import TEXT
from engine.language.typos import TypoKind
from engine.protocol import Generate, ModelInfo, Noise, UserError
from engine.protocol.noises import NOISE_KINDS
from engine.protocol.sampler_table import samplers_for
from sedd_studio.record.noises import NOISES
from sedd_studio.session import model_folders
from sedd_studio.session.notices import number_of
from sedd_studio.session.panes import Pane, name_by_what_differs

BUDGETS = (4, 16, 64, 256)
FEWEST, MOST = 2, 8
"""Panes that can stand beside each other."""
Rows = Literal["", "text", "typo"]
Model = tuple[str, Noise]
"""A folder and its noise; an empty path is the model that is loaded."""


@dataclass(frozen=True)
class Chosen:
    """What is compared; of what is empty there is one, as the form has it. `samples` is the number of texts a pane.

    With `rows` it is no panes, but a row for each model, whatever its tokenizer: what the text on show costs it, or
    whether it mends a `typo` in it, in a `word` if one is named.
    """

    steps: tuple[int, ...] = BUDGETS
    samplers: tuple[str, ...] = ()
    noises: tuple[Noise, ...] = ()
    seeds: tuple[int, ...] = ()
    models: tuple[Model, ...] = ()
    samples: int = 1
    rows: Rows = ""
    typo: TypoKind = "word"
    word: str = ""


@dataclass(frozen=True)
class Asked:
    """What panes are made of: the run as it is asked for of the loaded model, and of others of each noise; that model,
    and the judge's folder."""

    asked: Callable[[Noise | None], Generate]
    info: ModelInfo
    judge: str | None

    def path(self, noise: Noise) -> str | None:
        """The model of a noise: empty for the loaded one, its counterpart, or the judge from left to right; None if
        there is none."""
        if noise == self.info.noise:
            return ""
        if NOISE_KINDS[noise].exact and self.info.domain == TEXT.name:
            return self.judge
        return model_folders.counterpart(self.info.path, self.info.noise, noise)

    def noises(self) -> list[Noise]:
        """Those of which there is a model."""
        return [noise for noise in NOISES if self.path(noise) is not None]


def panes(asked: Asked, chosen: Chosen) -> list[Pane]:
    """All of what is chosen with all else of it; a UserError if these are too few or too many to look at."""
    made = list(islice(_each(asked, chosen), MOST + 1))  # all of them may be hundreds of thousands
    if len(made) < FEWEST:
        raise UserError("One pane has nothing beside it; choose another budget, sampler, noise, seed or model.")
    if len(made) > MOST:
        raise UserError(f"These are more than {MOST} panes, too many to look at; take some choices out.")
    name_by_what_differs(made)
    return made


def _each(asked: Asked, chosen: Chosen) -> Iterator[Pane]:
    own: list[Model] = [(path, noise) for noise in chosen.noises if (path := asked.path(noise)) is not None]
    for path, noise in [*(own or [("", asked.info.noise)]), *chosen.models]:
        usual = replace(asked.asked(noise if path else None), samples=chosen.samples, model=path)
        named = bool(chosen.models) or not chosen.noises
        title = (Path(path).name if path else asked.info.name) if named else NOISES[noise].title
        for seed in chosen.seeds or (usual.seed,):
            for changes, facets in _ways(usual, noise, chosen):
                about = {"model": title, **facets, "seed": f"seed {seed}"}
                yield Pane("", replace(usual, seed=seed, **changes), noise=noise, facets=about)


def _ways(usual: Generate, noise: Noise, chosen: Chosen) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Steps and samplers, with what is said of them; from left to right there is but one way."""
    if NOISE_KINDS[noise].fixed:
        yield {}, {}
        return
    fitting = samplers_for(noise)
    titles = {row.name: row.title for row in fitting} | {"auto": fitting[0].title}
    samplers = [name for name in chosen.samplers if name in titles]
    for sampler in samplers or [usual.sampler]:
        options = usual.options if sampler == usual.sampler else ()
        for steps in chosen.steps or (usual.steps,):
            facets = {"steps": number_of(steps, "step"), "sampler": titles[sampler]}
            yield {"sampler": sampler, "options": options, "steps": steps}, facets


def samplers_of(noise: Noise) -> Mapping[str, str]:
    """Titles of the samplers that can be compared, by name."""
    return {row.name: row.title for row in samplers_for(noise) if row.name != "uniformization"}


@dataclass(frozen=True)
class Kind:
    """A choice that is made at once; with `needs_models` every known model is among it: of the same tokenizer, where
    panes come of it. Fewer `texts` than these would say nothing."""

    title: str
    choose: Callable[[Asked], Chosen]
    needs_models: bool = False
    texts: int = 1


KINDS: dict[str, Kind] = {
    "steps": Kind("Step budgets", lambda asked: Chosen()),
    "sampler": Kind("Samplers", lambda asked: Chosen((), tuple(samplers_of(asked.info.noise))[:MOST])),
    "noise": Kind("Noise types and left to right", lambda asked: Chosen((), (), tuple(asked.noises()))),
    "model": Kind("Models", lambda asked: Chosen(()), needs_models=True),
    "text": Kind("Models of any tokenizer, on this text", lambda asked: Chosen((), rows="text"), needs_models=True),
    "typo": Kind("Plant a typo", lambda asked: Chosen((), rows="typo"), needs_models=True, texts=16),
}
