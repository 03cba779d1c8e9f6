"""The work behind `sedd compare --beside`: what one text costs models of any tokenizer, and how each of them writes."""

from __future__ import annotations

import math
from pathlib import Path

from rich.table import Column, Table

from engine.bundled_models import DEFAULT_JUDGE
from engine.causal.causal_folder import checked, folder_of
from engine.cli.asked import Machine, Subject
from engine.cli.beside import ask_each, plus_minus
from engine.cli.generate import unfailing
from engine.cli.output import Output
from engine.language.prompts import given_parts
from engine.models.gguf import check_whole, gguf_in
from engine.performing.engine import Engine
from engine.protocol import Evaluate, Evaluated, Generate, ModelInfo, ModelLoaded, UserError


def compare_models(machine: Machine, chain: Generate, beside: list[Path], subject: Subject, output: Output) -> None:
    """Prints a row for each model: bits a byte of the text, perplexity and entropy of what it writes in its place."""
    if subject.text is None:
        raise UserError("Models are compared on one text; give it with --text.")
    if subject.reference is not None or subject.length is not None:
        raise UserError("Models beside each other have the text alone; leave out --reference and --length.")
    text, given = given_parts(subject.text)
    if not text:
        raise UserError("There is no text; give at least one word.")
    judge = judge_of(subject)
    asked = Evaluate(text, given, chain, str(judge or ""))
    rows: list[tuple[ModelInfo, Evaluated]] = []

    def ask(engine: Engine, loaded: ModelLoaded) -> None:
        last = None
        for event in output.follow(unfailing(engine, asked), loaded.info.name):
            if isinstance(event, Evaluated):
                last = event
        assert last is not None
        rows.append((loaded.info, last))
        show(loaded.info, last, output)

    ask_each([Path(machine.model_path), *beside], machine, output, ask)
    output.table(table_of(rows))
    for info, found in rows:
        if found.shared:
            output.line(shared(info.name, found.shared), "yellow")
        if found.note:
            says_it = found.note.startswith(f"{info.name} ")
            output.line(found.note if says_it else f"{info.name}: {found.note}", "yellow")
    named = f"judge: {judge.name}; " if judge else ""
    output.line(f"{named}± is one standard error; bits are an upper bound, exact from left to right", "dim")


def judge_of(subject: Subject) -> Path | None:
    """The folder of the judge that is named, or of the bundled one; a UserError, once for all models, if it is none."""
    judge = DEFAULT_JUDGE if (DEFAULT_JUDGE / "config.json").is_file() else None
    judge = folder_of(subject.judge) if subject.judge else judge
    if judge is not None and (file := gguf_in(judge)) is not None:
        check_whole(file)
    elif judge is not None:
        checked(judge)
    return judge


def show(info: ModelInfo, found: Evaluated, output: Output) -> None:
    """Prints a row as a record."""
    names = ("bits", "bits_error", "perplexity", "perplexity_error", "entropy", "entropy_error", "samples", "note")
    figures = {name: getattr(found, name) for name in names}
    output.record(model=info.name, noise=info.noise, tokens=found.tokens, shared=found.shared, **figures)


def table_of(rows: list[tuple[ModelInfo, Evaluated]]) -> Table:
    """The models beside each other."""
    names = ("tokens", "bits a byte", "generative perplexity", "entropy")
    result = Table("model", *(Column(name, justify="right") for name in names))
    for info, found in rows:
        bits = plus_minus(found.bits, found.bits_error)
        perplexity = plus_minus(found.perplexity, found.perplexity_error, ".1f")
        entropy = plus_minus(found.entropy, found.entropy_error, ".2f")
        sign = "" if math.isnan(found.bits) else info.kind.bound
        result.add_row(info.name, f"{found.tokens:,}", sign + bits, perplexity, entropy)
    return result


def shared(name: str, count: int) -> str:
    """What is said where tokens reach over the edge of a lock."""
    characters = "1 character of the locks is" if count == 1 else f"{count} characters of the locks are"
    return f"{name}: {characters} scored and drawn, too, because a token reaches over the edge."
