"""The work behind `sedd info`, `sedd sample` and `sedd infill`: the same engine runs as in the studio."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path

import numpy as np
from rich.text import Text

from engine.cli.asked import Machine
from engine.cli.options import given_for
from engine.cli.output import EngineFailed, Output, counted
from engine.cli.recording import Recording
from engine.language.chat import DEFAULT_ANSWER, UNKNOWN, answer_in, asked
from engine.language.prompts import parse_ids, parse_prompt
from engine.language.tokenizers import Tokenizer
from engine.performing.engine import Engine
from engine.protocol import (
    FREE,
    Event,
    Failed,
    Finished,
    Frame,
    Generate,
    LoadModel,
    ModelLoaded,
    Request,
    Started,
    Tokens,
    UserError,
    frozen,
)

LOCKED_STYLE = "bold cyan"


def show_info(machine: Machine, output: Output) -> None:
    """Prints a model's facts."""
    info = open_model(Engine(), machine, hashed=True).info
    output.record(**asdict(info))
    rows = {
        "name": info.name,
        "folder": info.path,
        "noise": info.noise,
        "schedule": info.schedule,
        "length": f"{info.length:,} tokens",
        "vocabulary": f"{info.vocabulary:,} tokens",
        "parameters": f"{info.parameters:,}",
        **({"classes": f"{info.classes:,}, from 0 on"} if info.classes else {}),
        "device": info.device,
        "precision": info.precision,
        "weights": info.weights,
    } | info.facts
    if info.chat is not None:
        rows["chat template"] = info.chat.name or UNKNOWN
    width = max(map(len, rows))
    for name, value in rows.items():
        output.line(f"{name:<{width}}  {value}")


def generate(
    machine: Machine,
    chain: Generate,
    output: Output,
    prompt: str | None = None,
    length: int | None = None,
    ids: str | None = None,
    question: str | None = None,
    answer: int | None = None,
    save: Path | None = None,
) -> None:
    """Fills the gaps of `prompt` or of `ids`, or an `answer` of so many tokens to a `question`, or `length` free
    positions where there is none of them; prints the texts, and keeps the run in the file `save`, if there is one.

    `chain` is the request, but for its tokens.
    """
    engine = Engine()
    loaded = open_model(engine, machine, hashed=save is not None)
    recording = None if save is None else Recording(save, loaded)
    if question is not None:
        size = DEFAULT_ANSWER if answer is None else answer
        tokens = asked(loaded.info.chat, question, size, loaded.tokenizer, loaded.info.length)
    elif ids is None:
        tokens = asked_tokens(loaded, prompt, length)
    else:
        tokens = parse_ids(ids, loaded.tokenizer.vocabulary, loaded.info.length)
    texts, finished, sampler = perform(engine, replace(chain, tokens=tokens), output, recording)
    for number, text in enumerate(texts):
        output.record(
            sample=chain.first_sample + number,
            text=loaded.tokenizer.decode(text.tolist()),
            tokens=text.tolist(),
            **given_for(chain) | {"sampler": sampler, "calls": finished.calls, "seconds": finished.seconds},
            log_weight=finished.log_weights[number],
            **said(loaded, text, tokens) if question is not None else {},
        )
        if chain.samples > 1:
            output.line(f"sample {chain.first_sample + number}", "dim")
        output.line(styled(text, tokens != FREE, loaded.tokenizer))
        output.line()
    output.line(report(chain, sampler, finished), "dim")
    if save is not None:
        output.line(f"The run is in {save}.", "dim")


def open_model(engine: Engine, machine: Machine, hashed: bool = False) -> ModelLoaded:
    """Loads the model into the engine, with the hash of large weights if it is to be `hashed`."""
    machine.set_threads()
    (loaded,) = unfailing(engine, LoadModel(machine.model_path, machine.device, machine.precision, hashed))
    assert isinstance(loaded, ModelLoaded)
    return loaded


def asked_tokens(loaded: ModelLoaded, prompt: str | None, length: int | None) -> Tokens:
    """The tokens and gaps of a prompt; without one `length` free positions, or as many as the model can hold."""
    longest = loaded.info.length
    if prompt is not None:
        if length is not None:
            raise UserError("A prompt says by its gaps how long a text is; leave out --length or --text.")
        return parse_prompt(prompt, loaded.tokenizer, longest)
    count = longest if length is None else length
    if not 1 <= count <= longest:
        raise UserError(f"A text of {count:,} tokens cannot be made; this model writes 1 to {longest:,}.")
    return frozen(np.full(count, FREE))


def perform(
    engine: Engine, request: Generate, output: Output, recording: Recording | None = None
) -> tuple[Tokens, Finished, str]:
    """Runs the request to its end: the final tokens (B, L), what it took, and the sampler that was used."""
    tokens, sampler = np.empty((0, 0), np.int64), ""
    with output.progress() as progress:
        task = progress.add_task("steps", total=request.steps)
        for event in unfailing(engine, request):
            if recording is not None:
                recording.take(request, event)
            match event:
                case Started():
                    tokens, sampler = event.tokens.copy(), event.sampler
                case Frame():
                    tokens[event.sample, event.position] = event.token
                    progress.update(task, completed=event.step)
                case Finished():
                    return tokens, event, sampler
    raise EngineFailed("The run ended without a result.", "")


def unfailing(engine: Engine, request: Request) -> Iterator[Event]:
    """The events of a request; `Failed` is raised."""
    for event in engine.perform(0, request):
        if isinstance(event, Failed):
            raise EngineFailed(event.headline, event.detail) if event.detail else UserError(event.headline)
        yield event


def said(loaded: ModelLoaded, text: Tokens, tokens: Tokens) -> dict[str, str]:
    """The answer in a text, where a question was asked by `tokens`."""
    chat = loaded.info.chat
    return {} if chat is None else {"answer": answer_in(chat, text, tokens == FREE, loaded.tokenizer)}


def styled(tokens: Tokens, locked: np.ndarray, tokenizer: Tokenizer) -> Text:
    """The text of `tokens` (L,), its locked words standing out."""
    text = Text()
    for is_locked, run in groupby(range(len(tokens)), key=lambda position: bool(locked[position])):
        text.append(tokenizer.decode([int(tokens[position]) for position in run]), LOCKED_STYLE if is_locked else "")
    return text


def report(chain: Generate, sampler: str, finished: Finished) -> str:
    """One line: what was run and what it took."""
    line = (
        f"{counted(chain.samples, 'sample')}, {counted(chain.steps, 'step')}, {sampler}, "
        f"seed {chain.seed}: {finished.seconds:.2f} seconds, {counted(finished.calls, 'network call')}"
    )
    if any(finished.log_weights):
        known = ", ".join(f"{weight:z.2f}" for weight in finished.log_weights if not math.isnan(weight))
        line += f"; log weights {known}" if known else "; log weights are not known with this sampler"
        if -math.inf in finished.log_weights:
            line += " (-inf: at this temperature and top-p no such text is drawn unasked)"
    return line
