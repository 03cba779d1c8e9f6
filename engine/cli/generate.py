"""The work behind `sedd info`, `sedd sample` and `sedd infill`: the same engine runs as in the studio."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby

import numpy as np
from rich.text import Text

from engine.cli.machine import Machine
from engine.cli.output import EngineFailed, Output
from engine.messages import (
    FREE,
    Event,
    Failed,
    Finished,
    Frame,
    Generate,
    LoadModel,
    ModelLoaded,
    Started,
    Tokens,
    UserError,
    frozen,
)
from engine.prompts import parse_prompt
from engine.runs import Engine
from engine.tokenizers import Tokenizer

LOCKED_STYLE = "bold cyan"


@dataclass(frozen=True)
class Chain:
    """How the gaps are filled."""

    steps: int
    sampler: str
    seed: int
    samples: int


def show_info(machine: Machine, output: Output) -> None:
    """Prints a model's facts."""
    info = open_model(Engine(), machine).info
    if output.json_lines:
        output.record(**asdict(info))
        return
    rows = {
        "name": info.name,
        "folder": info.path,
        "noise": info.noise,
        "schedule": info.schedule,
        "length": f"{info.length:,} tokens",
        "vocabulary": f"{info.vocabulary:,} tokens",
        "parameters": f"{info.parameters:,}",
        "device": info.device,
        "precision": info.precision,
    } | info.facts
    width = max(map(len, rows))
    for name, value in rows.items():
        output.line(f"{name:<{width}}  {value}")


def generate(
    machine: Machine, chain: Chain, output: Output, prompt: str | None = None, length: int | None = None
) -> None:
    """Fills the gaps of `prompt`, or `length` free positions where there is no prompt, and prints the texts."""
    engine = Engine()
    loaded = open_model(engine, machine)
    if prompt is None:
        tokens = all_free(loaded.info.length if length is None else length, loaded.info.length)
    else:
        tokens = parse_prompt(prompt, loaded.tokenizer, loaded.info.length).tokens
    request = Generate(tokens, chain.steps, chain.sampler, chain.seed, chain.samples)
    texts, finished = perform(engine, request, output)
    for number, text in enumerate(texts):
        if output.json_lines:
            output.record(
                sample=number,
                text=loaded.tokenizer.decode(text.tolist()),
                tokens=text.tolist(),
                **asdict(chain) | {"calls": finished.calls, "seconds": finished.seconds},
            )
        else:
            if chain.samples > 1:
                output.line(f"sample {number}", "dim")
            output.line(styled(text, tokens != FREE, loaded.tokenizer))
            output.line()
    if not output.json_lines:
        output.line(report(chain, finished), "dim")


def open_model(engine: Engine, machine: Machine) -> ModelLoaded:
    """Loads the model into the engine."""
    machine.set_threads()
    for event in unfailing(engine, LoadModel(machine.model_path, machine.device, machine.precision)):
        if isinstance(event, ModelLoaded):
            return event
    raise EngineFailed("The engine loaded no model.", "")


def all_free(length: int, longest: int) -> Tokens:
    """`length` free positions; a UserError if a model of length `longest` cannot hold them."""
    if not 1 <= length <= longest:
        raise UserError(f"A text of {length:,} tokens cannot be made; this model writes 1 to {longest:,}.")
    return frozen(np.full(length, FREE))


def perform(engine: Engine, request: Generate, output: Output) -> tuple[Tokens, Finished]:
    """Runs the request to its end: the final tokens (B, L), and what it took."""
    tokens = np.empty((0, 0), np.int64)
    with output.progress() as progress:
        task = progress.add_task("steps", total=request.steps)
        for event in unfailing(engine, request):
            match event:
                case Started():
                    tokens = event.tokens.copy()
                case Frame():
                    tokens[event.sample, event.position] = event.token
                    progress.update(task, completed=event.step)
                case Finished():
                    return tokens, event
    raise EngineFailed("The run ended without a result.", "")


def unfailing(engine: Engine, request: LoadModel | Generate) -> Iterator[Event]:
    """The events of a request; `Failed` is raised."""
    for event in engine.perform(0, request):
        if isinstance(event, Failed):
            raise EngineFailed(event.headline, event.detail) if event.detail else UserError(event.headline)
        yield event


def styled(tokens: Tokens, locked: np.ndarray, tokenizer: Tokenizer) -> Text:
    """The text of `tokens` (L,), its locked words standing out."""
    text = Text()
    for is_locked, run in groupby(range(len(tokens)), key=lambda position: bool(locked[position])):
        text.append(tokenizer.decode([int(tokens[position]) for position in run]), LOCKED_STYLE if is_locked else "")
    return text


def report(chain: Chain, finished: Finished) -> str:
    """One line: what was run and what it took."""
    return (
        f"{chain.samples} sample{'s' if chain.samples > 1 else ''}, {chain.steps} steps, {chain.sampler}, "
        f"seed {chain.seed}: {finished.seconds:.2f} seconds, {finished.calls} network calls"
    )
