"""The work behind `sedd typo`: a typo is planted in a text, and each model tries to mend it."""

from __future__ import annotations

from pathlib import Path

from rich.table import Column, Table
from rich.text import Text

from engine.bundled_models import DEFAULT_MODEL
from engine.cli.asked import Machine
from engine.cli.beside import ask_each, plus_minus
from engine.cli.generate import unfailing
from engine.cli.output import Output, counted
from engine.language.typos import Typo, TypoKind, plant
from engine.performing.engine import Engine
from engine.performing.mending import AT_ONCE, LEVEL
from engine.protocol import Generate, Mend, Mended, ModelLoaded, UserError

MOST_LEVELS = 64


def typo(
    machine: Machine,
    chain: Generate,
    text: str,
    models: list[Path] | None,
    word: str,
    kind: TypoKind,
    levels: str,
    output: Output,
) -> None:
    """Prints for each model and noise level how often the spoilt word came back, and how many others changed."""
    shares = levels_of(levels)
    if not text.strip():
        raise UserError("There is no word in this text that could be spoilt; give at least one.")
    planted: list[Typo] = []
    found: dict[str, list[Mended]] = {}

    def ask(engine: Engine, loaded: ModelLoaded) -> None:
        if not planted:
            planted.append(plant(text, loaded.tokenizer, kind, word, chain.seed))
            show_typo(planted[0], output)
        request = request_of(planted[0], shares, chain)
        last: dict[float, Mended] = {}
        expected = len(shares) * -(-chain.samples // AT_ONCE)
        for event in output.follow(unfailing(engine, request), loaded.info.name, expected):
            if isinstance(event, Mended):
                last[event.level] = event
        found[loaded.info.name] = list(last.values())
        for event in last.values():
            output.record(model=loaded.info.name, noise=loaded.info.noise, **record_of(event))

    ask_each(models or [DEFAULT_MODEL], machine, output, ask)
    output.table(table_of(found))
    for name, events in found.items():
        if (first := events[0]).tokens != first.before:
            cut = f"{first.tokens} tokens and its original {first.before}"
            output.line(f"{name} reads the spoilt word as {cut}, so it seldom comes back.", "yellow")
    output.line(f"of {counted(chain.samples, 'text')} at each level; ± is one standard error", "dim")


def levels_of(levels: str) -> tuple[float, ...]:
    """Noise levels from numbers with commas between them; a UserError that names the option where one cannot be."""
    try:
        return tuple(LEVEL.parse("Each of --levels", float(level)) for level in levels.split(",", MOST_LEVELS))
    except ValueError:
        raise UserError(
            f'The noise levels "{levels[:40]}" are not numbers, {MOST_LEVELS} at most; give some like 0.1,0.3,0.5.'
        ) from None


def request_of(planted: Typo, levels: tuple[float, ...], chain: Generate) -> Mend:
    """What the open model is asked."""
    return Mend(planted.text, planted.words, planted.spoilt, planted.original, levels, chain)


def show_typo(planted: Typo, output: Output) -> None:
    """Prints the spoilt text."""
    output.record(text=planted.text, original=planted.original, spoilt=planted.word)
    start, stop = planted.words[planted.spoilt]
    line = Text(planted.text)
    line.stylize("bold red", start, stop)
    output.line(line)
    output.line(f"{planted.word} once was {planted.original}", "dim")


def record_of(event: Mended) -> dict[str, float | int]:
    """What became of the texts of a level, as JSON values."""
    return {
        "level": event.level,
        "samples": event.samples,
        "mended": event.mended,
        "mended_error": event.mended_error,
        "damaged": event.damaged,
        "damaged_error": event.damaged_error,
        "tokens": event.tokens,
        "original_tokens": event.before,
    }


def table_of(found: dict[str, list[Mended]]) -> Table:
    """A row for each model and level."""
    names = ("noise level", "mended", "other words changed")
    result = Table("model", *(Column(name, justify="right") for name in names))
    for name, events in found.items():
        for number, event in enumerate(events):
            figures = (event.mended, event.mended_error), (event.damaged, event.damaged_error)
            cells = (plus_minus(*figure, ".1%") for figure in figures)
            result.add_row("" if number else name, f"{event.level:g}", *cells)
    return result
