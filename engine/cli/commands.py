"""The commands that draw, score and measure, and their options. What they do is imported when one is called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from engine.cli.machine import Machine
from engine.cli.options import Seed, command
from engine.cli.output import Output
from engine.protocol import Generate, UserError
from engine.protocol.options import OPTIONS


@command()
def info(
    machine: Machine,
    output: Output,
    folder: Annotated[Path | None, typer.Argument(metavar="MODEL", show_default=False)] = None,
    seed: Seed = 0,
) -> None:
    """Show what is known about a model."""
    from engine.cli.generate import show_info

    show_info(replace(machine, model=folder or machine.model), output)


@command()
def fetch(
    output: Output,
    name: Annotated[str, typer.Argument(help="A model on the Hugging Face hub, like louaaron/sedd-small.")],
) -> None:
    """Download a model from the Hugging Face hub."""
    from engine.cli.fetch import fetch_model

    fetch_model(name, output)


@command(*(name for name in OPTIONS if name != "limits"))
def sample(
    chain: Generate,
    machine: Machine,
    output: Output,
    length: Annotated[
        int | None, typer.Option("--length", help="Tokens. Default: as long as the model allows.")
    ] = None,
) -> None:
    """Write new texts from nothing."""
    from engine.cli.generate import generate

    generate(machine, chain, output, length=length)


@command()
def samplers(output: Output) -> None:
    """List the samplers: for which noise, at what cost, how exact, with which options."""
    from engine.cli.tables import show_samplers

    show_samplers(output)


@command()
def verify(
    output: Output,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer steps: seconds instead of minutes.")] = False,
) -> None:
    """Compare every sampler with the truth on a world that is known exactly."""
    from engine.cli.verify import verify_samplers

    verify_samplers(quick, output)


@command(*OPTIONS)
def infill(
    chain: Generate,
    machine: Machine,
    output: Output,
    text: Annotated[
        str | None, typer.Option("--text", help="Text to keep; [24] is a gap of 24 tokens, ___ one of 12.")
    ] = None,
    tokens: Annotated[str | None, typer.Option("--tokens", help="Or token ids and gaps: 17 254 [24] 9.")] = None,
) -> None:
    """Fill the gaps in a text; every word outside a gap stays."""
    from engine.cli.generate import generate

    if (text is None) == (tokens is None):
        raise UserError("Say what to keep by --text or by --tokens, and not by both.")
    generate(machine, chain, output, prompt=text, ids=tokens)


@command()
def score(
    machine: Machine,
    output: Output,
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
    seed: Seed = 0,
) -> None:
    """Bound the negative log-likelihood of a text from above, with its interval."""
    from engine.cli.score import Scoring, Source, score_text

    scoring = Scoring(draws, seed, estimator, goal, max_calls, steps, per, tokens, orders)
    score_text(machine, Source(file, text), scoring, output)


Judge = Annotated[Path | None, typer.Option("--judge", help="Folder of a causal model. Default: the bundled one.")]
Reference = Annotated[Path | None, typer.Option("--reference", help="Real data to measure beside it.")]
Chunk = Annotated[int, typer.Option("--chunk", min=1, help="Samples that are drawn at once.")]
Prompt = Annotated[str | None, typer.Option("--text", help="A prompt with gaps. Default: everything is free.")]


Length = Annotated[int | None, typer.Option("--length", help="Tokens. Default: as many as fit.")]
SHAPED = ("samples", "sampler", "options", "spacing", "temperature", "top_p", "locking", "seed")
"""The options with which many samples are drawn to be measured."""


@command(*SHAPED, samples=16)
def compare(
    chain: Generate,
    machine: Machine,
    output: Output,
    steps: Annotated[str, typer.Option("--steps", help="Step budgets with commas between them.")] = "4,16,64",
    text: Prompt = None,
    length: Length = None,
    judge: Judge = None,
    reference: Reference = None,
    chunk: Chunk = 16,
) -> None:
    """Lay step budgets beside each other: seconds, calls, generative perplexity, entropy."""
    from engine.cli.evaluate import Subject
    from engine.cli.evaluate import compare as compare_budgets

    compare_budgets(machine, chain, steps, Subject(text, length, chunk, judge, reference), output)


@command("steps", *SHAPED, "pattern", samples=256)
def evaluate(
    chain: Generate,
    machine: Machine,
    output: Output,
    text: Prompt = None,
    length: Length = None,
    judge: Judge = None,
    reference: Reference = None,
    mauve: Annotated[bool, typer.Option("--mauve", help="Also MAUVE; needs mauve-text.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="File for the samples, JSON lines.")] = None,
    chunk: Chunk = 16,
) -> None:
    """Draw and measure many samples; by `accelerate launch -m engine.cli evaluate` in several processes."""
    from engine.cli.evaluate import Subject
    from engine.cli.evaluate import evaluate as evaluate_samples

    evaluate_samples(machine, chain, Subject(text, length, chunk, judge, reference, mauve), out, output)


@command("temperature", "seed", model="Causal model. Default: the bundled one.")
def baseline(
    chain: Generate,
    machine: Machine,
    output: Output,
    file: Annotated[Path | None, typer.Argument(help="A text file whose exact likelihood is wanted.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="A text whose exact likelihood is wanted.")] = None,
    samples: Annotated[int, typer.Option("--samples", help="How many texts to draw and measure.")] = 0,
) -> None:
    """Score a text by an autoregressive model, exactly, and measure its own samples."""
    from engine.cli.baseline import baseline as compare_with

    compare_with(machine, file, text, samples, chain.seed, output, chain.temperature)


@command("steps", "sampler", "locking", "seed")
def infilling(
    chain: Generate,
    machine: Machine,
    output: Output,
    file: Annotated[Path, typer.Argument(help="A text file; the middles of its blocks are filled.")],
    gap: Annotated[float, typer.Option("--gap", help="Share of a block that is free.")] = 0.5,
    samples: Annotated[int, typer.Option("--samples", help="How many blocks to take.")] = 64,
    judge: Judge = None,
) -> None:
    """Measure how well middles are filled, beside a completion that cannot see the right side."""
    from engine.cli.baseline import infilling as measure_infilling

    measure_infilling(machine, replace(chain, samples=samples), file, gap, judge, output)
