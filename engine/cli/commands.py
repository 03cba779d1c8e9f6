"""The commands and their options. What they do stands in the modules beside this one, imported when called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

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
from engine.cli.output import EngineFailed, Output, print_error
from engine.messages import UserError

USER_ERROR = 2
ENGINE_ERROR = 1
INTERRUPTED = 130


class Commands(TyperGroup):
    """Turns what a command raises into one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was asked for."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            print_error(error)
            raise typer.Exit(USER_ERROR) from None
        except EngineFailed as error:
            print_error(error)
            raise typer.Exit(ENGINE_ERROR) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=Commands,
    name="sedd",
    help="Score entropy discrete diffusion: sample, infill, score and train.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


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
    scoring = Scoring(draws, seed, estimator, goal, max_calls, steps, per, tokens)
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
    model: Annotated[Path | None, typer.Option("--model", help="Causal model. Default: the bundled one.")] = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Score a text by an autoregressive model, exactly, and measure its own samples."""
    from engine.cli.baseline import baseline as compare_with

    compare_with(Machine(model, device, precision, threads), file, text, samples, seed, Output(json))


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


@app.command()
def train(
    data: Annotated[list[Path], typer.Argument(help="Text files, or folders with *.txt files.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the model. A run that stopped here goes on.")],
    valid: Annotated[Path | None, typer.Option("--valid", help="Validation text. Default: a part of DATA.")] = None,
    tokenizer: Annotated[Path | None, typer.Option("--tokenizer", help="Folder whose tokenizer is taken.")] = None,
    domain: Annotated[str, typer.Option("--domain", help="text, molecules, digits or promoters.")] = "text",
    kind: Annotated[Literal["diffusion", "gpt"], typer.Option("--kind", help="gpt: the baseline.")] = "diffusion",
    steps: Annotated[int, typer.Option("--steps", help="Optimiser steps.")] = 10_000,
    batch: Annotated[int, typer.Option("--batch", help="Blocks of text in a step.")] = 32,
    learning_rate: Annotated[float, typer.Option("--learning-rate", help="At its peak.")] = 2e-3,
    optimizer: Annotated[Literal["adamw", "muon"], typer.Option("--optimizer", help="For hidden matrices.")] = "muon",
    noise: Annotated[Literal["absorb", "uniform"], typer.Option("--noise", help="How text is destroyed.")] = "absorb",
    parametrisation: Annotated[
        Literal["auto", "log_score", "posterior", "leave_one_out"],
        typer.Option("--parametrisation", help="What the network gives; log_score is the published form."),
    ] = "auto",
    objective: Annotated[
        Literal["auto", "dse", "ce", "ise"],
        typer.Option("--objective", help="Score entropy (dse, ise) or, where it can be, cross entropy (ce)."),
    ] = "auto",
    weighting: Annotated[
        Literal["flat", "bound", "annealed"], typer.Option("--weighting", help="Of the noise levels.")
    ] = "flat",
    times: Annotated[
        Literal["systematic", "iid"], typer.Option("--times", help="How a batch spreads them.")
    ] = "systematic",
    locks: Annotated[float, typer.Option("--locks", help="Uniform noise: share of texts with given tokens.")] = 0.5,
    vocabulary: Annotated[int, typer.Option("--vocabulary", help="Tokens of the new tokenizer.")] = 4096,
    length: Annotated[int | None, typer.Option("--length", help="Tokens in a block. Default: the domain's.")] = None,
    hidden: Annotated[int, typer.Option("--hidden", help="Width of the network.")] = 320,
    blocks: Annotated[int, typer.Option("--blocks", help="Blocks of the network.")] = 8,
    heads: Annotated[int, typer.Option("--heads", help="Attention heads in a block.")] = 5,
    decay: Annotated[float, typer.Option("--decay", help="Share of the steps in which the rate falls.")] = 0.5,
    weight_decay: Annotated[float, typer.Option("--weight-decay", help="Pull of the weights towards 0.")] = 0.01,
    compiled: Annotated[bool, typer.Option("--compile", help="Compile the network's blocks first.")] = False,
    dropout: Annotated[float, typer.Option("--dropout", help="Share of units left out; for many passes.")] = 0.0,
    save_every: Annotated[float, typer.Option("--save-every", help="Seconds between saves.")] = 60.0,
    model: Annotated[Path | None, typer.Option("--model", help="Model to start from. Default: a fresh one.")] = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Train a model on your own text."""
    from engine.cli.train import Plan, Sizes, train_model
    from engine.domains import domain_named
    from engine.learners import Recipe
    from engine.training import TrainingConfig

    longest = domain_named(domain).length if length is None else length
    sizes = Sizes(domain, kind, noise, parametrisation, vocabulary, longest, hidden, blocks, heads, dropout)
    training = TrainingConfig(
        steps,
        batch,
        learning_rate,
        decay=decay,
        weight_decay=weight_decay,
        optimizer=optimizer,
        seed=seed,
        compile=compiled,
        save_seconds=save_every,
    )
    plan = Plan(data, valid, out, sizes, Recipe(objective, weighting, times, locks), training, tokenizer)
    train_model(Machine(model, device, precision, threads), plan, Output(json))


@app.command()
def reproduce(
    name: Annotated[str, typer.Argument(help="A bundled model, like stories-absorb.")],
    data: Annotated[Path, typer.Argument(help="A folder that holds the model's data files, at any depth.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the model. A run that stopped here goes on.")],
    compiled: Annotated[bool, typer.Option("--compile", help="Compile the network's blocks first.")] = False,
    device: Device = "auto",
    precision: Precision = "auto",
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Train a bundled model again, as it was trained."""
    from engine.cli.bundled import reproduce as train_again

    train_again(name, data, out, compiled, Machine(None, device, precision, threads), Output(json))
