"""The panes of a comparison: one of the runs that stand beside each other, and what is known of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

import numpy as np

from engine.language.tokenizers import Tokenizer
from engine.protocol import FREE, Finished, Generate, Judged, ModelInfo, Noise, Started
from engine.protocol.noises import NOISE_KINDS
from engine.protocol.sampler_table import TITLES
from engine.runs.trajectory import Origin, Trajectory
from sedd_studio.session.notices import number_of
from sedd_studio.session.vocabulary import Say

FACETS = ("model", "steps", "sampler", "class", "branch", "seed")
"""What a pane may be told from others by, in the order in which its title says it."""
BETWEEN = " · "
"""What stands between the parts of a title."""
FIRST = 4
"""Texts that are made of each pane before more are made of any; from then on each time as many again as there are."""


class PaneState(Enum):
    """How far a pane is."""

    WAITING = auto()
    RUNNING = auto()
    DONE = auto()
    CANCELLED = auto()
    FAILED = auto()


@dataclass(eq=False)
class Pane:
    """One of the runs: its request, the record of the texts that are made, and what the judge says of them.

    `facets` says what it is, by what can be chosen. Texts are made in parts: `part` is the one under way, `question`
    its id, and `run` all that are through, or the first while it is made. `judged` is the number of texts of the
    verdict, `to_judge` that of the question `judging`.
    """

    title: str
    request: Generate
    info: ModelInfo | None = None
    noise: Noise = "absorb"
    facets: Mapping[str, str] = field(default_factory=dict)
    question: int = 0
    state: PaneState = PaneState.WAITING
    run: Trajectory | None = None
    part: Trajectory | None = None
    verdict: Judged | None = None
    judged: int = 0
    judging: int = 0
    to_judge: int = 0
    opened: bool = False

    def called(self, say: Say) -> str:
        """Its title in the words of `say`."""
        return BETWEEN.join(map(say, self.title.split(BETWEEN)))

    @property
    def texts(self) -> int:
        """How many are through."""
        return self.run.samples if self.run is not None and self.run.result is not None else 0

    @property
    def unfinished(self) -> bool:
        """Whether its figures are of fewer texts than were asked for."""
        return self.judged < self.request.samples

    @property
    def can_be_opened(self) -> bool:
        """Whether the window can show it: texts that are through."""
        return self.texts > 0 and self.run is not None and self.run.origin is not None

    @property
    def spoken(self) -> str:
        """The tokenizer of its run, by its fingerprint; empty while that is not known."""
        origin = self.run.origin if self.run is not None else None
        return "" if origin is None else origin.tokenizer.fingerprint

    @property
    def final(self) -> np.ndarray | None:
        """The tokens (B, L) of the texts that are through."""
        return self.run.newest if self.run is not None and self.texts else None

    @property
    def calls(self) -> float:
        """Network calls of a text: so far those of the text that needed most, the mean once texts are through."""
        run = self.run
        if run is None:
            return 0
        if run.result is not None and run.result.evaluations:
            return run.result.evaluations / run.samples
        return run.moments[-1].calls

    @property
    def seconds(self) -> float:
        """Seconds a text so far."""
        return self.run.moments[-1].seconds / self.run.samples if self.run is not None else 0.0

    @property
    def work(self) -> float:
        """Network calls of all its texts, about."""
        return work_of(self.request, self.noise)

    def step_at(self, position: float) -> int:
        """The recorded step that is shown at a position from 0, all noise, to 1, none."""
        return 0 if self.run is None else self.run.step_at(position)

    @property
    def work_done(self) -> float:
        """How much of it is over, one way or the other."""
        if self.state not in (PaneState.WAITING, PaneState.RUNNING):
            return self.work
        part, made = self.part, float(self.texts)
        if part is not None and part.result is None:
            made += part.samples * part.recorded / max(1, part.steps)
        return self.work * made / self.request.samples

    def next_part(self) -> Generate | None:
        """The request of the texts to be made next, None if all are through."""
        made, asked = self.texts, self.request
        count = min(asked.samples - made, max(FIRST, made))
        return replace(asked, samples=count, first_sample=asked.first_sample + made) if count else None

    def begin(self, started: Started, tokenizer: Tokenizer | None) -> None:
        """A part of its texts is being made from now on."""
        self.state = PaneState.RUNNING
        origin = None
        if self.info is not None and tokenizer is not None:
            count, first = started.tokens.shape[0], self.request.first_sample + self.texts
            asked = replace(self.request, model="", samples=count, first_sample=first)
            origin = Origin.of_now(asked, self.info, tokenizer)
        self.part = Trajectory(started, self.info.mask_id if self.info is not None else FREE, origin)
        self.run = self.run or self.part

    def finish(self, result: Finished) -> None:
        """The part is through, and joins the others."""
        assert self.part is not None
        self.part.result = result
        if self.run is not self.part and self.run is not None:
            self.run = self.run.joined(self.part)
        self.part = None
        if self.texts == self.request.samples:
            self.state = PaneState.DONE


def work_of(request: Generate, noise: Noise) -> int:
    """Network calls of all samples, about: where what is written stays, none needs more than it has free tokens; with
    guidance each answer takes two."""
    free = int((request.tokens == FREE).sum())
    return request.samples * max(1, NOISE_KINDS[noise].calls(request.steps, free)) * request.calls


def recorded(run: Trajectory) -> Pane:
    """The pane of a run that was made before."""
    assert run.origin is not None
    asked, info = run.origin.request, run.origin.info
    sampler = run.started.sampler or asked.sampler
    facets = {
        "model": info.name,
        "steps": number_of(run.steps, "step"),
        "sampler": TITLES.get(sampler, sampler),
        "class": class_of(asked),
        "branch": f"from step {asked.first_step - 1}" if asked.first_step > 1 else "",
        "seed": f"seed {asked.seed}",
    }
    return Pane("", asked, info, info.noise, facets, state=PaneState.DONE, run=run)


def class_of(request: Generate) -> str:
    """The class of texts that is asked for, in words; empty for any."""
    if request.label < 0:
        return ""
    return f"class {request.label}" + (f", guidance {request.guidance:g}" if request.guidance != 1 else "")


def name_by_what_differs(panes: Sequence[Pane]) -> None:
    """Gives each a title of what it differs in from others; a number where it does in nothing."""
    differs = [name for name in FACETS if _differs(name, panes)]
    for number, pane in enumerate(panes, start=1):
        pane.title = BETWEEN.join(filter(None, (pane.facets.get(name) for name in differs))) or f"run {number}"


def _differs(name: str, panes: Sequence[Pane]) -> bool:
    """Whether panes are told apart by it; samplers that go with other models alone are no choice."""
    alike: dict[str, set[str]] = {}
    for pane in panes:
        of = "" if name == "model" else pane.facets["model"]
        alike.setdefault(of, set()).add(pane.facets.get(name, ""))
    return any(len(values) > 1 for values in alike.values())


def unlike(pane: Pane, other: Pane) -> np.ndarray | None:
    """Where (B, L) two panes ended with other tokens, of the texts that both have; None if there are none, or tokens
    of one mean nothing in the other."""
    one, two = pane.final, other.final
    if one is None or two is None or one.shape[1] != two.shape[1] or pane.spoken != other.spoken:
        return None
    count = min(len(one), len(two))
    return np.asarray(one[:count] != two[:count])


def judged(panes: Iterable[Pane]) -> list[Pane]:
    """Those of whose texts the judge has spoken."""
    return [pane for pane in panes if pane.verdict is not None and not math.isnan(pane.verdict.perplexity)]


def first_texts(panes: Iterable[Pane]) -> Callable[[], list[tuple[str, str, Trajectory]]]:
    """The first text of each pane that has one, with its title and figures, as they stand now; they are taken out of
    their runs when they are called for, in another thread."""
    runs = [(pane, pane.run.snapshot()) for pane in panes if pane.can_be_opened and pane.run is not None]
    found = [(pane.title, figures_of(pane), run) for pane, run in runs]
    return lambda: [(title, figures, run.only(0)) for title, figures, run in found]


def figures_of(pane: Pane) -> str:
    """What is known of a pane in a line."""
    figures = [f"{pane.calls:.4g} calls"]
    if pane.verdict is not None and not math.isnan(pane.verdict.perplexity):
        error = "" if math.isnan(pane.verdict.error) else f" ± {pane.verdict.error:.1f}"
        count = f"n = {pane.judged}{' so far' if pane.unfinished else ''}"
        figures += [f"perplexity {pane.verdict.perplexity:.1f}{error}", f"entropy {pane.verdict.entropy:.2f}", count]
    return " · ".join(figures)
