"""The work behind `sedd influence`: what each word of a text does to the others, and which words one leans on."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from rich.table import Column, Table

from engine.cli.asked import Machine
from engine.cli.generate import open_model, unfailing
from engine.cli.output import Output, counted
from engine.language.prompts import parse_prompt
from engine.language.tokenizers import Tokenizer
from engine.performing.engine import Engine
from engine.protocol import FREE, Finished, Generate, Influence, Influenced, ModelLoaded, Run, Tokens, UserError

USUAL_DRAWS = next(field.default for field in fields(Influence) if field.name == "draws")
MOST_NAMED = 3
"""Positions that are named for each word."""


def influence(machine: Machine, chain: Generate, text: str, on: str, draws: int, output: Output) -> None:
    """Prints the divergence of the laws of other positions when a word is dropped, in nats, word by word; of a word
    `on`, that of its own law, the words that it leans on most first. The model is told the class of `chain`."""
    engine = Engine()
    loaded = open_model(engine, machine)
    tokens = parse_prompt(text, loaded.tokenizer, loaded.info.length)
    request = asked(loaded, tokens, on, draws, chain.seed)
    request = replace(request, label=chain.label, guidance=chain.guidance)
    found: dict[Run, dict[int, float]] = {word: {} for word in request.words}
    calls, seconds = 0, 0.0
    for event in output.follow(unfailing(engine, request), "words"):
        if isinstance(event, Influenced):
            found[event.word].update(zip(event.positions.tolist(), event.nats.tolist(), strict=True))
        elif isinstance(event, Finished):
            calls, seconds = event.calls, event.seconds
    rows = list(found.items())
    if on:
        rows.sort(key=lambda row: -sum(row[1].values()))
    for word, nats in rows:
        output.record(**record_of(word, nats, tokens, loaded.tokenizer), calls=calls, seconds=seconds)
    output.table(table_of(rows, tokens, loaded.tokenizer, on))
    output.line(f"nats; {counted(calls, 'network call')}, {seconds:.1f} s", "dim")


def asked(loaded: ModelLoaded, tokens: Tokens, on: str, draws: int, seed: int) -> Influence:
    """What the model is asked: all words on all gaps, or all others on the word `on`, all else given."""
    free, words = tokens == FREE, words_in(tokens, loaded.tokenizer)
    known = ~free
    if loaded.info.noise == "uniform":
        if free.any():
            raise UserError("Under uniform noise no token is hidden; give a text without gaps.")
        words = [(place, place + 1) for start, stop in words for place in range(start, stop)]
        known = free  # none: a model that marks what is locked has no law of it
        if not on:
            return Influence(tokens, known, 0.0, tuple(words), tuple(range(len(tokens))), draws=draws, seed=seed)
    elif draws != USUAL_DRAWS:
        raise UserError("A word that can be hidden is, and nothing is drawn in its place; leave out --draws.")
    if not on:
        if not free.any() or free.all():
            raise UserError("Give some words and a gap, as in Once upon a time [8] The end, or name a word with --on.")
        return Influence(tokens, known, float("nan"), tuple(words))
    spelled = {word: piece(tokens, word, loaded.tokenizer).strip() for word in words_in(tokens, loaded.tokenizer)}
    chosen = next((word for word, said in spelled.items() if said == on or said.strip(".,;:!?\"'") == on), None)
    if chosen is None:
        raise UserError(f'There is no word "{on[:40]}" in the text; name one as it stands there.')
    others = tuple(word for word in words if word[1] <= chosen[0] or word[0] >= chosen[1])
    if not others:
        raise UserError("There is no other word in the text; give a longer one.")
    return Influence(tokens, known, 0.0, others, tuple(range(*chosen)), "text", draws, seed)


def words_in(tokens: Tokens, tokenizer: Tokenizer) -> list[Run]:
    """The words that are known of a text, as runs of positions."""
    edges = np.flatnonzero(np.diff(tokens == FREE, prepend=True, append=True)).reshape(-1, 2).tolist()
    return [
        (start + first, start + last)
        for start, stop in edges
        for first, last in tokenizer.words(tokens[start:stop].tolist())
    ]


def piece(tokens: Tokens, run: Run, tokenizer: Tokenizer) -> str:
    """The text of a run of positions; a mark where one is masked."""
    known = tokens[run[0] : run[1]]
    return "_" if (known == FREE).any() else tokenizer.decode(known.tolist())


def record_of(word: Run, nats: dict[int, float], tokens: Tokens, tokenizer: Tokenizer) -> dict[str, Any]:
    """A word and what it does, as JSON values."""
    return {
        "word": piece(tokens, word, tokenizer).strip(),
        "start": word[0],
        "stop": word[1],
        "total": sum(nats.values()),
        "positions": list(nats),
        "nats": list(nats.values()),
    }


def table_of(rows: list[tuple[Run, dict[int, float]]], tokens: Tokens, tokenizer: Tokenizer, on: str) -> Table:
    """A row for each word."""
    result = Table("word", Column("position", justify="right"), Column("in all", justify="right"))
    if not on:
        result.add_column("most on position")
    for word, nats in rows:
        cells = [piece(tokens, word, tokenizer).strip(), str(word[0] + 1), f"{sum(nats.values()):.3f}"]
        most = sorted(nats, key=lambda place: -nats[place])[:MOST_NAMED]
        named = (
            f"{place + 1} {piece(tokens, (place, place + 1), tokenizer).strip()} {nats[place]:.3f}" for place in most
        )
        result.add_row(*cells, *([] if on else [", ".join(named)]))
    return result
