"""The commands that draw, score and measure, and their options. What they do is imported when one is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from engine.cli.application import app
from engine.cli.machine import Machine
from engine.cli.options import (
    Ban,
    Device,
    FirstSample,
    Json,
    Locking,
    Model,
    Only,
    Option,
    Pattern,
    Precision,
    Sampler,
    Samples,
    Seed,
    Spacing,
    Steps,
    Temperature,
    Threads,
    TopP,
)
from engine.cli.output import Output
from engine.protocol import UserError


@app.command()
def info(
    folder: Annotated[Path | None, typer.Argument(metavar="MODEL", show_default=False)] = None,
    model: Model = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Show what is known about a model."""
    from engine.cli.generate import show_info

    show_info(Machine(folder or model, device, precision, threads), Output(json))


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="A model on the Hugging Face hub, like louaaron/sedd-small.")],
    json: Json = False,
) -> None:
    """Download a model from the Hugging Face hub."""
    from engine.cli.fetch import fetch_model

    fetch_model(name, Output(json))


@app.command()
def sample(
    length: Annotated[
        int | None, typer.Option("--length", help="Tokens. Default: as long as the model allows.")
    ] = None,
    steps: Steps = 64,
    sampler: Sampler = "auto",
    samples: Samples = 1,
    first_sample: FirstSample = 0,
    option: Option = [],  # noqa: B006 - typer copies it
    spacing: Spacing = "time",
    temperature: Temperature = 1.0,
    top_p: TopP = 1.0,
    ban: Ban = [],  # noqa: B006
    pattern: Pattern = "",
    locking: Locking = "auto",
    model: Model = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Write new texts from nothing."""
    from engine.cli.generate import Chain, generate

    machine = Machine(model, device, precision, threads)
    chain = Chain(
        steps,
        sampler,
        seed,
        samples,
        tuple(option),
        spacing,
        temperature,
        top_p,
        tuple(ban),
        pattern,
        locking,
        first_sample,
    )
    generate(machine, chain, Output(json), length=length)


@app.command()
def samplers(json: Json = False) -> None:
    """List the samplers: for which noise, at what cost, how exact, with which options."""
    from engine.cli.tables import show_samplers

    show_samplers(Output(json))


@app.command()
def verify(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer steps: seconds instead of minutes.")] = False,
    json: Json = False,
) -> None:
    """Compare every sampler with the truth on a world that is known exactly."""
    from engine.cli.verify import verify_samplers

    verify_samplers(quick, Output(json))


@app.command()
def infill(
    text: Annotated[
        str | None, typer.Option("--text", help="Text to keep; [24] is a gap of 24 tokens, ___ one of 12.")
    ] = None,
    tokens: Annotated[str | None, typer.Option("--tokens", help="Or token ids and gaps: 17 254 [24] 9.")] = None,
    steps: Steps = 64,
    sampler: Sampler = "auto",
    samples: Samples = 1,
    first_sample: FirstSample = 0,
    option: Option = [],  # noqa: B006 - typer copies it
    spacing: Spacing = "time",
    temperature: Temperature = 1.0,
    top_p: TopP = 1.0,
    ban: Ban = [],  # noqa: B006
    only: Only = [],  # noqa: B006
    pattern: Pattern = "",
    locking: Locking = "auto",
    model: Model = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Fill the gaps in a text; every word outside a gap stays."""
    from engine.cli.generate import Chain, generate

    if (text is None) == (tokens is None):
        raise UserError("Say what to keep by --text or by --tokens, and not by both.")
    machine = Machine(model, device, precision, threads)
    chain = Chain(
        steps,
        sampler,
        seed,
        samples,
        tuple(option),
        spacing,
        temperature,
        top_p,
        tuple(ban),
        pattern,
        locking,
        first_sample,
        tuple(only),
    )
    generate(machine, chain, Output(json), prompt=text, ids=tokens)


@app.command()
def score(
    file: Annotated[Path | None, typer.Argument(help="Text; a line <|endoftext|> parts documents.")] = None,
    text: Annotated[
        str | None, typer.Option("--text", help="A text; only \\[\\[parts]] in it are scored, if any.")
    ] = None,
    per: Annotated[Literal["block", "text"], typer.Option("--per", help="Documents joined, or each alone.")] = "block",
    draws: Annotated[int, typer.Option("--draws", help="Network evaluations for each block of text.")] = 4,
    estimator: Annotated[str, typer.Option("--estimator", help="How the draws are spread; auto is the best.")] = "auto",
    goal: Annotated[float | None, typer.Option("--goal", help="Stop at this half width of the 95 % interval.")] = None,
    max_calls: Annotated[int | None, typer.Option("--max-calls", help="Network calls at most.")] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Bound a sampler of so many steps instead.")] = None,
    orders: Annotated[int, typer.Option("--orders", help="Tighten the bound by so many orders of a text.")] = 1,
    tokens: Annotated[bool, typer.Option("--tokens", help="Show how much each token adds.")] = False,
    model: Model = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Bound the negative log-likelihood of a text from above, with its interval."""
    from engine.cli.score import Scoring, Source, score_text

    machine = Machine(model, device, precision, threads)
    scoring = Scoring(draws, seed, estimator, goal, max_calls, steps, per, tokens, orders)
    score_text(machine, Source(file, text), scoring, Output(json))


Judge = Annotated[Path | None, typer.Option("--judge", help="Folder of a causal model. Default: the bundled one.")]
Reference = Annotated[Path | None, typer.Option("--reference", help="Real data to measure beside it.")]
Chunk = Annotated[int, typer.Option("--chunk", min=1, help="Samples that are drawn at once.")]
Prompt = Annotated[str | None, typer.Option("--text", help="A prompt with gaps. Default: everything is free.")]


@app.command()
def compare(
    steps: Annotated[str, typer.Option("--steps", help="Step budgets with commas between them.")] = "4,16,64",
    samples: Samples = 16,
    text: Prompt = None,
    length: Annotated[int | None, typer.Option("--length", help="Tokens. Default: as many as fit.")] = None,
    sampler: Sampler = "auto",
    option: Option = [],  # noqa: B006
    spacing: Spacing = "time",
    temperature: Temperature = 1.0,
    top_p: TopP = 1.0,
    locking: Locking = "auto",
    judge: Judge = None,
    reference: Reference = None,
    chunk: Chunk = 16,
    model: Model = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Lay step budgets beside each other: seconds, calls, generative perplexity, entropy."""
    from engine.cli.evaluate import Subject
    from engine.cli.evaluate import compare as compare_budgets
    from engine.cli.generate import Chain

    chain = Chain(1, sampler, seed, samples, tuple(option), spacing, temperature, top_p, locking=locking)
    subject = Subject(text, length, chunk, judge, reference)
    compare_budgets(Machine(model, device, precision, threads), chain, steps, subject, Output(json))


@app.command()
def evaluate(
    steps: Steps = 64,
    samples: Samples = 256,
    text: Prompt = None,
    length: Annotated[int | None, typer.Option("--length", help="Tokens. Default: as many as fit.")] = None,
    sampler: Sampler = "auto",
    option: Option = [],  # noqa: B006
    spacing: Spacing = "time",
    temperature: Temperature = 1.0,
    top_p: TopP = 1.0,
    pattern: Pattern = "",
    locking: Locking = "auto",
    judge: Judge = None,
    reference: Reference = None,
    mauve: Annotated[bool, typer.Option("--mauve", help="Also MAUVE; needs mauve-text.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="File for the samples, JSON lines.")] = None,
    chunk: Chunk = 16,
    model: Model = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Draw and measure many samples; by `accelerate launch -m engine.cli evaluate` in several processes."""
    from engine.cli.evaluate import Subject
    from engine.cli.evaluate import evaluate as evaluate_samples
    from engine.cli.generate import Chain

    numbers = tuple(option)
    chain = Chain(steps, sampler, seed, samples, numbers, spacing, temperature, top_p, pattern=pattern, locking=locking)
    subject = Subject(text, length, chunk, judge, reference, mauve)
    evaluate_samples(Machine(model, device, precision, threads), chain, subject, out, Output(json))


@app.command()
def baseline(
    file: Annotated[Path | None, typer.Argument(help="A text file whose exact likelihood is wanted.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="A text whose exact likelihood is wanted.")] = None,
    samples: Annotated[int, typer.Option("--samples", help="How many texts to draw and measure.")] = 0,
    temperature: Temperature = 1.0,
    model: Annotated[Path | None, typer.Option("--model", help="Causal model. Default: the bundled one.")] = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Score a text by an autoregressive model, exactly, and measure its own samples."""
    from engine.cli.baseline import baseline as compare_with

    compare_with(Machine(model, device, precision, threads), file, text, samples, seed, Output(json), temperature)


@app.command()
def infilling(
    file: Annotated[Path, typer.Argument(help="A text file; the middles of its blocks are filled.")],
    gap: Annotated[float, typer.Option("--gap", help="Share of a block that is free.")] = 0.5,
    samples: Annotated[int, typer.Option("--samples", help="How many blocks to take.")] = 64,
    steps: Steps = 64,
    sampler: Sampler = "auto",
    locking: Locking = "auto",
    judge: Judge = None,
    model: Model = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Measure how well middles are filled, beside a completion that cannot see the right side."""
    from engine.cli.baseline import infilling as measure_infilling
    from engine.cli.generate import Chain

    chain = Chain(steps, sampler, seed, samples, locking=locking)
    measure_infilling(Machine(model, device, precision, threads), chain, file, gap, judge, Output(json))
