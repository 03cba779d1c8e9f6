"""The real thing: the questions that the window asks of the open model, for every number of noised words at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

import numpy as np

from engine.language.tokenizers import Tokenizer
from engine.plain_text import plain_line
from engine.protocol import FREE, Bounded, Event, Insight, Inspect, ModelInfo, Noise, Score, Tokens, UserError, frozen
from engine.protocol.lessons import numbers
from engine.protocol.lessons.real import LIKELY, MOST_TOKENS, RealFigure, RealLesson
from engine.stopping import look

MOST_ASKED = 4096
"""Tokens that are looked at, the likeliest; one beyond them has next to no chance."""


PUT: dict[Noise, Callable[[int, int, np.random.Generator], np.ndarray]] = {
    "absorb": lambda length, vocabulary, generator: np.full(length, FREE),
    "uniform": lambda length, vocabulary, generator: generator.integers(vocabulary, size=length),
}
"""What noise puts in the place of so many tokens."""


class Model(Protocol):
    """What is asked of the model that is open."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def tokenizer(self) -> Tokenizer: ...

    def inspect(self, run_id: int, request: Inspect) -> Insight: ...

    def score(self, run_id: int, request: Score) -> Iterator[Event]: ...


def figures(lesson: RealLesson, model: Model | None) -> Iterator[RealFigure]:
    """What stands at each place, row by row, and then what few steps cost, as it becomes known."""
    if model is None:
        raise UserError("No model is loaded yet; open one first.")
    tokens = _read(lesson, model)
    for figure in _laws(lesson, model, tokens):
        yield figure
    if figure.hides:
        price, half = np.full((2, len(figure.steps)), np.nan)
        for number, steps in enumerate(figure.steps.tolist()):
            price[number], half[number] = _price(model, tokens, steps)
            yield replace(figure, price=numbers(price), half=numbers(half))


def _read(lesson: RealLesson, model: Model) -> Tokens:
    """The tokens of the sentence."""
    if model.info.noise not in PUT or model.info.domain != "text":
        raise UserError("This chapter asks a diffusion model of texts, with masks or uniform noise; open such a model.")
    tokens = np.array(model.tokenizer.encode(lesson.sentence), np.int64)
    most = min(MOST_TOKENS, model.info.length)
    if not len(tokens):
        raise UserError("There is no word yet; write a sentence.")
    if len(tokens) > most:
        raise UserError(f"There is room for {most} tokens, and these are {len(tokens)}; write a shorter sentence.")
    return frozen(tokens)


def _laws(lesson: RealLesson, model: Model, tokens: Tokens) -> Iterator[RealFigure]:
    """A figure for each row that is known."""
    length = len(tokens)
    generator = np.random.default_rng(lesson.seed)
    order = generator.permutation(length)
    put = PUT[model.info.noise](length, model.info.vocabulary, generator)
    sigma = -np.log1p(-np.arange(1, length + 1) / (length + 1))
    reads = np.array([np.where(np.isin(np.arange(length), order[: row + 1]), put, tokens) for row in range(length)])
    likely = np.full((length, length, LIKELY), -1)
    law, score = np.full((2, length, length, LIKELY), np.nan)
    own = np.full((length, length), np.nan)
    steps = [2**power for power in range(6) if 2**power < length]
    for row in range(length):
        for place in order[: row + 1].tolist():
            look()
            told = _told(model, reads[row], place, float(sigma[row]))
            count = min(LIKELY, len(told.tokens))
            likely[row, place, :count] = told.tokens[:count]
            law[row, place, :count] = told.probability[:count]
            score[row, place, :count] = np.nan if told.score is None else told.score[:count]
            own[row, place] = told.probability[told.tokens == tokens[place]].sum()
        yield RealFigure(
            plain_line(model.info.name),
            model.info.noise,
            _names(model, np.unique([*likely.ravel(), *reads.ravel(), *tokens])),
            tokens,
            frozen(order),
            numbers(sigma),
            frozen(reads),
            frozen(likely),
            numbers(law),
            numbers(score),
            numbers(own),
            frozen(np.array([*steps, length])),
            numbers(np.full(len(steps) + 1, np.nan)),
            numbers(np.full(len(steps) + 1, np.nan)),
        )


def _told(model: Model, text: np.ndarray, place: int, sigma: float) -> Insight:
    most = min(MOST_ASKED, model.info.vocabulary)
    return model.inspect(0, Inspect(frozen(text), np.zeros(len(text), np.bool_), place, sigma, most))


def _price(model: Model, tokens: Tokens, steps: int) -> tuple[float, float]:
    """The bound on what is written in so many steps, nats a token, and half of its interval."""
    given = np.zeros(len(tokens), np.bool_)
    asked = Score(tokens, given, precision=None, max_calls=None, by_token=False, steps=steps)
    found = [each for each in model.score(0, asked) if isinstance(each, Bounded)]
    return found[-1].nats, found[-1].half_width


def _names(model: Model, tokens: Tokens) -> MappingProxyType[int, str]:
    """How tokens are written, with the space before them."""
    every = [(token, model.tokenizer.piece(token)) for token in tokens.tolist() if token >= 0]
    return MappingProxyType({token: ("" if piece[:1].strip() else " ") + plain_line(piece) for token, piece in every})
