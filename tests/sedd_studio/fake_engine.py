"""An engine that needs no torch: it does what a test has written down, and waits where it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.language.tokenizers import Tokenizer, train_tokenizer
from engine.protocol import (
    FREE,
    Attributed,
    Bounded,
    Evaluate,
    Evaluated,
    Event,
    Failed,
    Finished,
    Frame,
    Generate,
    Guess,
    Guessed,
    Identified,
    Identify,
    Influence,
    Influenced,
    Insight,
    Inspect,
    Introduced,
    Judge,
    Judged,
    Lesson,
    LoadModel,
    Mend,
    Mended,
    ModelInfo,
    ModelLoaded,
    Request,
    Review,
    Reviewed,
    Score,
    Started,
    Weigh,
    Weighed,
    frozen,
)
from tests.patience import PATIENCE

LENGTH = 64
TOKENIZER: Tokenizer = train_tokenizer(
    iter(["Once upon a time there was a little fox. One day the smallest star fell. The end."] * 5), 320
)
MASK = TOKENIZER.vocabulary
FIRST = TOKENIZER.encode("a")[0]
"""The token of the first letter, known before a run is held: to encode looks whether it is."""
INFO = ModelInfo("tiny", "tiny", "absorb", "loglinear", LENGTH, MASK, MASK, 1_000, "cpu", "fp32")


def letter(seed: int, position: np.ndarray, sample: np.ndarray | int = 0) -> np.ndarray:
    """The token that a fake run puts at a position: one letter."""
    return (seed + position + sample) % 26 + FIRST


def insight(run_id: int, request: Inspect) -> Insight:
    """Ten letters from the position's own on, each half as likely as the one before."""
    tokens = letter(0, request.position + np.arange(10))
    probability = np.power(0.5, np.arange(1, 11, dtype=np.float64))
    score = None if request.tokens[request.position] != FREE else 2 * probability
    own = None if score is not None else 0.25
    return Insight(run_id, request.position, frozen(tokens), probability, score, 1.3, own)


def guessed(run_id: int, request: Guess) -> Guessed:
    """The letters that a run with seed 0 would put there, three quarters sure."""
    masked = request.tokens == FREE
    tokens = np.where(masked, letter(0, np.arange(len(masked))), request.tokens)
    return Guessed(run_id, frozen(tokens), np.where(masked, 0.75, np.nan), np.where(masked, 2.0, np.nan))


class FakeEngine:
    """Reveals free positions from left to right, evenly over the steps; a letter, by seed and position.

    With `hold_at` it waits after that step until `go` is set, and with questions until `answers` is.
    A path that ends in "broken" fails to load.
    """

    def __init__(self, hold_at: int | None = None, fail_at: int | None = None) -> None:
        self.hold_at, self.fail_at = hold_at, fail_at
        self.go = threading.Event()
        self.answers = threading.Event()
        self.answers.set()
        self.requests: list[Request] = []
        self.closed = 0
        self.nats_of: Callable[[Score], float] = lambda request: 2.0
        self.error = 0.2
        """Of a bound after one value; it falls with their number."""

    def perform(self, run_id: int, request: Request) -> Iterator[Event]:
        self.requests.append(request)
        match request:
            case LoadModel(path=path) if path.endswith("broken"):
                yield Failed(
                    run_id, f"There is no model at {path}; choose another folder.", found="kind: an empty folder"
                )
            case LoadModel():
                yield ModelLoaded(run_id, INFO, TOKENIZER)
            case Identify():
                self.answers.wait(PATIENCE)
                yield Identified(run_id, replace(INFO, weights="known"))
            case Score():
                yield from self._score(run_id, request)
            case Generate():
                try:
                    yield from self._run(run_id, request)
                except GeneratorExit:
                    self.closed += 1
                    raise
            case Evaluate() | Mend():
                yield from self._beside(run_id, request)
            case Review() | Influence():
                yield from self._look_back(run_id, request)
            case Lesson():
                from engine.performing.engine import Engine  # brings torch
                from tests.sedd_studio.chapter_cases import bundled_model

                yield from Engine(bundled_model() if request.of_model else None).perform(run_id, request)
            case _:
                self.answers.wait(PATIENCE)
                yield self._answer(run_id, request)

    def _look_back(self, run_id: int, request: Review | Influence) -> Iterator[Event]:
        """Each token was likely, and is less so the further to the right it stands; words count less further away."""
        parts = request.positions if isinstance(request, Review) else request.words
        for number, part in enumerate(parts, start=1):
            self.answers.wait(PATIENCE)
            if isinstance(part, tuple):
                at = np.array(request.positions or np.flatnonzero(~request.locked), np.int64)
                at = at[(at < part[0]) | (at >= part[1])]
                yield Influenced(run_id, part, frozen(at), 1 / (1 + np.abs(at - part[0])), number, len(parts))
            else:
                now = np.array([-0.5 - 0.125 * float(part)])
                yield Reviewed(run_id, frozen([part]), now, np.array([-0.5]), np.array([0.75]), number, len(parts))
        yield Finished(run_id, len(parts), 0.1)

    def _beside(self, run_id: int, request: Evaluate | Mend) -> Iterator[Event]:
        """Figures by the length of the model's name; a model called "deaf" cannot be asked."""
        name = Path(request.model or "tiny").name
        if name == "deaf":
            yield Failed(run_id, f"{name} hears nothing; choose another model.")
            return
        yield Introduced(run_id, replace(INFO, name=name, path=name))
        if isinstance(request, Evaluate):
            row = Evaluated(run_id, 7, 2, 1.0 + len(name) / 10, 0.05, share=0.5)
            yield row
            self.answers.wait(PATIENCE)
            yield replace(row, perplexity=20.0, perplexity_error=1.5, entropy=3.25, samples=4, share=1.0, done=True)
            return
        for level in request.levels:
            yield Mended(run_id, level, request.chain.samples, level * len(name) / 10, 0.1, level / 4, 0.02, 1, 1)
            self.answers.wait(PATIENCE)
        yield Finished(run_id, 1, 0.1)

    def _run(self, run_id: int, request: Generate) -> Iterator[Event]:
        unknown = MASK
        if request.model == "judge":
            yield Introduced(run_id, replace(INFO, name=request.model, noise="none"))
        elif request.model:
            unknown = FIRST
            yield Introduced(run_id, replace(INFO, name=request.model, noise="uniform", mask_id=None))
        yield from self._generate(run_id, request, unknown)

    def _answer(self, run_id: int, request: Inspect | Guess | Weigh | Judge) -> Event:
        """The answer to a question that has but one."""
        match request:
            case Inspect():
                return insight(run_id, request)
            case Guess():
                return guessed(run_id, request)
            case Weigh(tokens=tokens):
                return Weighed(run_id, "writer", np.full(len(tokens), 1.5))
            case Judge(texts=texts):
                return Judged(run_id, 10.0 + len(texts[0]), 3.5, 0.5 if len(texts) > 1 else float("nan"))

    def _score(self, run_id: int, request: Score) -> Iterator[Event]:
        """Ten bounds with a falling error, then a cost of position / 10; it waits before `hold_at` bounds."""
        free, nats = int((~request.given).sum()), self.nats_of(request)
        for number in range(1, 11):
            if number == self.hold_at:
                self.go.wait(PATIENCE)
            error = float("nan") if number == 1 else self.error / number
            yield Bounded(run_id, nats, error, 2 * error, free, 4 * number)
            if number == 1 and request.early:
                yield Attributed(run_id, np.where(request.given, 0.0, 0.1), False)
        if not request.by_token:
            yield Finished(run_id, 40, 0.1)
            return
        costs = np.where(request.given, 0.0, np.arange(len(request.tokens)) / 10)
        yield Attributed(run_id, costs / 2, False)
        yield Attributed(run_id, costs, True, np.array([1.0, 2.0, np.nan, 3.0]))

    def _generate(self, run_id: int, request: Generate, unknown: int) -> Iterator[Event]:
        begun = request.tokens[None] if request.start is None else request.start
        start = np.tile(np.where(begun == FREE, unknown, begun), (request.samples // len(begun), 1))
        yield Started(run_id, frozen(start), request.tokens != FREE, request.steps, 1.0)
        free = np.flatnonzero(request.tokens == FREE)
        for step, positions in enumerate(np.array_split(free, request.steps), start=1):
            if step < request.first_step:
                continue
            if step == self.fail_at:
                yield Failed(run_id, "The engine ran out of ink.", "Traceback: ink")
                return
            sample = np.repeat(np.arange(request.samples), len(positions))
            position = np.tile(positions, request.samples)
            token = letter(request.seed, position, request.first_sample + sample)
            time = 1 - step / request.steps
            yield Frame(run_id, step, time, time, frozen(sample), frozen(position), frozen(token), step, 0.01 * step)
            if step == self.hold_at:
                self.go.wait(PATIENCE)
        yield Finished(run_id, request.steps, 0.01 * request.steps)


def save_tokenizer(folder: Path) -> Path:
    """A folder with the fake model's tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    TOKENIZER.save(folder)
    return folder
