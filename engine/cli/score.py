"""The work behind `sedd score`: an upper bound on the negative log-likelihood of a text."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
from rich.text import Text

from engine.cli.asked import Machine, Scoring
from engine.cli.generate import open_model, unfailing
from engine.cli.output import Output, counted
from engine.language.documents import LeftOut, Tell, encoded, refuse, text_files
from engine.language.domains import domain_named
from engine.language.domains.domain import Domain
from engine.language.prompts import parse_parts
from engine.language.tokenizers import Tokenizer
from engine.likelihood.running import REPLICATES
from engine.performing.engine import Engine
from engine.protocol import Attributed, Bounded, Event, Score, Tightened, UserError, frozen
from engine.protocol.units import in_units

SHADES = ("", "yellow", "dark_orange", "red", "bold red")
SHADE_NATS = (1.0, 2.5, 4.0, 6.0)


@dataclass(frozen=True)
class Passage:
    """Tokens to score at once (L,), the given ones among them (L,), the number of their text, their UTF-8 bytes."""

    tokens: np.ndarray
    locked: np.ndarray
    text: int
    size: int


def score_text(machine: Machine, scoring: Scoring, output: Output) -> None:
    """Prints the bound on all of the text and its interval; with `per` "text" in JSON also that of each text."""
    check(scoring)
    engine = Engine()
    loaded = open_model(engine, machine)
    left_out = LeftOut()
    try:
        passages = read(scoring, loaded.tokenizer, loaded.info.length, domain_named(loaded.info.domain), left_out)
    finally:
        left_out.say(output.note)
    if scoring.per == "text" and output.json_lines:
        for number in sorted({passage.text for passage in passages}):
            single = [passage for passage in passages if passage.text == number]
            (result, _), _ = phases(engine, single, replace(scoring, orders=1, tokens=False), output)
            assert isinstance(result, Bounded)
            show_bound(result, single, None, output, text=number)
    for result, seconds in phases(engine, passages, scoring, output):
        match result:
            case Bounded():
                show_bound(result, passages, seconds, output)
            case Tightened():
                show_tightened(result, scoring.orders, passages, seconds, output)
            case Attributed():
                show_tokens(result, loaded.tokenizer, passages, output)
    if note := loaded.info.unfamiliar(int(np.median([len(passage.tokens) for passage in passages]))):
        output.line(note, "yellow")


def check(scoring: Scoring) -> None:
    """A UserError where options do not go together."""
    if (scoring.file is None) == (scoring.text is None):
        raise UserError("Name one text file to score, or give a text with --text.")
    if scoring.file is not None:
        text_files([scoring.file])
    if scoring.tokens and scoring.text is None:
        raise UserError("Tokens are shown for one text; give it with --text.")
    if scoring.orders > 1 and scoring.steps is not None:
        raise UserError("Orders tighten the bound of the model, not that of a sampler; leave out --steps or --orders.")
    if scoring.steps is not None and (scoring.estimator, scoring.draws) != (Scoring.estimator, Scoring.draws):
        raise UserError("The bound of a sampler is not of draws; leave out --steps, or --draws and --estimator.")


def phases(engine: Engine, passages: list[Passage], scoring: Scoring, output: Output) -> Iterator[tuple[Event, float]]:
    """What passages come to: the last event of each phase, and the seconds that it took."""
    started = time.perf_counter()
    expected = None if scoring.goal else max(len(passages), REPLICATES if len(passages) == 1 else 1)
    for _, phase in groupby(unfailing(engine, request_of(passages, scoring)), type):
        for event in output.follow(phase, "scored", expected):
            last, ended = event, time.perf_counter()
        yield last, ended - started
        started = ended


def request_of(passages: list[Passage], scoring: Scoring) -> Score:
    """The request to score passages together."""
    first, *more = passages
    return Score(
        frozen(first.tokens),
        first.locked,
        scoring.goal,
        scoring.max_calls,
        scoring.seed,
        scoring.tokens,
        scoring.draws,
        scoring.estimator,
        scoring.steps,
        scoring.orders,
        tuple(frozen(passage.tokens) for passage in more),
        tuple(passage.text for passage in passages) if scoring.per == "text" else None,
        label=scoring.label,
    )


def read(scoring: Scoring, tokenizer: Tokenizer, length: int, domain: Domain, tell: Tell = refuse) -> list[Passage]:
    """The passages to score, none longer than the model's `length`.

    By block the documents of a file are joined with end-of-text tokens and cut into blocks, as in training; by text
    each document is a text of its own, cut only where it is too long. Where each record is a row it is one here, too.
    """
    if scoring.file is None:
        tokens, locked = parse_parts(scoring.text or "", tokenizer)
        texts = [(tokens, locked)]
        sizes = [len(tokenizer.decode(tokens[~locked].tolist()).encode())]
    else:
        most = length if domain.rows else math.inf
        found = list(encoded(domain.read(scoring.file, tell), tokenizer, tell, most))
        end = [] if tokenizer.eot_id is None or scoring.per == "text" or domain.rows else [tokenizer.eot_id]
        sizes = [len(document.encode()) for document, _ in found]
        streams = [np.append(tokens, end).astype(np.int64) for _, tokens in found]
        if scoring.per == "block" and streams and not domain.rows:
            streams, sizes = [np.concatenate(streams)], [sum(sizes)]
        texts = [(tokens, np.zeros(len(tokens), np.bool_)) for tokens in streams]
    if not any(sizes):
        raise UserError("There is no text to score; give at least one word.")
    if scoring.file is None and texts[0][1].any() and len(texts[0][0]) > length:
        raise UserError(f"A text with given parts may have {length:,} tokens at most; shorten it.")
    if domain.rows:
        texts = [as_row(*text, tokenizer, length, domain) for text in texts]
    return [
        Passage(tokens[start : start + length], locked[start : start + length], k, size if start == 0 else 0)
        for k, ((tokens, locked), size) in enumerate(zip(texts, sizes, strict=True))
        for start in range(0, len(tokens), length)
    ]


def as_row(
    tokens: np.ndarray, locked: np.ndarray, tokenizer: Tokenizer, length: int, domain: Domain
) -> tuple[np.ndarray, np.ndarray]:
    """A record's tokens and given ones filled up; the rest of the row is given, too, if some tokens are."""
    if len(tokens) > length:
        raise UserError(f"A record has {len(tokens):,} tokens, and this model takes {length:,}; leave it out.")
    rest = np.full(length - len(tokens), bool(locked.any()))
    return domain.filled(tokens, tokenizer, length), np.append(locked, rest)


def units(result: Bounded | Tightened, size: int) -> dict[str, tuple[float, float, tuple[float, float]]]:
    """Value, standard error and 95 % interval in each of the usual units, for a text of `size` bytes."""
    nats, width, tokens = result.nats, result.half_width, result.tokens
    low, high = (in_units(end, 0, tokens, size) for end in (nats - width, nats + width))
    found = in_units(nats, result.standard_error, tokens, size)
    return {unit: (*figures, (low[unit][0], high[unit][0])) for unit, figures in found.items()}


def size_of(tokens: int, passages: list[Passage]) -> int:
    """Bytes of the tokens that were scored: where calls ended it early, their share of the bytes of all."""
    wanted = sum(int((~passage.locked).sum()) for passage in passages)
    return round(sum(passage.size for passage in passages) * tokens / wanted)


def plus_minus(error: float) -> str:
    """A standard error as it stands behind its value; nothing where a single value has none."""
    return "" if math.isnan(error) else f" ± {error:.4f}"


def flat(found: dict[str, tuple[float, float, tuple[float, float]]]) -> dict[str, Any]:
    """What `units` found as fields of a JSON line."""
    values = {name: value for name, (value, _, _) in found.items()}
    errors = {f"{name}_standard_error": error for name, (_, error, _) in found.items()}
    return values | errors | {f"{name}_interval": list(interval) for name, (_, _, interval) in found.items()}


def show_bound(
    result: Bounded, passages: list[Passage], seconds: float | None, output: Output, text: int | None = None
) -> None:
    """Prints a bound in its usual units; `text` is the number of the one text that it is about."""
    size = size_of(result.tokens, passages)
    counts = {"tokens": result.tokens, "bytes": size, "blocks": result.passages, "calls": result.calls}
    found = units(result, size)
    about = {} if text is None else {"text": text}
    output.record(**about, **flat(found), **counts, seconds=seconds)
    for name, (value, error, (low, high)) in found.items():
        interval = "" if math.isnan(error) else f"   95 %: {low:.4f} to {high:.4f}"
        output.line(f"{name.replace('_', ' '):<14}  <= {value:.4f}{plus_minus(error)}{interval}")
    meaning = "one value has no error" if math.isnan(result.standard_error) else "± is one standard error"
    output.line(
        f"{counted(result.tokens, 'token')} ({counted(size, 'byte')}) in {counted(result.passages, 'block')}: "
        f"{seconds or 0:.2f} seconds, {counted(result.calls, 'network call')}; {meaning}",
        "dim",
    )


def show_tightened(result: Tightened, orders: int, passages: list[Passage], seconds: float, output: Output) -> None:
    """Prints what a bound is without its slack."""
    found = units(result, size_of(result.tokens, passages))
    less = {"slack_nats_per_token": result.slack, "slack_nats_per_token_standard_error": result.slack_error}
    counts = {"blocks": result.passages, "calls": result.calls}
    output.record(orders=orders, **less, **flat(found), **counts, seconds=seconds)
    perplexity, error, _ = found["perplexity"]
    output.line(
        f"With {orders} orders of each text <= {result.nats:.4f}{plus_minus(result.standard_error)} nats per token, "
        f"perplexity <= {perplexity:.4f}{plus_minus(error)}"
    )
    output.line(
        f"That is less by {result.slack:.4f}{plus_minus(result.slack_error)} nats, "
        f"from {counted(result.passages, 'block')}: {seconds:.2f} seconds, {counted(result.calls, 'network call')}",
        "dim",
    )


def show_tokens(result: Attributed, tokenizer: Tokenizer, passages: list[Passage], output: Output) -> None:
    """Prints how many nats each token adds; in words the harder ones are redder."""
    pieces = [tokenizer.piece(int(token)) for passage in passages for token in passage.tokens]
    output.record(pieces=pieces, token_nats=[round(float(value), 6) for value in result.nats])
    line = Text()
    for piece, value in zip(pieces, result.nats, strict=True):
        line.append(piece, SHADES[int(np.searchsorted(SHADE_NATS, value))])
    output.line()
    output.line(line)
    output.line(f"from plain to bold red: up to {', '.join(f'{edge:g}' for edge in SHADE_NATS)} nats, and more", "dim")
